"""The token that a page gets, and gives back when it opens its websocket. Bokeh answers a bad one with a traceback."""

from __future__ import annotations

import re
import time
from typing import Any

from bokeh.util.token import get_session_id, get_token_payload

WHY = "this websocket belongs to no page of this server, or to one that is too old; reload the page"

_SESSION = re.compile(r"[\w.-]{8,200}", re.ASCII)


def session_of(request: Any) -> str:
    """The session for which a websocket's request asks; empty where its token names none."""
    try:
        return str(get_session_id(_sent(request)[1]))
    except Exception:  # noqa: BLE001 - a stranger wrote it
        return ""


def current(request: Any) -> bool:
    """Whether a websocket's request carries a token that can be read and has not expired.

    A request that is not for a websocket passes; tornado reports its error.
    """
    if request.headers.get("Upgrade", "").lower() != "websocket":
        return True
    protocol, token = _sent(request)
    try:
        session, payload = get_session_id(token), get_token_payload(token)
        named = isinstance(session, str) and _SESSION.fullmatch(session) is not None
        return named and protocol == "bokeh" and time.time() < float(payload["session_expiry"])
    except Exception:  # noqa: BLE001 - a stranger wrote it: base64, JSON, zlib and the fields can all be wrong
        return False


def _sent(request: Any) -> tuple[str, str]:
    """The protocol that a websocket's request names, and its token."""
    protocol, _, token = request.headers.get("Sec-WebSocket-Protocol", "").partition(",")
    return protocol.strip(), token.strip()
