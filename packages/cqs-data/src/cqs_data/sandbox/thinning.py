"""Candles of a market in which nothing is traded for much of the time, and whose days and weeks open elsewhere."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

from cqs_core.time.intervals import DAY, HOUR, WEEK
from cqs_data.sandbox.candle_rows import CandleRows, Source, aggregate, divides, regroup, step
from cqs_data.sandbox.seeded import uniform

if TYPE_CHECKING:
    from collections.abc import Callable

_BASES = ("1m", "1h", "1d")
_CHUNK = 30 * DAY  # of minutes that are thinned at once


class Thinned:
    """A source without a share of the shortest candles of another one; longer ones are put together from the others.

    Args:
        source: the other one.
        share: that is left out, 0..1.
        week_shift: when weeks open after Thursday 00:00 UTC, ms; None is as the source has it.
        day_shift: when days open after 00:00 UTC, ms.
        clock: gives the time in ms UTC.
    """

    def __init__(
        self, source: Source, share: float, week_shift: int | None, day_shift: int, clock: Callable[[], int]
    ) -> None:
        self.source, self.share, self.week_shift, self.day_shift = source, share, week_shift, day_shift
        self.clock = clock
        self._base = cache(self._shortest)
        self._hours: dict[tuple[str, str, int], CandleRows] = {}

    def markets(self, exchange: str) -> list[str]:
        return list(self.source.markets(exchange))

    def first(self, exchange: str, market: str) -> int:
        return self.source.first(exchange, market)

    def bars(self, exchange: str, market: str, interval: str, start: int, end: int) -> CandleRows:
        shift = {"1w": self.week_shift, "1d": self.day_shift}.get(interval)
        if not shift:
            return self._traded(exchange, market, interval, start, end)
        size, fine = step(interval), "1h" if self.day_shift else "1d"
        part = self._traded(exchange, market, fine, start - size, end + size)
        return regroup(part, (part.ts - shift) // size * size + shift).between(start, end)

    def _traded(self, exchange: str, market: str, interval: str, start: int, end: int) -> CandleRows:
        """Candles on the usual grid."""
        base = self._base(exchange, market)
        if not self.share or base is None:
            return self.source.bars(exchange, market, interval, start, end)
        if interval == base or not divides(base, interval):
            return self._left(exchange, market, interval, start, end)
        low, high = start - 31 * DAY, min(end, self.clock() + 1) + 31 * DAY
        if base != "1m" or step(interval) < HOUR:
            wide = step(interval)
            parts = [self._left(exchange, market, base, start // wide * wide - wide, -(-end // wide) * wide)]
            parts = parts if wide <= DAY else [self._left(exchange, market, base, low, high)]
        else:
            parts = [self._chunk(exchange, market, at) for at in range(low // _CHUNK * _CHUNK, high, _CHUNK)]
        ts, values = (np.concatenate(column) for column in zip(*parts, strict=True))
        return aggregate(CandleRows(ts, values), interval).between(start, end)

    def _chunk(self, exchange: str, market: str, at: int) -> CandleRows:
        """Hours of thirty days."""
        key = exchange, market, at
        if key in self._hours:
            return self._hours[key]
        hours = aggregate(self._left(exchange, market, "1m", at, at + _CHUNK), "1h")
        if at + _CHUNK < self.clock():
            self._hours[key] = hours
        return hours

    def _left(self, exchange: str, market: str, interval: str, start: int, end: int) -> CandleRows:
        if end <= self.source.first(exchange, market) - WEEK or start > self.clock():
            return CandleRows.empty()
        bars = self.source.bars(exchange, market, interval, start, end)
        traded = uniform(crc32(f"{exchange} {market} {interval}".encode()), bars.ts) >= self.share
        return CandleRows(bars.ts[traded], bars.values[traded])

    def _shortest(self, exchange: str, market: str) -> str | None:
        first = self.source.first(exchange, market)
        every = (self.source.bars(exchange, market, name, first, first + 30 * DAY) for name in _BASES)
        return next((name for name, bars in zip(_BASES, every, strict=True) if len(bars.ts)), None)
