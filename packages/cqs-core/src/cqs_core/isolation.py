"""Calls third-party code: plugins and strategy files. Whatever it does is a failure of that code only.

`foreign` runs a block of it, `limited` one call that has to come back. In both, what it prints is not the command's
output (see `cqs_core.cli.output`), and an exception that would end the process becomes an ordinary error.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import math
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any, TypeVar, cast

from cqs_core.errors import CqsError

if TYPE_CHECKING:
    from types import FrameType

_T = TypeVar("_T")
_INSIDE = contextvars.ContextVar("cqs_foreign", default=False)
_WATCHED = contextvars.ContextVar("cqs_watched", default=False)
_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
_LONGEST = 600  # characters of a message from foreign code


class Escaped(Exception):  # noqa: N818 - reads as what it is
    """A SystemExit, a KeyboardInterrupt that the user did not type, or another BaseException of foreign code."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(_described(error))


class TimedOut(Exception):  # noqa: N818 - reads as what it is
    """A call that did not come back in time; its thread was left behind."""


def inside() -> bool:
    """Whether foreign code is being called, here or further up the stack."""
    return _INSIDE.get()


def watched() -> bool:
    """Whether this is a thread that `limited` waits for."""
    return _WATCHED.get()


def fact_of(error: BaseException) -> str:
    """The error in one safe line: the message of our own errors, else type and message."""
    from cqs_core.files.plaintext import one_line

    try:
        text = str(error) if isinstance(error, CqsError | Escaped | TimedOut) else _described(error)
    except BaseException:  # noqa: BLE001 - a message is code of its author too
        text = f"{type(error).__name__} with a message that cannot be read"
    return one_line(text, _LONGEST)


def _described(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


@contextlib.contextmanager
def foreign() -> Iterator[None]:
    """Run a block of foreign code.

    Raises:
        Escaped: it raised something that is not an Exception, such as SystemExit.
        KeyboardInterrupt: the user pressed Ctrl-C, or SIGTERM came, even if the code caught that.
    """
    token = _INSIDE.set(True)
    try:
        with _signals() as raised:
            try:
                yield
            except BaseException as error:
                if raised:
                    raise raised[0] from None
                if isinstance(error, Exception) or _cancelled(error):
                    raise
                raise Escaped(error) from error
            if raised:
                raise raised[0]
    finally:
        _INSIDE.reset(token)


@contextlib.contextmanager
def _signals() -> Iterator[list[BaseException]]:
    """Exceptions that signal handlers raised during the block; handlers set by the block are removed again."""
    raised: list[BaseException] = []
    if threading.current_thread() is not threading.main_thread():
        yield raised
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number, handler in before.items():
        if callable(handler):
            signal.signal(number, _noting(handler, raised))
    try:
        yield raised
    finally:
        for number, handler in before.items():
            if handler is not None:  # None: set by C code, which Python cannot restore
                signal.signal(number, handler)


def _noting(handler: Callable[[int, FrameType | None], Any], raised: list[BaseException]) -> Callable[..., None]:
    def heard(number: int, frame: FrameType | None) -> None:
        try:
            handler(number, frame)
        except BaseException as error:
            raised.append(error)
            raise

    return heard


def _cancelled(error: BaseException) -> bool:
    """Whether asyncio ends the task in which this is; a CancelledError that the code made up itself is its failure."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None or not isinstance(error, asyncio.CancelledError):
        return False
    with contextlib.suppress(RuntimeError):  # no loop here
        task = asyncio.current_task()
        return task is not None and task.cancelling() > 0
    return False


def limited(
    call: Callable[[], _T], limit: float, slow: float = math.inf, on_slow: Callable[[], None] = lambda: None
) -> _T:
    """Run foreign code in its own thread and return its result.

    Args:
        call: the code.
        limit: seconds after which it is given up.
        slow: seconds after which `on_slow` is called while it runs.
        on_slow: called once if it takes long.

    Raises:
        TimedOut: it did not come back.
        Escaped: it raised something that is not an Exception.
    """
    results: list[_T] = []
    errors: list[BaseException] = []
    thread = _started(call, results, errors)
    thread.join(min(slow, limit))
    if thread.is_alive() and limit > slow:
        on_slow()
        thread.join(limit - slow)
    if thread.is_alive():
        _end(thread)
        raise TimedOut(f"did not return within {limit:g} s")
    if errors:
        raise errors[0]
    return results[0]


def _started(call: Callable[[], _T], results: list[_T], errors: list[BaseException]) -> threading.Thread:
    """A thread that puts the result or the error of foreign code into a list; the lists outlive it."""

    def run() -> None:
        _WATCHED.set(True)
        try:
            with foreign():
                results.append(call())
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            errors.append(error)

    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(run,), name="cqs-plugin", daemon=True)
    thread.start()
    return thread


def _end(thread: threading.Thread) -> None:
    """Ask a thread that is left behind to end at its next line of Python, so that it takes no more time."""
    import ctypes

    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(SystemExit))


async def answered(
    pending: Awaitable[_T], guard: Callable[[], contextlib.AbstractContextManager[None]] = foreign
) -> _T:
    """Await foreign code.

    Args:
        pending: to await.
        guard: in which each of its steps runs.

    Raises:
        Escaped: it raised something that is not an Exception; cancellation by asyncio still works.
    """
    return await _Steps(pending, guard)


@contextlib.contextmanager
def absent(package: str) -> Iterator[None]:
    """What is imported or called in the block finds that this package is not installed, unless it is imported already.

    For libraries that load another one which they can do without. Other threads find it.
    """
    finder = _Absent(package, threading.get_ident())
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Absent:
    def __init__(self, package: str, thread: int) -> None:
        self._package, self._thread = package, thread

    def find_spec(self, name: str, *_: Any) -> None:
        """Called by importlib."""
        if name == self._package and threading.get_ident() == self._thread:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


class _Steps(Awaitable[_T]):
    """An awaitable, step by step."""

    def __init__(self, pending: Awaitable[_T], guard: Callable[[], contextlib.AbstractContextManager[None]]) -> None:
        self._pending, self._guard = pending, guard

    def __await__(self) -> Generator[Any, Any, _T]:
        with self._guard():
            steps = self._pending.__await__()
        step = functools.partial(_send, steps, None)
        while True:
            try:
                with self._guard():
                    waits_for = step()
            except StopIteration as done:
                return cast("_T", done.value)
            try:
                value = yield waits_for
                step = functools.partial(_send, steps, value)
            except GeneratorExit:
                if hasattr(steps, "close"):
                    steps.close()
                raise
            except BaseException as error:
                if not hasattr(steps, "throw"):
                    raise
                step = functools.partial(steps.throw, error)


def _send(steps: Any, value: Any) -> Any:
    return steps.send(value) if hasattr(steps, "send") else next(steps)
