"""Habits in which exchanges differ: short pages, unrequested rows, sparse markets, other grids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cqs_core import UsageError
from cqs_core.time import clock
from cqs_core.time.intervals import DAY, WEEK
from cqs_data.sandbox.candle_rows import CandleRows, Source, newest, oldest, step
from cqs_data.sandbox.seeded import uniform
from cqs_data.sandbox.thinning import Thinned

if TYPE_CHECKING:
    from collections.abc import Callable

WEEKDAYS = ("Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday")  # the epoch is a Thursday


@dataclass(frozen=True)
class Habits:
    """Habits of an exchange; by default it behaves as documented.

    Attributes:
        page_cap: candles in one answer at most, however many are asked for.
        ignores_since: whether the newest candles are given, whatever range is asked for.
        last: only this many candles of an interval are served, counted back from now, the unfinished one included.
        sparse: share of minutes (or of the source's shortest candles) without a trade, 0..1; longer candles fit them.
        week_start: day of the week on which weeks open.
        day_start: when days and weeks open, ms after 00:00 UTC.
        off_grid: share of candles that are followed by a stray one, which opens between two.
    """

    page_cap: int | None = None
    ignores_since: bool = False
    last: int | None = None
    sparse: float = 0.0
    week_start: str = "Monday"
    day_start: int = 0
    off_grid: float = 0.0

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            UsageError: one makes no sense.
        """
        for name in ("page_cap", "last"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(f"{name} is {value!r}; give a number of candles from 1 on")
        for name in ("sparse", "off_grid"):
            if not 0 <= getattr(self, name) < 1:
                raise UsageError(f"{name} is {getattr(self, name)!r}; give a share from 0 to less than 1")
        if self.week_start not in WEEKDAYS:
            raise UsageError(f"week_start is {self.week_start!r}; give one of {', '.join(WEEKDAYS)}")
        if not 0 <= self.day_start < DAY:
            raise UsageError(f"day_start is {self.day_start!r}; give milliseconds of a day")


class Habitual:
    """Candles of a source as an exchange with such habits has them; itself a source.

    Args:
        source: where the candles come from.
        habits: of the exchange.
        clock: gives the time in ms UTC.
    """

    def __init__(self, source: Source, habits: Habits, clock: Callable[[], int] = clock.now) -> None:
        week = WEEKDAYS.index(habits.week_start) * DAY + habits.day_start
        shift = None if (habits.week_start, habits.day_start) == ("Monday", 0) else week or WEEK
        self.source = Thinned(source, habits.sparse, shift, habits.day_start, clock)
        self.habits, self.clock = habits, clock

    def markets(self, exchange: str) -> list[str]:
        return self.source.markets(exchange)

    def first(self, exchange: str, market: str) -> int:
        return self.source.first(exchange, market)

    def bars(self, exchange: str, market: str, interval: str, start: int, end: int) -> CandleRows:
        found = self.source.bars(exchange, market, interval, start - step(interval), end)
        if self.habits.off_grid:
            found = with_strays(found, interval, self.habits.off_grid, self.clock())
        return found.between(max(start, self.kept(exchange, market, interval)), end)

    def kept(self, exchange: str, market: str, interval: str) -> int:
        """Open of the oldest candle that is still given, ms UTC; 0 where all are."""
        if self.habits.last is None:
            return 0
        last = newest(self.source, exchange, market, interval, self.clock() + 1, self.habits.last)
        return int(last.ts[0]) if len(last.ts) else self.clock() + 1


def with_strays(bars: CandleRows, interval: str, share: float, now: int) -> CandleRows:
    """Some candles again, a third of a bar later."""
    stray = (uniform(97, bars.ts) < share) & (bars.ts + step(interval) <= now)
    ts = np.r_[bars.ts, bars.ts[stray] + step(interval) // 3]
    order = np.argsort(ts, kind="stable")
    return CandleRows(ts[order], np.vstack([bars.values, bars.values[stray]])[order])


def backwards(source: Source, exchange: str, market: str, interval: str, end: int, count: int) -> CandleRows:
    """An answer with the last `count` candles that open before `end`, as the habits of the source have it."""
    _, end, count = _asked(source, end, count)
    if isinstance(source, Habitual) and end <= source.kept(exchange, market, interval):
        return CandleRows.empty()
    return newest(source, exchange, market, interval, end, count)


def forwards(source: Source, exchange: str, market: str, interval: str, start: int, end: int, count: int) -> CandleRows:
    """An answer with the first `count` candles that open in `[start, end)`, as the habits of the source have it."""
    habits, stop, count = _asked(source, end, count)
    if habits.ignores_since:
        return newest(source, exchange, market, interval, stop, count)
    if isinstance(source, Habitual):
        start = max(start, source.kept(exchange, market, interval))
    return oldest(source, exchange, market, interval, start, end, count)


def window(source: Source, exchange: str, market: str, interval: str, start: int, end: int, count: int) -> CandleRows:
    """An answer with the last `count` candles that open in `[start, end)`, as the habits of the source have it."""
    habits, stop, count = _asked(source, end, count)
    if habits.ignores_since:
        return newest(source, exchange, market, interval, stop, count)
    return source.bars(exchange, market, interval, start, end).last(count)


def _asked(source: Source, end: int, count: int) -> tuple[Habits, int, int]:
    """Habits of a source, and what becomes of a question: its end, and how many candles are given."""
    if not isinstance(source, Habitual):
        return Habits(), end, count
    habits = source.habits
    return (
        habits,
        source.clock() + 1 if habits.ignores_since else end,
        min(count, habits.page_cap or count, habits.last or count),
    )
