"""Ports for servers that a test starts by their number, or starts again."""

from __future__ import annotations

import contextlib
import secrets
import socket

_FIRST, _END = 20_000, 32_768  # Linux gives ports from 32,768 on to connections that go out


def free_port() -> int:
    """A port of 127.0.0.1 that is free, and stays so until the server is there: no connection is given it meanwhile."""
    while True:
        port = _FIRST + secrets.randbelow(_END - _FIRST)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
