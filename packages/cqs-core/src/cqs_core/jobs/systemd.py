"""What systemd wants to hear of a service of `Type=notify`: that it is ready, alive, and stopping."""

from __future__ import annotations

import contextlib
import os
import socket
import time

_SECONDS = 1.0  # between two signs of life
_said = 0.0


def notify(*lines: str) -> None:
    """Tell systemd, as `READY=1`; nothing where it does not listen."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address or not hasattr(socket, "AF_UNIX"):
        return
    if address.startswith("@"):  # an abstract socket of Linux
        address = "\0" + address[1:]
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto("\n".join(lines).encode(), address)


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
