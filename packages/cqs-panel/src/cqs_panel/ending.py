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

SECONDS = 2.0
"""That sessions and threads have to come to an end by themselves."""


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


def end_forks_with_me() -> None:
    """Forward a stop signal to forked servers, which would outlive their parent. Call it before the fork."""
    parent = os.getpid()

    def end(*_: object) -> None:
        import psutil

        if os.getpid() == parent:
            for child in psutil.Process().children():
                child.terminate()
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, end)


def leave() -> None:
    """End the process now: Python takes seconds to clear away a server, and cannot interrupt a thread in a library."""
    for stream in filter(None, (sys.stdout, sys.stderr)):
        stream.flush()
    os._exit(0)
