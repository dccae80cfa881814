"""Errors of the bot as JSON lines (`ts,level,msg,module[,exc]`), if it is configured to write them."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

LAST = 200
"""Lines of a file that are kept, its last ones."""


class BotError(NamedTuple):
    """One line.

    Attributes:
        account: empty for the whole bot.
        at: as the bot wrote it, ISO 8601 or epoch seconds.
        level: `ERROR`, `WARNING` …
        message: with the exception's last line, where there is one.
        module: that wrote it.
    """

    account: str
    at: str
    level: str
    message: str
    module: str


def read_errors(account: str, data: bytes) -> tuple[list[BotError], int]:
    """The file's last lines, oldest first, and how many of them are not a JSON object."""
    lines = [line for line in data.split(b"\n") if line.strip(b"\0\r ")][-LAST:]
    found = [_error(account, line) for line in lines]
    errors = [one for one in found if one]
    return errors, len(found) - len(errors)


def _error(account: str, line: bytes) -> BotError | None:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(entry, dict):
        return None
    raised = str(entry.get("exc") or "").strip().splitlines()
    message = ": ".join([_text(entry.get("msg")), *raised[-1:]])
    return BotError(account, _text(entry.get("ts")), _text(entry.get("level")), message, _text(entry.get("module")))


def _text(value: Any) -> str:
    return "" if value is None else str(value)[:1000]
