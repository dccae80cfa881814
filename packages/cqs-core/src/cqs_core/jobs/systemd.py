"""What systemd wants to hear of a service of `Type=notify`: that it is ready, alive, and stopping.

It listens to the main process alone (`NotifyAccess=main`), so that jobs of the dashboard do not speak for it. Processes
that the main one forks to serve together speak through it.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time

_SECONDS = 1.0  # between two signs of life
_said = 0.0
VARIABLES = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
"""Variables of a service that its jobs must not have."""
_parent: list[int] = []  # the pipe to the process that passes on what this one says
_END = b"\0"


def notify(*lines: str) -> None:
    """Tell systemd, as `READY=1`; nothing where it does not listen."""
    said = "\n".join(lines).encode()
    if not _parent:
        _send(said)
        return
    with contextlib.suppress(OSError):
        os.write(_parent[0], said + _END)


def speak_for_forks() -> None:
    """From now on, what processes say that this one forks is passed on by this one."""
    if "NOTIFY_SOCKET" not in os.environ:
        return
    read, write = os.pipe()
    threading.Thread(target=_pass_on, args=(read,), name="cqs-notify", daemon=True).start()

    def speak_through_parent() -> None:
        os.close(read)
        _parent[:] = [write]
        os.environ.pop("WATCHDOG_PID", None)  # it was the parent's

    os.register_at_fork(after_in_child=speak_through_parent)


def _pass_on(pipe: int) -> None:
    left = b""
    while data := os.read(pipe, 4096):
        *whole, left = (left + data).split(_END)
        for said in whole:
            _send(said)


def _send(said: bytes) -> None:
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address or not hasattr(socket, "AF_UNIX"):
        return
    if address.startswith("@"):  # an abstract socket of Linux
        address = "\0" + address[1:]
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(said, address)


def watchdog_seconds() -> float | None:
    """How often at least systemd wants to hear `WATCHDOG=1`; None where it does not watch this process."""
    text, pid = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID")
    if not text.isdecimal() or int(text) == 0 or (pid and pid != str(os.getpid())):
        return None
    return int(text) / 1e6


def alive() -> None:
    """Say `WATCHDOG=1`, at most once a second: work goes on."""
    global _said  # noqa: PLW0603 - one process, one watchdog
    moment = time.monotonic()
    if "NOTIFY_SOCKET" in os.environ and moment - _said >= _SECONDS:
        _said = moment
        notify("WATCHDOG=1")
