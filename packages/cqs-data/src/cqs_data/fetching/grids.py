"""Exchanges whose bars open at other times than those of the lake: weeks on Thursday, days at 16:00 UTC."""

from __future__ import annotations

import datetime as dt
import shlex
from typing import TYPE_CHECKING

import numpy as np

from cqs_core import DataError
from cqs_core.lake import longest_part
from cqs_core.time import clock, intervals
from cqs_core.time.intervals import HOUR, INTERVALS, MINUTE, WEEK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core import Exchange, Series

_TWO = 2  # rows that show a grid; a single one may be a stray


def other_grid(interval: str, opens: Sequence[int], *, begun: bool) -> int | None:
    """An open, ms UTC, that shows that most of these bars are on another grid; None where they are not.

    Args:
        interval: of the bars.
        opens: of one answer, ms UTC.
        begun: whether the series has candles: then one bar alone is a stray, not a grid.
    """
    ts = np.asarray(opens, np.int64)
    shifts = np.array([_shift(interval, int(at)) for at in ts], np.int64)
    off = shifts[shifts != 0]
    if not len(off):
        return None
    values, counts = np.unique(off, return_counts=True)
    shift, count = int(values[counts.argmax()]), int(counts.max())
    alone = len(ts) == 1 and not begun and shift % HOUR == 0
    return int(ts[shifts == shift][-1]) if alone or (count >= _TWO and 2 * count > len(ts)) else None


def refusal(exchange: Exchange, series: Series, opened: int, asked: tuple[int | None, int | None]) -> DataError:
    """The error that says where the bars open, and the command that gets shorter ones from which they are derived."""
    name, lake = series.interval, _nearest(series.interval, opened)
    fact = f"{series.exchange} opens its {name} bars {_at(name, opened)}, the lake's open {_at(name, lake)}"
    shift = _shift(name, opened)
    fit = [i for i in INTERVALS if exchange.offers(i) and shift % intervals.length(i) == 0]
    part = longest_part(name, fit)
    if part is None:
        return DataError(f"{fact}, and it has no shorter ones that fit; import them from files with `cqs data import`")
    return DataError(f"{fact}; fetch {part}, from which they are derived: {_command(exchange, series, part, asked)}")


def _command(exchange: Exchange, series: Series, part: str, asked: tuple[int | None, int | None]) -> str:
    parts = ["cqs", "fetch", "--exchange", series.exchange, "--symbols", series.market, "--interval", part]
    for option, at in zip(("--start", "--end"), asked, strict=True):
        parts += [option, clock.iso(at)[:19]] if at is not None else []
    parts += ["--endpoint", exchange.endpoint] if exchange.endpoint else []
    return shlex.join(parts)


def _nearest(interval: str, ts: int) -> int:
    before, after = intervals.floor(interval, ts), intervals.ceil(interval, ts)
    return before if ts - before <= after - ts else after


def _shift(interval: str, ts: int) -> int:
    """How long after the lake's nearest open a bar opens, ms; negative before it."""
    return ts - _nearest(interval, ts)


def _at(interval: str, ts: int) -> str:
    """When bars open, by one of them: `on Thursday`, `at 16:00 UTC`, `on 2024-01-03 at 16:00 UTC`."""
    at = dt.datetime.fromtimestamp(ts / 1000, dt.UTC)
    time = f"{at:%H:%M}" if ts % MINUTE == 0 else f"{at:%H:%M:%S.%f}"[:12]
    if intervals.length(interval) <= intervals.DAY:
        return f"at {time} UTC"
    day = f"{at:%A}" if intervals.length(interval) == WEEK else f"{at:%Y-%m-%d}"
    return f"on {day}" + (f" at {time} UTC" if time != "00:00" else "")
