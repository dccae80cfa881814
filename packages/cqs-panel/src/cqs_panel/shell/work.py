"""Work in threads and on timers, for one frame, in one session."""

from __future__ import annotations

import asyncio
import inspect
import math
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import panel as pn

from cqs_core.isolation import TimedOut, foreign
from cqs_panel import patience
from cqs_panel.drawing import unread, when_drawn
from cqs_panel.login.session import acting, current_login
from cqs_panel.patience import awaited, patient
from cqs_panel.shell.outbox import keep_order

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from bokeh.document import Document

    from cqs_panel.shell.page_frame import PageFrame

_AFTER, _LONGEST = 6, 600.0  # times the patience, and seconds, until an update that hung is tried again
_POOL = ThreadPoolExecutor(8, thread_name_prefix="cqs-page")


class Work:
    """The running work of one frame. All callbacks hold the session's lock; the work itself does not."""

    def __init__(self, frame: PageFrame, document: Document | None) -> None:
        self.frame, self._document = frame, document
        self._running: set[Callable[..., Any]] = set()
        self._waiting: dict[Callable[..., Any], tuple[Callable[[], Any], bool]] = {}
        self._ending: list[Callable[[], Any]] = []

    def load(self, work: Callable[[], Any], show: Callable[[Any], Any], *, quiet: bool) -> None:
        """Start `work` in a thread. While one for the same `show` runs, only the newest request waits."""
        if show in self._running:
            self._waiting[show] = work, quiet
            return
        self._running.add(show)
        if not quiet:
            self.frame.busy(+1)
        future = _POOL.submit(for_login, current_login(), work)
        loop = _running_loop()
        late = loop.call_later(patience.SECONDS, self._late, future, show) if loop else None

        def done(_: Future[Any]) -> None:
            if late is not None:
                late.cancel()
            self._soon(lambda: self._finish(future, show, quiet))

        when_done(future, done)

    def _late(self, future: Future[Any], show: Callable[[Any], Any]) -> None:
        """Say that it hangs, and let others have a thread in its place."""
        if future.done():
            return
        _one_more(future)
        late = TimedOut(f"it has been loading for {patience.SECONDS:g} s; it appears when it is ready")

        def tell() -> None:
            if not future.done():
                self.frame.late(_key(show), late)

        self._soon(tell)

    def every(self, seconds: float, update: Callable[[], Awaitable[None] | None]) -> None:
        """Call `update` now, even where the view is built before it is shown, and again and again while it is shown."""
        again = pause = 0.0

        async def guarded() -> None:
            nonlocal again, pause
            if time.monotonic() < again:
                return
            try:
                with patient():
                    pending = update()
                if inspect.isawaitable(pending):
                    await awaited(pending)
            except TimedOut as error:  # each try may stop the loop, and all windows with it
                pause = min(2 * pause or _AFTER * patience.SECONDS, _LONGEST)
                again = time.monotonic() + pause
                self.frame.fail("update", TimedOut(f"{error}; the next try is in {pause:.0f} s"))
            except Exception as error:  # noqa: BLE001 - an update may fail in any way; the others live on
                self.frame.fail("update", error)
            else:
                pause = 0.0
                self.frame.recover("update")

        timer = Timer(self._document, guarded, int(seconds * 1000), drawn=self.frame.tried)
        self.frame.page.param.watch(lambda event: timer.run(bool(event.new)), "shown")
        if self.frame.page.shown:
            timer.run(True)
        else:
            timer.once()

    def call(self, part: Callable[[], Any]) -> None:
        """Call what may fail in any way."""
        with at_once(self._document):
            try:
                with patient():
                    part()
            except Exception as error:  # noqa: BLE001 - a part may fail in any way; the others live on
                self.frame.fail("later", error)

    def at_end(self, call: Callable[[], Any]) -> None:
        """Call when the session ends."""
        self._ending.append(call)

    def stop(self) -> None:
        """End with the session, which takes its timers along."""
        self._document = None
        self._waiting.clear()
        for call in self._ending:
            try:
                _guarded(call)
            except Exception as error:  # noqa: BLE001 - a callback may fail in any way; the others still run
                self.frame.fail("end", error)

    def _finish(self, done: Future[Any], show: Callable[[Any], Any], quiet: bool) -> None:
        self._running.discard(show)
        with at_once(self._document):
            if not quiet:
                self.frame.busy(-1)
            try:
                with patient():
                    show(done.result())
            except Exception as error:  # noqa: BLE001 - work may fail in any way; the others live on
                self.frame.fail("loading", error, _key(show))
            else:
                self.frame.arrived(_key(show))
        if (newest := self._waiting.pop(show, None)) is not None:
            self.load(newest[0], show, quiet=newest[1])

    def _soon(self, call: Callable[[], Any]) -> None:
        """Views of other packages are drawn after the page: as a part of it they could blank it."""
        if self._document is not None:
            soon(self._document, call, drawn=self.frame is not None and self.frame.tried)


@contextmanager
def at_once(document: Document | None) -> Iterator[None]:
    """Send all changes of the block as one message, so that Bokeh walks through the page once.

    Nothing may raise through it: Bokeh would never walk through this page again.
    """
    if document is None or not pn.state.loaded:
        yield
        return
    with pn.io.hold(document), document.models.freeze():  # not `hold(freeze=True)`: that sends what is not attached yet
        yield


def _key(show: Callable[..., Any]) -> object:
    """The key of a load in its frame: a method of an object, or a function's code, even if it is created anew."""
    code = getattr(getattr(show, "__func__", show), "__code__", show)
    return code, id(getattr(show, "__self__", None))


def _guarded(call: Callable[[], Any]) -> Any:
    """The result; what would end the server is an error of the view."""
    with foreign():
        return call()


def for_login(key: str | None, work: Callable[[], Any]) -> Any:
    """The result, in a thread of the pool: what it may change is what the user of its session may."""
    with acting(key):
        return _guarded(work)


def _one_more(late: Future[Any]) -> None:
    """Let the pool have one more thread until this is done: eight that hang would stop the loading of all pages."""
    _POOL._max_workers += 1  # noqa: SLF001 - it has no other way to grow
    _POOL.submit(int)  # starts it, if something waits
    late.add_done_callback(_one_less)


def _one_less(_: Future[Any]) -> None:
    _POOL._max_workers -= 1  # noqa: SLF001 - as above


def when_done(future: Future[Any], call: Callable[[Future[Any]], Any]) -> None:
    """Call on this loop when the work of a thread is done.

    A thread must not touch a document, even to add a callback: what it adds while the loop ends a hold is lost in Bokeh
    (`unhold` copies the list of held events, and then empties it). The page would load for good.
    """
    loop = _running_loop()

    def done(_: Future[Any]) -> None:
        if loop is None:
            call(future)
            return
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(call, future)

    future.add_done_callback(done)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    """The loop of this thread; None where a page is drawn without a server."""
    with suppress(RuntimeError):
        return asyncio.get_running_loop()
    return None


class Timer:
    """A call that is made at once and then repeated while it is on; not while the browser draws the document.

    If the last call was less than a period ago, there is no immediate call. `drawn` is that of `soon`.
    """

    def __init__(
        self, document: Document | None, call: Callable[[], Any], period_ms: int, *, drawn: bool = False
    ) -> None:
        self._document, self._call, self._period, self._drawn = document, call, period_ms, drawn
        self._wanted = self._missed = False
        self._running: Any = None
        self._last = -math.inf
        if document is not None:
            document.on_session_destroyed(self._end)

    def _end(self, _session_context: Any) -> None:
        """Keep nothing of the session: Bokeh keeps the timer until its period is over, which may be minutes."""
        self._document, self._running, self._call = None, None, _nothing

    def run(self, wanted: bool) -> None:
        self._wanted = wanted
        if self._document is None:
            return
        if wanted:
            soon(self._document, self._start, drawn=self._drawn)
        elif self._running is not None:
            self._document.remove_periodic_callback(self._running)
            self._running = None

    def once(self) -> None:
        """Call soon, even while it is off."""
        if self._document is not None:
            soon(self._document, self._call_soon, drawn=self._drawn)

    def _call_soon(self) -> None:
        if self._document is not None:
            self._document.add_next_tick_callback(self._again)

    def _start(self) -> None:
        if self._document is not None and self._wanted and self._running is None:
            self._running = self._document.add_periodic_callback(self._again, self._period)
            if 1000 * (time.monotonic() - self._last) >= self._period:
                self._call_soon()

    def _again(self) -> Any:
        if not pn.state.loaded:  # the browser is drawing: a call that is due comes after that, once
            if not self._missed:
                self._missed = True
                pn.state.onload(self._catch_up)
            return None
        self._last = time.monotonic()
        return self._call()

    def _catch_up(self) -> None:
        self._missed = False
        self._call_soon()


def _nothing() -> None:
    """What a timer calls whose session has ended."""


def soon(document: Document, call: Callable[[], Any], *, drawn: bool = False) -> None:
    """Call in this session, with its lock. Call this on the server's loop; a thread goes through `when_done`.

    Not while the browser draws the document: then Panel drops changes made under `hold`.

    Args:
        document: of the session.
        call: what to call.
        drawn: whether it waits for a browser that has not asked for the document yet, too.
    """

    def again() -> Any:
        return document.add_next_tick_callback(call)  # after all of Panel's own: only then changes can be held

    def run() -> Any:
        keep_order(document)  # Bokeh calls what was added before the session was there in any order
        if not pn.state.loaded or (drawn and unread(document)):
            return when_drawn(again)
        return call()

    document.add_next_tick_callback(run)
