"""One connection to an exchange for all in this process who watch the same, in its own thread."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, cast

from cqs_core import CqsError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from cqs_core import ExchangeBusy

    _T = TypeVar("_T", bound="Upstream[Any]")

_running: dict[Hashable, Upstream[Any]] = {}
_lock = threading.Lock()


@dataclass(frozen=True)
class Snapshot:
    """What an upstream is doing, and what has come.

    Attributes:
        state: `connecting` at first; `refused` is final until a viewer joins again.
        said: why it reconnects or was refused, in one line.
    """

    state: Literal["connecting", "live", "reconnecting", "refused"] = "connecting"
    said: str = ""


_S = TypeVar("_S", bound=Snapshot)


class Upstream(Generic[_S]):
    """Made by `join_shared`, ended when the last one calls `leave`.

    Attributes:
        key: what it follows.
        watchers: how many joined it.
    """

    def __init__(self, key: Hashable, name: str, empty: _S) -> None:
        self.key, self.watchers = key, 0
        self._last = empty
        self._failure: Exception | None = None
        self._over = False
        self._task: tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]] | None = None
        # A daemon: nothing of it is worth a process that does not end.
        self._thread = threading.Thread(target=self._run, name=f"live {name}", daemon=True)

    @property
    def last(self) -> _S:
        """The current snapshot, from any thread.

        Raises:
            Exception: whatever ended the upstream that no exchange is to blame for.
        """
        if self._failure is not None:
            raise self._failure
        return self._last

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Tell it to end; it does so soon."""
        self._over = True
        if self._task is not None:
            loop, task = self._task
            with contextlib.suppress(RuntimeError):  # it has ended by itself
                loop.call_soon_threadsafe(task.cancel)

    def leave(self) -> None:
        """Watch it no longer; call it once for each `join`."""
        with _lock:
            self.watchers -= 1
            if self.watchers:
                return
            if _running.get(self.key) is self:
                del _running[self.key]
        self.stop()

    async def follow(self) -> None:
        """Take what comes, until it is cancelled."""
        raise NotImplementedError

    def wait(self, busy: ExchangeBusy) -> None:
        """Say why it connects again; `follow` calls it."""
        self._say("reconnecting", busy)

    def _say(self, state: Literal["reconnecting", "refused"], error: Exception) -> None:
        self._last = replace(self._last, state=state, said=" ".join(str(error).split()))

    def _run(self) -> None:
        try:
            with contextlib.suppress(asyncio.CancelledError):
                asyncio.run(self._followed())
        except CqsError as error:
            self._say("refused", error)
        except Exception as error:  # noqa: BLE001 - raised again in the viewers' threads
            self._failure = error

    async def _followed(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = asyncio.get_running_loop(), task
        if not self._over:
            await self.follow()


def join_shared(key: Hashable, make: Callable[[], _T]) -> _T:
    """The upstream of this key, made and started for the first who watches; one that has ended starts again."""
    with _lock:
        known = _running.get(key)
        found = cast("_T", known) if known is not None and known.running else make()
        if found is not known:
            _running[key] = found
            found.start()
        found.watchers += 1
        return found
