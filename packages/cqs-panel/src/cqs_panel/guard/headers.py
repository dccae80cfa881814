"""Headers of every answer: no one frames the pages or stores them, and they load nothing from other hosts."""

from __future__ import annotations

import functools
import re
from typing import Any

from bokeh.server.views.ws import WSHandler
from tornado.web import StaticFileHandler

from cqs_panel.guard.gate import WatchedSocket

_HOST = re.compile(r"[A-Za-z0-9.:\[\]_-]+")


def policy(host: str) -> str:
    """The content security policy of the dashboard.

    Panel compiles what its components are made of in the browser, from blobs, and Bokeh's callbacks are evaluated.
    """
    own = f"'self' ws://{host} wss://{host}" if _HOST.fullmatch(host) else "'self'"
    return (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob: data:; "
        "style-src 'self' 'unsafe-inline' blob:; img-src 'self' data: blob:; font-src 'self' data:; "
        f"connect-src {own} data: blob:; worker-src 'self' blob:; frame-src 'self' data: blob:; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


@functools.cache
def secured(handler: type[Any]) -> type[Any]:
    """The same handler, with these headers in each of its answers."""
    parts = (WatchedSocket, handler) if issubclass(handler, WSHandler) else (handler,)

    class Secured(*parts):  # type: ignore[misc]
        def set_default_headers(self) -> None:
            super().set_default_headers()
            self.set_header("Content-Security-Policy", policy(self.request.host))
            self.set_header("X-Frame-Options", "DENY")
            self.set_header("X-Content-Type-Options", "nosniff")
            self.set_header("Referrer-Policy", "same-origin")
            self.set_header("Cross-Origin-Opener-Policy", "same-origin")
            self.set_header("Cross-Origin-Resource-Policy", "same-origin")
            self.clear_header("Server")
            if not issubclass(handler, StaticFileHandler):  # those are code, the same for everyone
                self.set_header("Cache-Control", "no-store")

    Secured.__name__ = handler.__name__
    Secured.__qualname__ = handler.__qualname__
    return Secured
