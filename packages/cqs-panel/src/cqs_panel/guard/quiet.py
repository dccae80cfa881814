"""Keeps off the terminal what is no fault: a client that goes away while something is on its way to it."""

from __future__ import annotations

import logging

_ORDINARY = ("Failed sending message as connection was closed",)


def install() -> None:
    """Drop these lines of Bokeh's log; a second call changes nothing."""
    logging.getLogger("bokeh.server.views.ws").addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    return record.msg not in _ORDINARY
