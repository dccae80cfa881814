"""One row of a trades CSV, judged alone: the definition of a complete row.

`parse.read_block` judges many at once; whatever it accepts, this accepts with the same values.
"""

from __future__ import annotations

import csv
import datetime as dt
import math
from typing import TYPE_CHECKING, NamedTuple

from cqs_monitor.logs.table import AMOUNT_TOLERANCE

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS = (
    "timestamp",
    "date",
    "action",
    "symbol",
    "price",
    "quantity",
    "amount",
    "profit_pct",
    "profit_krw",
)
NATURAL = tuple(range(len(COLUMNS)))
"""Where the columns are in a line as the bot writes it."""

PROFIT_TOLERANCE = 1e-4
"""Fraction of `amount` by which `profit_krw` of a whole row may miss what `profit_pct` tells; at least 1 KRW."""

DAY = 86_400_000_000
"""Microseconds."""

KST_OFFSET = 9 * 3_600_000_000
"""Microseconds by which the bot's calendar is ahead of UTC."""

_KST = dt.timezone(dt.timedelta(hours=9))
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_LOST = "\ufffd"
_EPOCH_DAY = dt.date(1970, 1, 1).toordinal()


class Row(NamedTuple):
    """A complete row.

    Attributes:
        timestamp: microseconds since the epoch, UTC.
        date: days since 1970-01-01, as the bot wrote them (KST calendar day).
        sell: SELL, else BUY.
        symbol: as the bot wrote it.
        price: KRW; `quantity` in coins; `amount` in KRW, gross of fees.
        profit_pct: percent, gross of fees; None on a BUY, as is `profit_krw`.
    """

    timestamp: int
    date: int
    sell: bool
    symbol: str
    price: float
    quantity: float
    amount: float
    profit_pct: float | None
    profit_krw: float | None

    def agrees(self) -> bool:
        """Whether the row agrees with itself, so that none of its numbers is torn."""
        if self.profit_pct is None or self.profit_krw is None:
            return abs(self.price * self.quantity - self.amount) <= AMOUNT_TOLERANCE * self.amount
        rest = 100 + self.profit_pct
        return rest > 0 and abs(self.profit_krw - self.amount * self.profit_pct / rest) <= 0.01

    def contradiction(self) -> str:
        """Which numbers of the row contradict each other; empty where none do."""
        if abs(self.price * self.quantity - self.amount) > AMOUNT_TOLERANCE * self.amount:
            return f"amount is {self.amount!r}, but price x quantity is {self.price * self.quantity!r}"
        if abs(self.date - (self.timestamp + KST_OFFSET) // DAY) > 1:
            return "date and timestamp are days apart"
        if self.profit_pct is None or self.profit_krw is None:
            return ""
        expected = self.amount * self.profit_pct / (100 + self.profit_pct) if self.profit_pct > -100 else float("nan")
        if abs(self.profit_krw - expected) <= max(1.0, PROFIT_TOLERANCE * self.amount):
            return ""
        return f"profit_krw is {self.profit_krw!r}, but amount and profit_pct make it {expected:.2f}"


class DamagedRow(ValueError):  # noqa: N818 - reads as what it is
    """Why a line is not a complete row; the message is shown to users."""


def row_of(fields: Sequence[str], places: Sequence[int] = NATURAL) -> Row:
    """The fields of a line as a row; a timestamp without an offset is one of KST.

    Args:
        fields: in the order of the line.
        places: where each of `COLUMNS` is.

    Raises:
        DamagedRow: they are none.
    """
    if len(fields) <= max(places):
        raise DamagedRow(f"{len(fields)} column{'' if len(fields) == 1 else 's'} where {max(places) + 1} are needed")
    when, day, action, symbol, price, quantity, amount, pct, krw = (fields[at] for at in places)
    if action not in ("BUY", "SELL"):
        raise DamagedRow(f"action is {action[:40]!r}, neither BUY nor SELL")
    if not symbol or _LOST in symbol:
        raise DamagedRow("no symbol" if not symbol else "symbol is not UTF-8")
    return Row(
        _timestamp(when),
        _date(day),
        action == "SELL",
        symbol,
        _positive("price", price),
        _positive("quantity", quantity),
        _positive("amount", amount),
        _profit(action, "profit_pct", pct),
        _profit(action, "profit_krw", krw),
    )


def is_local(timestamp: str) -> bool:
    """Whether a time that can be read has no offset from UTC."""
    return dt.datetime.fromisoformat(timestamp).tzinfo is None


def split(line: str) -> list[str]:
    """The line's columns; unquoted where they have quotation marks around them.

    Raises:
        DamagedRow: a quotation mark does not close.
    """
    if '"' not in line:
        return line.split(",")
    try:
        return next(csv.reader([line], strict=True))
    except (csv.Error, StopIteration):
        raise DamagedRow("a quotation mark that does not close") from None


def _timestamp(text: str) -> int:
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        raise DamagedRow(f"timestamp is {text[:40]!r}, no ISO 8601 time") from None
    if at.tzinfo is None:
        at = at.replace(tzinfo=_KST)
    return (at - _EPOCH) // dt.timedelta(microseconds=1)


def _date(text: str) -> int:
    try:
        day = dt.date.fromisoformat(text if len(text) == 10 else "")
    except ValueError:
        raise DamagedRow(f"date is {text[:40]!r}, no day") from None
    return day.toordinal() - _EPOCH_DAY


def _profit(action: str, name: str, text: str) -> float | None:
    if action == "SELL":
        return _number(name, text)
    if text:
        raise DamagedRow(f"{name} is {text[:40]!r} on a BUY, which has none")
    return None


def _positive(name: str, text: str) -> float:
    value = _number(name, text)
    if value <= 0:
        raise DamagedRow(f"{name} is {text[:40]!r}, not above 0")
    return value


def _number(name: str, text: str) -> float:
    if not text:
        raise DamagedRow(f"no {name}")
    try:
        value = float(text) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DamagedRow(f"{name} is {text[:40]!r}, no number")
    return value
