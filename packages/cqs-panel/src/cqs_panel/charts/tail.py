"""Candles that are newer than the stored ones, kept in memory behind them: a chart that moves with the market."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_panel.charts.buckets import Buckets, joined, of_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core import Series
    from cqs_panel.charts.sources import CandleSource

Row = tuple[float, ...]


class TailedCandles:
    """A source and its tail, as exact at any zoom as one alone: a bucket may hold candles of both.

    The tail has every candle from its first on. Candles stored in the meantime win, so that none counts twice.

    Args:
        stored: the source behind which the tail is put.
    """

    def __init__(self, stored: CandleSource) -> None:
        self._stored = stored
        self._ends: tuple[int, int] | None = None
        self._rows: Sequence[Row] = ()
        self._tail = of_rows((), stored.base)

    @property
    def series(self) -> Series | None:
        return self._stored.series

    @property
    def base(self) -> int:
        return self._stored.base

    def warm(self) -> None:
        self._stored.warm()

    def last_stored(self) -> int | None:
        """Open of the last candle that is stored now, ms UTC; None where there is none. It reads."""
        stored = self._stored.span()
        return stored[1] if stored else None

    def follow(self, rows: Sequence[Row]) -> int | None:
        """Take these as the tail.

        Args:
            rows: ts (ms UTC), open, high, low, close, volume of each candle, ascending.

        Returns:
            Open of the first candle that is another than before, ms UTC; None where none is.
        """
        changed = set(self._rows) ^ set(rows)
        self._rows, self._tail = rows, of_rows(rows, self.base)
        return int(min(row[0] for row in changed)) if changed else None

    def span(self) -> tuple[int, int] | None:
        tail = self._tail
        if self._ends is None or not len(tail):
            self._ends = self._stored.span()
        if not len(tail):
            return self._ends
        first, last = self._ends or (int(tail.ts[0]), 0)
        return first, max(last, int(tail.ts[-1]))

    def buckets(self, start: int, end: int, step: int) -> Buckets:
        tail = self._tail
        if len(tail) and start >= tail.ts[0]:
            return tail.between(start, end).gathered(step)
        stored, last = self._read(start, end, step)
        newer = tail.between(max(start, last + 1), end)
        # Buckets begin on their own grid, so that combining them with newer ones completes the one in between.
        return joined([stored, newer], self.base).gathered(step)

    def _read(self, start: int, end: int, step: int) -> tuple[Buckets, int]:
        """The stored candles and the open of the last one, both from one moment despite concurrent writers."""
        while True:
            before = self._stored.span()
            last = before[1] if before else -1
            found = self._stored.buckets(start, min(end, last + 1), step) if start <= last else joined([], step)
            self._ends = self._stored.span()
            if self._ends == before:
                return found, last
