"""Between a client and the GCS emulator: counts what is asked, and refuses every so many-th request."""

from __future__ import annotations

import http.client
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

_HOP = {"connection", "host", "transfer-encoding", "content-length", "keep-alive"}


class GcsProxy:
    """A running proxy; as a context manager it ends with the block.

    Args:
        target: URL of the emulator.
        every: which request fails with 503, the 10th, 20th …; 0 for none.

    Attributes:
        url: to be set as `STORAGE_EMULATOR_HOST`.
        asked: requests by kind: `list`, `read`, `write`, `delete`, `other`.
        failed: how many were refused.
    """

    def __init__(self, target: str, every: int = 0) -> None:
        self.asked: Counter[str] = Counter()
        self.failed = 0
        self._target, self._every, self._count = target, every, 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def refuses(self, method: str, path: str) -> bool:
        """Count a request, and say whether it is one of those that fail."""
        with self._lock:
            self._count += 1
            self.asked[_kind(method, path)] += 1
            refused = bool(self._every) and self._count % self._every == 0
            self.failed += refused
            return refused

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy, target = self, urlsplit(self._target).netloc

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if proxy.refuses(self.command, self.path):
                    self._answer(503, [], b"Service Unavailable")
                    return
                headers = {k: v for k, v in self.headers.items() if k.lower() not in _HOP}
                upstream = http.client.HTTPConnection(target, timeout=30)
                upstream.request(self.command, self.path, body, headers)
                answer = upstream.getresponse()
                kept = [(k, v) for k, v in answer.getheaders() if k.lower() not in _HOP]
                self._answer(answer.status, kept, answer.read())
                upstream.close()

            def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
                self.send_response_only(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = forward  # noqa: N815 - http.server's names

        return Handler


def _kind(method: str, path: str) -> str:
    split = urlsplit(path)
    if method == "DELETE":
        return "delete"
    if method in {"POST", "PUT"}:
        return "write"
    if split.path.endswith("/o"):
        return "list"
    return "read" if "alt=media" in split.query or split.path.startswith("/download") else "other"
