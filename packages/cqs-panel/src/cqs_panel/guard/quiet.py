"""Keeps harmless errors off the terminal: a client that leaves while a response is on its way."""

from __future__ import annotations

import logging
from typing import Any

from bokeh.server.protocol_handler import ProtocolHandler
from bokeh.server.views.ws import WSHandler

_ORDINARY = ("Failed sending message as connection was closed",)


def install() -> None:
    """Drop these lines of Bokeh's log, let no connection be closed twice, and answer no message of one that is gone."""
    logging.getLogger("bokeh.server.views.ws").addFilter(_is_news)
    close = WSHandler.on_close

    def on_close(self: Any) -> None:
        if self.connection is None or self.connection._session is not None:  # noqa: SLF001 - asking asserts it
            close(self)  # else the session was given back when a ping found the client gone

    WSHandler.on_close = on_close
    handle = ProtocolHandler.handle

    async def handle_unless_gone(self: Any, message: Any, connection: Any) -> Any:
        if connection._session is None:  # noqa: SLF001 - asking asserts it; its last messages may wait for their turn
            return None
        return await handle(self, message, connection)

    ProtocolHandler.handle = handle_unless_gone


def _is_news(record: logging.LogRecord) -> bool:
    return record.msg not in _ORDINARY
