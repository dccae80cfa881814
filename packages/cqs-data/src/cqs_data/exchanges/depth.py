"""How far back an exchange gives candles: found from its answers, whatever its id, and cached for the run.

Some keep only their last candles, and some give their newest ones whatever was asked. What they do not give may have
been traded all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqs_core import ExchangeBusy
from cqs_core.time import intervals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_data.exchanges.unified import CcxtExchange

    Rows = Sequence[Sequence[float | None]]
    Key = tuple[str, str]

# Exchanges whose candle endpoint gives only so many candles, counted back from now, the one under way among them: after
# their documentation, and, of Gate, by what it answers to older questions (ccxt issue 27861).
HISTORY = {"gate": 10_000, "gateio": 10_000, "hyperliquid": 5000, "kraken": 720}
_LONGER = ("1d", "1w", "1M")
_BEFORE = 4  # longer bars before a first candle that are checked
_WINDOWS = 20  # questions about one longer bar at most


class Depth:
    """Facts about the first candles of one connection's series.

    Args:
        exchange: whose.
    """

    def __init__(self, exchange: CcxtExchange) -> None:
        self._exchange = exchange
        self._reached: dict[Key, int] = {}
        self._kept: dict[Key, tuple[int, int]] = {}
        self._deaf: set[Key] = set()

    def oldest(self, market: str, interval: str) -> int:
        """Open before which it was seen to give nothing any more, ms UTC; 0 where it was not."""
        return self._kept.get((market, interval), (0, 0))[0]

    def candles(self, market: str, interval: str) -> int | None:
        """How many candles it gives at most, the one under way among them; None where it gives all."""
        kept = self._kept.get((market, interval))
        return kept[1] if kept else self._exchange.history

    def deaf(self, market: str, interval: str) -> bool:
        """Whether it was seen to give its newest candles whatever is asked."""
        return (market, interval) in self._deaf

    async def cuts(self, market: str, interval: str, start: int, rows: Rows) -> bool:
        """Whether an answer to `start` begins later only since the exchange gives nothing older.

        Raises:
            ExchangeBusy: it gives candles that are missing in this answer.
        """
        key, first = (market, interval), _opened(rows[0])
        self._reach(key, first)
        if first <= start:
            return False
        if start <= self._edge(market, interval):
            return self._keep(key, first, min(self.candles(market, interval) or len(rows), self._held(interval, rows)))
        if self._reached[key] <= start:
            return False
        size = self._exchange.caps.most(market, interval)
        older = await self._exchange.rows_from(market, interval, intervals.next_open(interval, start, -size))
        if any(start <= _opened(row) < first for row in older):
            raise await self._cause(key, rows)
        if older and _opened(older[0]) <= start:
            self._reach(key, _opened(older[0]))
        elif (older and await self._ignored(key, rows)) or await self._hides(key, first):
            return self._keep(key, first, self._held(interval, rows))
        self._reach(key, start)
        return False

    async def forgets(self, market: str, interval: str, start: int, stop: int) -> bool:
        """Whether an answer has no candle in `[start, stop)` only since the exchange gives nothing so old."""
        key = market, interval
        if self._reached.get(key, stop) <= start:
            return False
        if start <= self._edge(market, interval) or await self._hides(key, stop):
            return self._keep(key, stop, self._until_now(interval, stop))
        self._reach(key, start)
        return False

    async def ends(self, market: str, interval: str, start: int, first: int) -> bool:
        """The same for an exchange that itself reports that nothing is before `first`.

        Raises:
            ExchangeBusy: it gives some after all.
        """
        key = market, interval
        if first <= start or self._reached.get(key, first) <= start:
            return False
        if start <= self._edge(market, interval) or await self._hides(key, first):
            return self._keep(key, first, self._until_now(interval, first))
        if self._reached.get(key, first) < first:
            raise self._exchange.contradicted(market)
        self._reach(key, start)
        return False

    async def ignores(self, market: str, interval: str, rows: Rows) -> bool:
        """Whether rows that all open before the requested range are just the newest rows, sent for any request."""
        key = market, interval
        if key not in self._deaf:
            newest = await self._exchange.ohlcv(market, interval, None, self._exchange.caps.most(market, interval))
            if [row[0] for row in newest] == [row[0] for row in rows]:
                self._deaf.add(key)
        return key in self._deaf

    def _reach(self, key: Key, ts: int) -> None:
        self._reached[key] = min(ts, self._reached.get(key, ts))

    def _keep(self, key: Key, first: int, count: int) -> bool:
        self._kept[key] = first, min(count, self._kept.get(key, (0, count))[1])
        return True

    def _held(self, interval: str, rows: Rows) -> int:
        """Candles from the first of these rows on: of an answer up to now its own, else as many as there are bars."""
        newest = intervals.next_open(interval, self._exchange.now(), -1)
        return len(rows) if _opened(rows[-1]) >= newest else self._until_now(interval, _opened(rows[0]))

    def _until_now(self, interval: str, start: int) -> int:
        return intervals.count(interval, start, self._exchange.now() + 1)

    def _edge(self, market: str, interval: str) -> int:
        """Open of the oldest candle that may still be there, ms UTC, where it is known that older ones are not."""
        count = self.candles(market, interval)
        if count is None:
            return 0
        under_way = intervals.floor(interval, self._exchange.now())
        return max(self.oldest(market, interval), intervals.next_open(interval, under_way, 2 - count))

    async def _cause(self, key: Key, rows: Rows) -> ExchangeBusy:
        """Why an answer lacks candles that another one has: it has only the newest ones, or is wrong."""
        if key not in self._deaf and await self._ignored(key, rows):
            return ExchangeBusy(f"{self._exchange.id} ignores what time is asked for", wait=0.0)
        return self._exchange.contradicted(key[0])

    async def _ignored(self, key: Key, rows: Rows) -> bool:
        """Whether older ones come where only the newest row is asked for."""
        newest = _opened(rows[-1])
        again = await self._exchange.rows_from(*key, newest)
        if again and _opened(again[0]) < intervals.next_open(key[1], newest, -2):
            self._deaf.add(key)
        return key in self._deaf

    async def _hides(self, key: Key, first: int) -> bool:
        """Whether longer bars show that something was traded before `first`, and nothing of it is given."""
        market, interval = key
        longer = next((i for i in _LONGER if self._exchange.offers(i) and _length(i) > _length(interval)), None)
        if longer is None:
            return False
        since = intervals.next_open(longer, first, -_BEFORE)
        bars = await self._exchange.rows_from(market, longer, since)
        ended = [_opened(bar) for bar in bars if _opened(bar) + _length(longer) <= first and bar[5]]
        if not ended:
            return False
        bar = ended[-1], min(first, ended[-1] + _length(longer))
        if not await self._gives_none(key, *bar, first):
            return False
        await self._check_newest(key)  # an exchange in maintenance gives none either, for a while
        return await self._gives_none(key, *bar, first)

    async def _check_newest(self, key: Key) -> None:
        """Raises ExchangeBusy where not even the newest candles are given."""
        if not await self._exchange.ohlcv(*key, None, self._exchange.caps.most(*key)):
            raise self._exchange.contradicted(key[0])

    async def _gives_none(self, key: Key, start: int, end: int, first: int) -> bool:
        """Whether of a longer bar that was traded in no shorter one is given."""
        size = self._exchange.caps.most(*key)
        for _ in range(_WINDOWS):
            rows = await self._exchange.rows_from(*key, start)
            if rows and _opened(rows[0]) < first:
                self._reach(key, _opened(rows[0]))
                return False
            start = intervals.next_open(key[1], start, size)
            if rows or start >= end:
                break
        return True


def _length(interval: str) -> int:
    return 31 * intervals.DAY if interval == "1M" else intervals.length(interval)


def _opened(row: Sequence[Any]) -> int:
    return int(row[0] or 0)
