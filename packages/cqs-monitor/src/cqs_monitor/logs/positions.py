"""positions.json: what an account holds, or the fact that nobody can say."""

from __future__ import annotations

import datetime as dt
import json
import math
from dataclasses import dataclass
from typing import Any, Literal

from cqs_monitor.logs.days import KST

State = Literal["ok", "absent", "unreadable"]

DUST = 1e-8
"""Coins; at most this much of anything is dust, which no order can sell."""


@dataclass(frozen=True)
class Position:
    """Something held.

    Attributes:
        symbol: as the bot wrote it.
        quantity: coins.
        entry_price: KRW.
        entry_time: aware, None where the bot wrote none that can be read.
    """

    symbol: str
    quantity: float
    entry_price: float
    entry_time: dt.datetime | None

    @property
    def dust(self) -> bool:
        return self.quantity <= DUST


@dataclass(frozen=True)
class Positions:
    """The file's content; `held` is empty unless `state` is `ok`, and `reason` says why it is not."""

    state: State
    held: tuple[Position, ...] = ()
    reason: str = ""


ABSENT = Positions("absent")


def read_positions(data: bytes) -> Positions:
    """The positions, all of them or none: a file of which one entry cannot be read is unreadable."""
    try:
        found = json.loads(data)
        if not isinstance(found, dict):
            return Positions("unreadable", reason=f"a JSON {type(found).__name__} where an object is expected")
        return Positions("ok", tuple(_position(symbol, entry) for symbol, entry in found.items()))
    except (ValueError, RecursionError) as error:
        return Positions("unreadable", reason=str(error) or type(error).__name__)


def _position(symbol: str, entry: Any) -> Position:
    if not isinstance(entry, dict):
        raise ValueError(f"{symbol[:40]!r} is no object")  # noqa: TRY004 - the file is wrong, not the caller
    quantity, price = (_number(symbol, entry, name) for name in ("quantity", "entry_price"))
    return Position(symbol, quantity, price, _time(entry.get("entry_time")))


def _number(symbol: str, entry: dict[str, Any], name: str) -> float:
    value = entry.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value < 0:
        raise ValueError(f"{name} of {symbol[:40]!r} is {str(value)[:40]!r}, no quantity")
    return float(value)


def _time(text: Any) -> dt.datetime | None:
    try:
        at = dt.datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=KST)
