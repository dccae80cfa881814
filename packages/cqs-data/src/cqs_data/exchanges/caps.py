"""How many candles one answer holds: ccxt publishes it, and answers show if that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_core.time import intervals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_data.exchanges.unified import CcxtExchange

    Rows = Sequence[Sequence[float | None]]

_USUAL = 500  # candles, if ccxt does not say
_LARGEST = 5_000
_SURE = 100  # bars that every exchange's answer covers
_FEW = 0.9  # share of a question that an answer holds, though stray rows take the place of some


class Caps:
    """The caps of one connection.

    Args:
        exchange: whose.
    """

    def __init__(self, exchange: CcxtExchange) -> None:
        self._exchange = exchange
        self._cut: dict[str, list[int]] = {}
        self._spanned: dict[str, int] = {}
        self._short: set[str] = set()
        self._ended: dict[tuple[str, str], tuple[int, int]] = {}
        self._tried: set[str] = set()

    def most(self, market: str, interval: str) -> int:
        """Candles to ask for at once."""
        own: int | None = self._exchange.page_size
        published = self._exchange.published_cap(market) or own or _USUAL
        caps: list[int] = [own or _LARGEST, published, *self._cut.get(interval, ())]
        return min(caps)

    def cut(self, market: str, interval: str, rows: Rows) -> None:
        """Note rows of an answer that left out older ones: the next question is as short, if it lacked many."""
        bars = _bars(interval, int(rows[0][0] or 0), rows)
        if bars < _FEW * self.most(market, interval):
            self._cut.setdefault(interval, []).append(bars)

    def saw(self, market: str, interval: str, start: int, stop: int, rows: Rows) -> None:
        """Note rows of an answer to `[start, stop)`: how far they reach, and whether those before were cut."""
        inside = [row for row in rows if start <= int(row[0] or 0) < stop]
        if not inside:
            return
        reach, wanted = self._ended.get((market, interval), (0, 0))
        if reach == start and int(inside[0][0] or 0) < wanted:
            self._short.add(interval)
        self._spanned[interval] = max(self._spanned.get(interval, 0), _bars(interval, start, inside))
        self._ended[market, interval] = intervals.next_open(interval, int(inside[-1][0] or 0)), stop

    async def covered(self, market: str, interval: str) -> int:
        """Bars for which an answer without candles can stand: as many as another one was seen to hold."""
        size = self.most(market, interval)
        if self._spanned.get(interval, 0) < size and interval not in self._tried:
            self._tried.add(interval)
            await self._try(market, interval, size)
        spanned = self._spanned.get(interval, 0)
        return min(size, spanned if interval in self._short else max(spanned, _SURE))

    async def _try(self, market: str, interval: str, size: int) -> None:
        """Ask for the newest candles, and for those after the answer's last one."""
        stop = intervals.next_open(interval, self._exchange.now())
        at = intervals.next_open(interval, stop, -size)
        for _ in range(2):
            rows = await self._exchange.rows_from(market, interval, at)
            self.saw(market, interval, at, stop, rows)
            reach, wanted = self._ended.get((market, interval), (stop, stop))
            if wanted != stop or not at < reach < stop:
                break
            at = reach


def _bars(interval: str, start: int, rows: Rows) -> int:
    return intervals.count(interval, start, int(rows[-1][0] or 0) + 1)
