"""Runs coroutines from plain functions and from other event loops."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

_T = TypeVar("_T")


def run_async(work: Coroutine[Any, Any, _T]) -> _T:
    """The result of a coroutine, also where a loop runs already (notebooks, dashboards): then in a thread.

    An interrupt ends the work as well, and comes out when nothing of it runs any more.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    running = _Apart(work)
    try:
        return running.done.result()
    except KeyboardInterrupt:
        running.cancel()
        raise


async def run_apart(work: Coroutine[Any, Any, _T]) -> _T:
    """The same to await: the work has its own loop in a thread, so it never blocks this one."""
    running = _Apart(work)
    try:
        return await asyncio.wrap_future(running.done)
    except asyncio.CancelledError:
        await asyncio.to_thread(running.cancel)
        raise


class _Apart(Generic[_T]):
    """A coroutine on its own loop, in a thread."""

    def __init__(self, work: Coroutine[Any, Any, _T]) -> None:
        self.done: Future[_T] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None
        self._started = threading.Event()
        here = contextvars.copy_context()
        self._thread = threading.Thread(target=here.run, args=(self._run, work), name="cqs-work", daemon=True)
        self._thread.start()

    def cancel(self) -> None:
        """End the work, and wait until it ended."""
        self._started.wait()
        if self._loop and self._task:
            with contextlib.suppress(RuntimeError):  # the loop is closed: it ended by itself
                self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join()

    def _run(self, work: Coroutine[Any, Any, _T]) -> None:
        try:
            result = asyncio.run(self._work(work))
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            self._settle(error=error)
        else:
            self._settle(result)

    async def _work(self, work: Coroutine[Any, Any, _T]) -> _T:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        self._started.set()
        return await work

    def _settle(self, result: Any = None, error: BaseException | None = None) -> None:
        self._started.set()
        if not self.done.set_running_or_notify_cancel():
            return  # no caller waits any more
        if error is None:
            self.done.set_result(result)
        else:
            self.done.set_exception(error)
