"""A page's name as a path, `/backtest`: it leads to the address of that page, `/?view=backtest`."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from tornado.web import ErrorHandler, RequestHandler

from cqs_panel.location import search

_NAME = re.compile(r"/([a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?)/?")
_OF_LOGIN = ("login", "logout")
"""Without users there is no login: who comes here from a bookmark wants the dashboard."""


def is_page_path(server: Any, request: Any, handler: type[Any]) -> bool:
    """Whether nothing else answers at this path, and it may be the name of a page."""
    return issubclass(handler, ErrorHandler) and _name(server, request) is not None


def of_unknown_path(server: Any, request: Any) -> tuple[type[Any], dict[str, Any]]:
    """What answers where no route does."""
    home = server.prefix + next(path for path in ("/", "/app", *sorted(server.app_paths)) if path in server.app_paths)
    if (name := _name(server, request)) is None or request.method not in ("GET", "HEAD"):
        return UnknownPathHandler, {"home": home}
    asked = f"&{request.query}" if request.query else ""
    return PagePathHandler, {"to": home if name in _OF_LOGIN else f"{home}{search(name, {})}{asked}"}


def _name(server: Any, request: Any) -> str | None:
    found = _NAME.fullmatch(request.path.removeprefix(server.prefix))
    return found[1] if found else None


class PagePathHandler(RequestHandler):
    """303 to the page."""

    def initialize(self, to: str) -> None:
        self._to = to

    def prepare(self) -> None:
        self.redirect(self._to, status=303)


class UnknownPathHandler(RequestHandler):
    """404, with a link to the dashboard."""

    def initialize(self, home: str) -> None:
        self._home = home

    def prepare(self) -> None:
        self.set_status(404)
        self.finish(
            "<!doctype html><html lang=en><title>Not found · cqs</title>"
            f'<p>There is nothing at this address. <a href="{escape(self._home)}">Open the dashboard</a></p></html>'
        )
