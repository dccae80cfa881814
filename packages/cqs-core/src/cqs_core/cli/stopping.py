"""How a command stops on Ctrl-C, SIGTERM or SIGHUP: once, in order, and within seconds.

The handler raises once, and only sets a plain flag after that: a second signal does not break into the tidying up
that the first one began. Python ignores what is raised in a callback of a weak reference, in a `__del__` and where it
forks: what was lost there is raised again. Python writes each signal into a pipe, too. A thread that reads it ends the
process where tidying up takes too long, as with a storage that does not answer.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

GRACE_PERIOD = 2.0
"""Seconds that a command has to end after a signal."""

_STEP = 0.02
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
_asked: list[int] = []  # signals that came
_ignored: list[int] = []  # signals whose exception Python ignored
_again: list[int] = []  # those that are sent once more
_service: list[bool] = []  # whether a signal is the normal way to end this command


class Terminated(KeyboardInterrupt):
    """Ctrl-C by another name: SIGTERM or SIGHUP."""


def code_of(interrupt: BaseException) -> int:
    """The exit code of a command that was stopped by a signal."""
    first = signal.SIGTERM if isinstance(interrupt, Terminated) else signal.SIGINT
    return 128 + next((number for number in _asked if number != signal.SIGINT), first)


def stop_requested() -> bool:
    """Whether a signal came; asyncio may swallow the exception that it raises."""
    return bool(_asked)


def handles_sigterm() -> bool:
    """Whether a handler of this module answers SIGTERM now."""
    return getattr(signal.getsignal(signal.SIGTERM), "__module__", "") == __name__


def leave(code: int) -> None:
    """End the process at once after a signal, or if a thread is in a call that cannot be interrupted.

    Python takes seconds to clear away what a server has loaded.
    """
    if _asked or (code > 128 and any(thread.daemon for thread in threading.enumerate())):
        _exit(code)


@contextlib.contextmanager
def stoppable(message: str = "") -> Iterator[None]:
    """On Ctrl-C, SIGTERM or SIGHUP, print `message` on stderr."""
    try:
        yield
    except KeyboardInterrupt:
        if message and sys.stderr:
            with contextlib.suppress(OSError):
                print("cqs:", message, file=sys.stderr)  # noqa: T201 - this is the command line
        raise


@contextlib.contextmanager
def service() -> Iterator[None]:
    """A block that runs until a signal comes, which is its normal end: exit code 0."""
    _service.append(True)
    with contextlib.suppress(KeyboardInterrupt):
        yield


@contextlib.contextmanager
def ending(last: Callable[[int], None] = lambda _: None) -> Iterator[None]:
    """Signals end the block, and the process some seconds later if the block does not.

    Args:
        last: is called with the exit code before the process is ended so.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _end) for number in _ours()}
    read, write = os.pipe()
    os.set_blocking(write, False)
    woken = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    if hasattr(os, "register_at_fork"):  # a forked process shall not end its parent
        os.register_at_fork(after_in_child=_no_wakeup)
    threading.Thread(target=_see_to_it, args=(read, last), name="cqs-ending", daemon=True).start()
    said, sys.unraisablehook = sys.unraisablehook, _note_ignored(sys.unraisablehook)
    try:
        yield
    finally:
        sys.unraisablehook = said
        signal.set_wakeup_fd(woken)
        os.close(write)
        for number, handler in before.items():  # asked to end, the process does so at once, with its own exit code
            signal.signal(number, signal.SIG_IGN if _asked else handler)


def _ours() -> Iterator[int]:
    """SIGTERM, and SIGHUP unless it is ignored (nohup); Python has a handler for Ctrl-C, and asyncio builds on that."""
    yield signal.SIGTERM
    hangup = getattr(signal, "SIGHUP", None)
    if hangup is not None and signal.getsignal(hangup) != signal.SIG_IGN:
        yield hangup


def _end(number: int, frame: FrameType | None) -> None:
    first = not _asked or bool(_again)
    _again.clear()
    _asked.append(number)
    if not first:
        return
    interrupt = signal.getsignal(signal.SIGINT)
    if callable(interrupt) and interrupt is not signal.default_int_handler:
        interrupt(signal.SIGINT, frame)  # asyncio's, which cancels its main task, so that others finish
    else:
        raise Terminated


def _note_ignored(otherwise: Callable[[Any], object]) -> Callable[[Any], object]:
    def note(about: Any) -> None:
        if isinstance(about.exc_value, KeyboardInterrupt):
            _ignored.append(signal.SIGTERM if isinstance(about.exc_value, Terminated) else signal.SIGINT)
        else:
            otherwise(about)

    return note


def _send_ignored() -> None:
    """Not from the hook itself: what is raised there is ignored, too."""
    number = _ignored.pop()
    if number != signal.SIGINT:  # Python's own handler raises as often as it is called
        _again.append(number)
    os.kill(os.getpid(), number)


def _see_to_it(pipe: int, last: Callable[[int], None]) -> None:
    numbers = {getattr(signal, name, None) for name in _NAMES}
    while (came := os.read(pipe, 1)) and came[0] not in numbers:
        pass
    if not came:  # the block ended
        os.close(pipe)
        return
    if came[0] == signal.SIGINT:  # Python's own handler, or asyncio's, which know nothing of us
        _asked.append(came[0])
    end = time.monotonic() + GRACE_PERIOD
    while time.monotonic() < end:
        time.sleep(_STEP)
        if _ignored:
            _send_ignored()
    code = 0 if _service else 128 + came[0]
    with contextlib.suppress(BaseException):
        last(code)
    _exit(code)


def _exit(code: int) -> None:
    for stream in filter(None, (sys.stdout, sys.stderr)):
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            stream.flush()
    os._exit(code)


def _no_wakeup() -> None:
    with contextlib.suppress(ValueError):
        signal.set_wakeup_fd(-1)
