"""Lets in only who is logged in, once there are users."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from tornado.ioloop import PeriodicCallback
from tornado.web import RequestHandler, stream_request_body

from cqs_core import CqsError
from cqs_panel.guard import tokens
from cqs_panel.login import logins, session
from cqs_panel.login.users import login_required

LARGEST = 16_384
"""Bytes that a stranger may send in a request's body."""
ENDED = 4401
"""Code with which a websocket closes whose login has ended."""
_SECONDS = 1.0
_COOKIE = re.compile(rf"(?:^|;)\s*{logins.COOKIE}=(?:\"([^\"]*)\"|([^;]*))")


def take_login(request: Any) -> str | None:
    """The key of the login that a request proves.

    Its cookie is taken away: Bokeh would put it into the page, where scripts can read it.
    """
    sent = request.headers.get("Cookie", "")
    found = _COOKIE.search(sent)
    if found is None:
        return None
    request.headers["Cookie"] = _COOKIE.sub("", sent).strip("; ")
    try:
        return logins.key_of((found[1] or found[2] or "").strip())
    except CqsError:
        return None  # the secret cannot be read: no one is let in


def limit_body(request: Any) -> None:
    """A stranger's body is not kept in memory, however long it is."""
    if (set_most := getattr(request.connection, "set_max_body_size", None)) is not None:
        set_most(LARGEST)


def lives(key: str | None) -> bool:
    """Whether a login is still in force; without one, whether none is needed."""
    return not login_required() if key is None else logins.user_of(key) is not None


class WatchedSocket:
    """Part of a websocket's handler: it closes when its login ends, wherever that was."""

    request: Any

    def check_origin(self, origin: str) -> bool:
        """The page's own origin may ask: the host was checked before."""
        same = urlsplit(origin).netloc.lower() == self.request.host.lower()
        return same or bool(super().check_origin(origin))  # type: ignore[misc]

    def open(self, *args: Any, **kwargs: Any) -> Any:
        self._watch = PeriodicCallback(self._check, 1000 * _SECONDS)
        self._watch.start()
        return super().open(*args, **kwargs)  # type: ignore[misc]

    async def on_message(self, fragment: str | bytes) -> None:
        if self._look():
            await super().on_message(fragment)  # type: ignore[misc]

    def on_close(self) -> None:
        if (watch := getattr(self, "_watch", None)) is not None:
            watch.stop()
        super().on_close()  # type: ignore[misc]

    def _check(self) -> None:
        self._look()

    def _look(self) -> bool:
        if lives(getattr(self.request, "cqs_login", None)):
            return True
        self._watch.stop()
        self.close(ENDED, "this login has ended")  # type: ignore[attr-defined]
        return False


def belongs(request: Any, key: str) -> bool:
    """Whether a websocket asks for a session of its own login; a stolen name of another's session is of no use."""
    return session.login_of(tokens.session_of(request)) == key


@stream_request_body
class StrangerHandler(RequestHandler):
    """401, or the login page for who wants to see a page. The request's body is thrown away."""

    def initialize(self, login_url: str = "") -> None:
        self._login_url = login_url

    def prepare(self) -> None:
        self.set_header("Cache-Control", "no-store")
        if self._login_url and self.request.method in ("GET", "HEAD"):
            self.redirect(self._login_url, status=303)
            return
        self.set_status(401)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish("Log in first.\n")

    def data_received(self, chunk: bytes) -> None:
        """Nothing of it is kept."""

    def _log(self) -> None:
        """No line for each request: a stranger could fill the log."""
