"""Requests as a stranger writes them, byte by byte."""

from __future__ import annotations

import base64
import json
import socket
import time
from urllib.parse import urlsplit

UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode(),
}


def token(**fields):
    known = {"session_id": "a" * 44, "session_expiry": int(time.time()) + 300} | fields
    return base64.urlsafe_b64encode(json.dumps(known).encode()).decode().rstrip("=")


def ask(url, path="/", method="GET", host=None, headers=None, body=b""):
    """The status of an answer; 0 where there is none."""
    where = urlsplit(url)
    sent = {"Host": where.netloc if host is None else host.format(port=where.port), "Connection": "close"} | (
        headers or {}
    )
    if body:
        sent["Content-Length"] = str(len(body))
    head = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
    with socket.create_connection((where.hostname, where.port), timeout=60) as connection:
        connection.sendall(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin1") + body)
        line = connection.makefile("rb").readline().split()
    return int(line[1]) if len(line) > 1 else 0


def knock(url, path="/ws", *, host=None, protocol=None, **headers):
    """The status that a websocket gets: 101 where it is let in."""
    protocol = f"bokeh, {token()}" if protocol is None else protocol
    return ask(url, path, host=host, headers={**UPGRADE, "Sec-WebSocket-Protocol": protocol, **headers})
