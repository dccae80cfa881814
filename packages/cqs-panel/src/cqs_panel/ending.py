"""How the server stops: at once on a signal, whatever its sessions are doing."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

from cqs_core.cli import handles_sigterm

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable

SECONDS = 2.0
"""That sessions and threads have to come to an end by themselves."""
_SLACK = 0.5


def end_on_signal(loop: AbstractEventLoop) -> None:
    """Stop the loop on SIGTERM or Ctrl-C; a process that hangs is killed."""

    def end(_number: int, _frame: object) -> None:
        watch = threading.Timer(SECONDS, leave)
        watch.daemon = True
        watch.start()
        loop.call_soon_threadsafe(loop.stop)

    signal.signal(signal.SIGINT, end)
    if not handles_sigterm():  # which calls the one above
        signal.signal(signal.SIGTERM, end)


class Forks:
    """The processes that share a port: none of them outlives the one that forked them. To be made before the fork.

    A signal ends a process at once: an exception would be lost if it came while `os.fork` calls what others registered,
    in the one that forks as in the new one.

    Args:
        ended: called in the process that forked the others, once those have ended.
    """

    def __init__(self, ended: Callable[[], None]) -> None:
        self._parent, self._ended = os.getpid(), ended
        self._read, self._write = os.pipe()  # the parent alone keeps its end open: that closes when it is killed
        for name in ("SIGTERM", "SIGINT", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._end)

    def follow_parent(self) -> None:
        """In a forked process: end when the parent does, whatever ended that."""
        os.close(self._write)
        threading.Thread(target=self._wait, name="cqs-parent", daemon=True).start()

    def _wait(self) -> None:
        if not os.read(self._read, 1):
            leave()

    def _end(self, *_: object) -> None:
        if os.getpid() == self._parent:
            _end_children()
            self._ended()
        leave()


def _end_children() -> None:
    import psutil

    for name in ("SIGTERM", "SIGINT", "SIGHUP"):  # a second signal must not break into this
        signal.signal(getattr(signal, name, signal.SIGTERM), signal.SIG_IGN)
    children = psutil.Process().children()
    for child in children:
        child.terminate()
    for child in psutil.wait_procs(children, SECONDS + _SLACK)[1]:
        child.kill()


def leave() -> None:
    """End the process now: Python takes seconds to clear away a server, and cannot interrupt a thread in a library."""
    for stream in filter(None, (sys.stdout, sys.stderr)):
        stream.flush()
    os._exit(0)
