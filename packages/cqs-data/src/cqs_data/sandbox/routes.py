"""Which handler of an exchange serves which address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping


def serving(routes: Mapping[str, Callable[[web.Request], Awaitable[web.StreamResponse]]]) -> web.Application:
    """An application that answers GET requests."""
    app = web.Application()
    for path, handler in routes.items():
        app.router.add_get(path, handler)
    return app
