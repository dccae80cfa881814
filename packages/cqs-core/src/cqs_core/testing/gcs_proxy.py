"""A proxy in front of the GCS emulator: counts requests, rejects every nth request, or does worse."""

from __future__ import annotations

import http.client
import json
import socket
import struct
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from types import TracebackType

_HOP = {"connection", "host", "transfer-encoding", "content-length", "keep-alive"}
_MD5 = "AAAAAAAAAAAAAAAAAAAAAA=="

Headers = list[tuple[str, str]]

FAULTS = (
    *("reset", "hang", "slow", "torn", "short", "flip", "garbage", "halfjson", "emptyjson", "mangle", "badmd5"),
    *("stored500", "storedreset", "401", "403", "404", "429", "500", "503"),
)
"""What `fail` can do: end the connection, never answer, answer a byte a second, cut or change the answer or what is
sent, answer something else, store and not say so, or answer with a status."""


class GcsProxy:
    """A running proxy; as a context manager it ends with the block.

    Args:
        target: URL of the emulator.
        every: which request fails with 503, the 10th, 20th …; 0 for none.

    Attributes:
        url: to be set as `STORAGE_EMULATOR_HOST`.
        asked: requests by kind: `list`, `read`, `write`, `delete`, `other`.
        failed: how many were refused.
        tokens: the only `Authorization` that is let through; all, where there are none.
        target: host and port of the emulator.
        ended: set when the proxy ends, so that waiting requests end too.
    """

    def __init__(self, target: str, every: int = 0) -> None:
        self.asked: Counter[str] = Counter()
        self.failed = 0
        self.tokens: set[str] = set()
        self.target = urlsplit(target).netloc
        self._every, self._count = every, 0
        self._fault, self._kinds, self._left = "", frozenset[str](), 0
        self._lock = threading.Lock()
        self.ended = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"proxy": self}))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()

    def fail(self, fault: str = "", *kinds: str, times: int = 1 << 30) -> None:
        """From now on, requests of these kinds (all, where none is given) meet a fault; the empty one ends that."""
        with self._lock:
            self._fault, self._kinds, self._left = fault, frozenset(kinds), times

    def fault(self, method: str, path: str, token: str) -> str:
        """Count a request, and say what it meets."""
        with self._lock:
            kind = _kind(method, path)
            self._count += 1
            self.asked[kind] += 1
            if self.tokens and token not in self.tokens:
                return "401"
            if self._fault and self._left > 0 and (not self._kinds or kind in self._kinds):
                self._left -= 1
                return self._fault
            refused = bool(self._every) and self._count % self._every == 0
            self.failed += refused
            return "503" if refused else ""


_SAYS = {
    "garbage": b"<html>captive portal</html>",
    "halfjson": b'{"kind":"storage#objects","items":[{"name":"data/can',
    "emptyjson": b"{}",
}


def _flipped(body: bytes) -> bytes:
    """The body with one bit flipped."""
    changed = bytearray(body)
    if len(changed) > 1000:
        changed[len(changed) // 2] ^= 0x10
    return bytes(changed)


def _misnamed(headers: Headers, body: bytes) -> tuple[Headers, bytes]:
    kept = [(name, value) for name, value in headers if name.lower() != "x-goog-hash"]
    try:
        about = json.loads(body)
        return kept, json.dumps(about | {"md5Hash": _MD5}).encode()
    except (ValueError, TypeError):
        return [*kept, ("X-Goog-Hash", f"crc32c=AAAAAA==,md5={_MD5}")], body


def _kind(method: str, path: str) -> str:
    split = urlsplit(path)
    if method == "DELETE":
        return "delete"
    if method in {"POST", "PUT"}:
        return "write"
    if split.path.endswith("/o"):
        return "list"
    return "read" if "alt=media" in split.query or split.path.startswith("/download") else "other"


class _Handler(BaseHTTPRequestHandler):
    proxy: GcsProxy
    protocol_version = "HTTP/1.1"

    def forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.proxy.fault(self.command, self.path, self.headers.get("Authorization", ""))
        try:
            self._meet(fault, body)
        except OSError:  # the client went away
            self.close_connection = True

    def _meet(self, fault: str, body: bytes) -> None:
        if fault == "reset":
            self._reset()
        elif fault == "hang":
            self.proxy.ended.wait()
        elif fault.isdigit():
            about = {"error": {"code": int(fault), "message": "Invalid Credentials" if fault == "401" else ""}}
            self._answer(int(fault), [], json.dumps(about).encode())
        elif fault in _SAYS:
            self._answer(200, [("Content-Type", "application/json")], _SAYS[fault])
        else:
            status, headers, answer = self._upstream(_flipped(body) if fault == "mangle" else body)
            self._spoil(fault, status, headers, answer)

    def _spoil(self, fault: str, status: int, headers: Headers, body: bytes) -> None:
        if fault == "stored500":
            self._answer(500, [], b"")
        elif fault == "storedreset":
            self._reset()
        elif fault == "torn":
            self._answer(status, headers, body[: len(body) // 2], len(body))
            self.connection.shutdown(socket.SHUT_RDWR)
        elif fault == "short":
            self._answer(status, headers, body[: len(body) // 2])
        elif fault == "slow":
            self._drip(status, headers, body)
        elif fault == "flip":
            self._answer(status, headers, _flipped(body))
        elif fault == "badmd5":
            self._answer(status, *_misnamed(headers, body))
        else:
            self._answer(status, headers, body)

    def _upstream(self, body: bytes) -> tuple[int, Headers, bytes]:
        headers = {k: v for k, v in self.headers.items() if k.lower() not in _HOP}
        upstream = http.client.HTTPConnection(self.proxy.target, timeout=30)
        upstream.request(self.command, self.path, body, headers)
        answer = upstream.getresponse()
        kept = [(k, v) for k, v in answer.getheaders() if k.lower() not in _HOP]
        data = answer.read()
        upstream.close()
        return answer.status, kept, data

    def _answer(self, status: int, headers: Headers, body: bytes, said: int | None = None) -> None:
        self._head(status, headers, len(body) if said is None else said)
        if self.command != "HEAD":
            self.wfile.write(body)

    def _head(self, status: int, headers: Headers, length: int) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def _drip(self, status: int, headers: Headers, body: bytes) -> None:
        self._head(status, headers, len(body))
        for byte in body:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            if self.proxy.ended.wait(1.0):
                return

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = forward  # noqa: N815 - http.server's names
