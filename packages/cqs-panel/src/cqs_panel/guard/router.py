"""A check in front of every route: pages, scripts, websockets, any method.

Bokeh checks the origin of websockets only, and only where it differs from `Host`. A class of Bokeh's is changed, not an
object, because `panel serve` does not expose its server, and the check must be there before the first request.
"""

from __future__ import annotations

import functools
import logging
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from bokeh.server.tornado import BokehTornado
from bokeh.server.views.autoload_js_handler import AutoloadJsHandler
from bokeh.server.views.metadata_handler import MetadataHandler
from bokeh.server.views.root_handler import RootHandler
from bokeh.server.views.session_handler import SessionHandler
from bokeh.server.views.ws import WSHandler
from panel.io.liveness import LivenessHandler
from tornado.web import ErrorHandler, RequestHandler

from cqs_panel.guard import components, gate, locations, page_paths, quiet, stopped_timers, tokens
from cqs_panel.guard.headers import secured
from cqs_panel.guard.health_pages import HealthzHandler, MetricsHandler
from cqs_panel.guard.hosts import INSECURE, insecure, is_loopback, permitted
from cqs_panel.guard.login_pages import LoginHandler, LogoutHandler, login_url
from cqs_panel.login import session
from cqs_panel.login.users import login_required

if TYPE_CHECKING:
    from collections.abc import Collection

    from tornado.httputil import HTTPServerRequest

PING_SECONDS = 15
"""A client that does not answer a ping until the next one is gone; its session ends soon after."""

_UNUSED = (AutoloadJsHandler, MetadataHandler)
"""Routes of Bokeh for embedding in other pages."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - addresses that are refused
_SAYS_ONCE = 20
_said: set[str] = set()
_log = logging.getLogger("cqs.panel")


def install() -> bool:
    """Guard every server of this process, those that run already included; False where that was done before."""
    if getattr(BokehTornado.find_handler, "guarded", False):
        return False
    route = BokehTornado.find_handler

    def find_handler(self: Any, request: HTTPServerRequest, **kwargs: Any) -> Any:
        self.settings.setdefault("websocket_ping_interval", PING_SECONDS)
        found = route(self, request, **kwargs)
        if (instead := _instead(self, request, found.handler_class)) is not None:
            found = self.get_handler_delegate(request, *instead)
        found.handler_class = secured(found.handler_class)
        return found

    find_handler.guarded = True  # type: ignore[attr-defined]
    BokehTornado.find_handler = find_handler
    session.install()
    components.install()
    locations.install()
    quiet.install()
    stopped_timers.install()
    return True


def _instead(server: Any, request: Any, handler: type[Any]) -> tuple[type[Any], dict[str, Any]] | None:
    """The handler that answers in place of the one for this route; None where that one may."""
    if request.path == f"{server.prefix}/healthz":
        gate.limit_body(request)
        return HealthzHandler, {}
    measures = request.path == f"{server.prefix}/metrics"
    shows_data = measures or issubclass(handler, (SessionHandler, WSHandler))
    if why := refusal(request, server.websocket_origins, starts_session=shows_data):
        gate.limit_body(request)
        return RefusalHandler, {"why": why}
    if login_required() and (instead := _behind_login(server, request, handler)) is not None:
        return instead
    if measures:
        return MetricsHandler, {}
    return _for_members(server, request, handler)


def _for_members(server: Any, request: Any, handler: type[Any]) -> tuple[type[Any], dict[str, Any]] | None:
    """What answers who may ask."""
    if issubclass(handler, WSHandler) and not tokens.current(request):
        return RefusalHandler, {"why": tokens.WHY, "quiet": True}
    if issubclass(handler, _UNUSED) or not _well_formed(request):
        return ErrorHandler, {"status_code": 404}
    if issubclass(handler, ErrorHandler):
        return page_paths.of_unknown_path(server, request)
    if issubclass(handler, (SessionHandler, WSHandler)) and (key := getattr(request, "cqs_login", None)) is not None:
        return _of_login(request, handler, key)
    return None


def _behind_login(server: Any, request: Any, handler: type[Any]) -> tuple[type[Any], dict[str, Any]] | None:
    """What answers a request of a stranger, and the pages that strangers may see."""
    key = request.cqs_login = gate.take_login(request)
    for page in (LoginHandler, LogoutHandler):
        if request.path == f"{server.prefix}/{page.__name__.removesuffix('Handler').lower()}":
            gate.limit_body(request)
            return page, {"prefix": server.prefix, "key": key}
    if key is not None or (issubclass(handler, LivenessHandler) and not request.query):
        return None
    gate.limit_body(request)
    shows = issubclass(handler, (SessionHandler, RootHandler)) and not issubclass(handler, _UNUSED)
    shows = shows or page_paths.is_page_path(server, request, handler)
    return gate.StrangerHandler, {"login_url": login_url(server.prefix, request) if shows else ""}


def _of_login(request: Any, handler: type[Any], key: str) -> tuple[type[Any], dict[str, Any]] | None:
    """Give a page a session that only this login can open; let a websocket open no other."""
    if not issubclass(handler, WSHandler):
        request.headers["Bokeh-Session-Id"] = session.session_id(key)
        return None
    if not gate.belongs(request, key):
        return RefusalHandler, {"why": tokens.WHY, "quiet": True}
    return None


def refusal(request: Any, allowed: Collection[str] = (), *, starts_session: bool = True) -> str | None:
    """Why a request is refused, in one line; None where it may go on.

    Args:
        request: of tornado, or Bokeh's proxy of one.
        allowed: hosts that the user named.
        starts_session: whether it is for a page, a websocket, or figures.
    """
    address, port = _local(request)
    opened = insecure() or login_required()
    if not permitted(request.host, allowed, address if opened else None):
        return (
            f"host {request.host[:80]!r} is not permitted; use localhost, or start the dashboard with --allow NAME "
            "(`panel serve`: --allow-websocket-origin NAME)"
        )
    if _embedded(request):
        return "another web site may not embed the dashboard; open it in its own window"
    if starts_session and not opened and (beyond := _beyond_loopback(address, port)):
        return (
            f"this server listens on {beyond}, where others can reach it, and the dashboard has no login; "
            f"add a user (cqs users add NAME --role operator), start it with --address 127.0.0.1, or accept that with "
            f"--insecure ({INSECURE}=1)"
        )
    return None


class RefusalHandler(RequestHandler):
    """403, with the reason as text. The log has each reason once, so that no page can fill it."""

    def initialize(self, why: str, *, quiet: bool = False) -> None:
        self._why, self._quiet = why, quiet

    def prepare(self) -> None:
        if not self._quiet and self._why not in _said and len(_said) < _SAYS_ONCE:
            _said.add(self._why)
            _log.warning("refused: %s", self._why)
        self.set_status(403)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"Refused: {self._why}.\n")

    def _log(self) -> None:
        """No line for each request: `prepare` has said it."""


def _well_formed(request: Any) -> bool:
    """Whether it is free of what Bokeh and tornado answer with a traceback: a NUL in a path, a chosen session."""
    named = {"bokeh-session-id", "bokeh-token"} & set(request.arguments)
    chosen = named or "Bokeh-Session-Id" in request.headers
    return not chosen and _CONTROL.search(unquote(request.path)) is None


def _embedded(request: Any) -> bool:
    """Whether a page of another site loads this as a frame, image or script; browsers say so."""
    sent = request.headers
    if sent.get("Sec-Fetch-Site") != "cross-site" or sent.get("Sec-Fetch-Mode") == "websocket":
        return False  # a websocket has an Origin, which Bokeh checks
    return (sent.get("Sec-Fetch-Mode"), sent.get("Sec-Fetch-Dest")) != ("navigate", "document")


def _local(request: Any) -> tuple[str | None, int]:
    """The address and port that a request came in on; None for a socket that is a file."""
    stream = getattr(request.connection, "stream", None)
    name = stream.socket.getsockname() if stream is not None and stream.socket is not None else None
    return (name[0].partition("%")[0], name[1]) if isinstance(name, tuple) else (None, 0)


def _beyond_loopback(address: str | None, port: int) -> str:
    """The address by which others could start this session; empty where they cannot.

    A server that was given no address listens on all of both families: then this machine's own connections are served,
    and no other. A server with an address for others serves no one, so that its user notices at once.
    """
    if address is None:
        return ""
    listening = _listening(port)
    if is_loopback(address) and listening >= _EVERYWHERE:
        return ""
    return ", ".join(sorted(one for one in listening | {address} if not is_loopback(one)))


@functools.cache
def _listening(port: int) -> frozenset[str]:
    """The addresses on which this process accepts connections at a port; a loopback client does not show that."""
    import psutil

    try:
        found = psutil.Process().net_connections("tcp")
    except psutil.Error:
        return frozenset()
    return frozenset(one.laddr.ip for one in found if (one.status, one.laddr.port) == (psutil.CONN_LISTEN, port))
