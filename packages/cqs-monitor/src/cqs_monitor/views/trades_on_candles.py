"""Trades on candles: which symbol is drawn, on which series, around which time, with which marks."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cqs_core import Lake, Series
from cqs_core.time.intervals import DAY
from cqs_monitor.logs.days import zone_label
from cqs_monitor.performance.prices import market_of
from cqs_panel import Marks, Spot

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cqs_core import LogFormat

_INTERVALS = ("1h", "1d", "15m", "4h", "5m", "1m", "1w")
_MARKS = 2000


def wanted(
    rows: pa.Table, asked: Mapping[str, str], usual: str, form: LogFormat, day_start: int = 0
) -> tuple[str, Spot | None]:
    """Which symbol to draw and where: that of the trade or day which the address names, else the usual one.

    Args:
        rows: trades.
        asked: `trade` as `2025-11-20 09:03:32 BTC`, on the bot's clock; or `day`.
        usual: the symbol where nothing is asked for.
        form: of the rows: its zone is that of the clock.
        day_start: microseconds after midnight at which a day begins.
    """
    at, symbol = asked.get("trade", "")[:19], asked.get("trade", "")[20:]
    if symbol and (moment := _moment(at, form.zone)) is not None and _is_logged(rows, symbol, moment):
        return symbol, Spot(moment, moment, f"trade of {at[:16]} {zone_label(form.zone)}")
    start = _moment(asked.get("day", ""), form.zone)
    if start is None:
        return usual, None
    start += day_start // 1000
    ts = rows["timestamp"].cast(pa.int64()).to_numpy() // 1000
    profits = np.nan_to_num(np.asarray(rows["profit"].to_numpy(zero_copy_only=False), np.float64))
    inside = np.flatnonzero((ts >= start) & (ts < start + DAY))
    spot = Spot(start, start + DAY, f"{asked['day']} {zone_label(form.zone)}")
    if not len(inside):
        return usual, spot
    return str(rows["symbol"][int(inside[np.argmax(np.abs(profits[inside]))])].as_py()), spot


def _is_logged(rows: pa.Table, symbol: str, second: int) -> bool:
    """Whether a symbol was traded in that second, ms UTC."""
    at = rows.filter(pc.equal(rows["symbol"], pa.scalar(symbol)))["timestamp"].cast(pa.int64()).to_numpy() // 1_000_000
    return bool((at == second // 1000).any())


def _moment(text: str, zone: str) -> int | None:
    """When a clock of the zone shows this, ms UTC."""
    try:
        return int(dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)
    except ValueError:
        return None


def find_series(bucket: Any, symbol: str, form: LogFormat) -> Series | None:
    """The series on which a symbol's trades are drawn: the finest that reaches far."""
    market, lake = market_of(symbol, form), Lake(bucket)
    if market is None:
        return None
    candidates = (Series(*market, interval) for interval in _INTERVALS)
    return next((series for series in candidates if lake.objects(series)), None)


def marks_of(table: pa.Table, symbol: str, currency: str) -> list[Marks]:
    """The newest buys and sells of a symbol in some rows, at most 2000 of each."""
    table = table.filter(pc.equal(table["symbol"], pa.scalar(symbol)))
    sell = table["sell"].to_numpy()
    sides = ((False, "buy"), (True, "sell"))
    return [_marks(table.filter(pa.array(sell == sold)), side, currency) for sold, side in sides]


def _marks(table: pa.Table, side: Any, currency: str) -> Marks:
    table = table.slice(max(0, table.num_rows - _MARKS))
    price = table["price"].to_numpy()
    ts = table["timestamp"].cast(pa.int64()).to_numpy() // 1000
    profits = table["profit"].to_pylist()
    verb = "Bought" if side == "buy" else "Sold"
    text = [
        f"{verb} at {p:,.10g}" + ("" if profit is None else f", {profit:+,.0f} {currency}")
        for p, profit in zip(price.tolist(), profits, strict=True)
    ]
    return Marks(verb, ts, np.asarray(price, np.float64), side, text)
