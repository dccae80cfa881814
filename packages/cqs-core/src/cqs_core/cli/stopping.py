"""How a command ends when it is told to: by Ctrl-C or SIGTERM."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType


class Terminated(KeyboardInterrupt):
    """Ctrl-C by another name: SIGTERM."""


def code_of(interrupt: BaseException) -> int:
    """The exit code of a command that was told to end."""
    return 128 + (signal.SIGTERM if isinstance(interrupt, Terminated) else signal.SIGINT)


def leave(code: int) -> None:
    """End the process at once where a thread is busy with what nobody can interrupt."""
    told_to = code in {code_of(KeyboardInterrupt()), code_of(Terminated())}
    if told_to and any(thread.daemon for thread in threading.enumerate()):
        for stream in filter(None, (sys.stdout, sys.stderr)):
            with contextlib.suppress(OSError):
                stream.flush()
        os._exit(code)


@contextlib.contextmanager
def stoppable(told: str = "") -> Iterator[None]:
    """SIGTERM ends the block as Ctrl-C does, but with exit code 143; after either, `told` is said on stderr."""
    with _terminating() as terminated:
        try:
            yield
        except KeyboardInterrupt:
            if told and sys.stderr:
                with contextlib.suppress(OSError):
                    print("cqs:", told, file=sys.stderr)  # noqa: T201 - this is the command line
            if terminated.is_set():
                raise Terminated from None
            raise


@contextlib.contextmanager
def _terminating() -> Iterator[threading.Event]:
    """SIGTERM interrupts the block, and sets the event."""
    terminated = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        terminated.set()
        if callable(signal.getsignal(signal.SIGINT)):
            signal.raise_signal(signal.SIGINT)  # asyncio has a handler of its own, which lets its tasks finish
        else:
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield terminated
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield terminated
    finally:
        signal.signal(signal.SIGTERM, before)
