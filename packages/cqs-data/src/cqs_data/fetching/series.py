"""One series: what the lake lacks of it, asked for page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cqs_core import Exchange, ExchangeError, Lake, Page, Series, intervals
from cqs_core.lake.cleaning import Cleaned
from cqs_core.lake.names import LakeObject
from cqs_core.lake.ranges import Range, subtract
from cqs_core.progress import Progress
from cqs_data.exchanges.unified import EARLIEST
from cqs_data.fetching.patience import Patience
from cqs_data.fetching.run import Run, check

SETTLING = 2_000  # ms after its end for which an exchange may still change a candle


@dataclass
class SeriesFetch:
    """The fetching of one series.

    Attributes:
        exchange: a connection.
        lake: where candles go.
        series: which.
        patience: how the exchange is waited for.
        work: whose progress this is a part of.
        run: what was stored.
    """

    exchange: Exchange
    lake: Lake
    series: Series
    patience: Patience
    work: Progress

    def __post_init__(self) -> None:
        self.run = Run(self.lake, self.series, self.source)

    @property
    def source(self) -> str:
        return "endpoint" if self.exchange.endpoint else "exchange"

    @property
    def closed(self) -> int:
        """Candles that open at or after this are not finished, ms UTC."""
        return intervals.floor(self.series.interval, self.exchange.now() - SETTLING)

    async def fetch(self, start: int | None, end: int | None) -> None:
        """Get what of `[start, end)` was not answered before; `run` tells what became of it.

        Raises:
            ExchangeError: the exchange does not answer; what it did answer is stored.
        """
        objects = self.lake.objects(self.series)
        asked = self._grid(start, end)
        self.run.seen = max((o.seq for o in objects), default=0)
        missing = subtract(asked, self._answered(objects))
        if start is not None or objects:
            self.work.expect(sum(intervals.count(self.series.interval, *m) for m in missing), part=str(self.series))
        for bounds in missing:
            await self._range(bounds)

    def _grid(self, start: int | None, end: int | None) -> Range:
        name, closed = self.series.interval, self.closed
        first = EARLIEST if start is None else start
        if self.exchange.history:
            first = max(first, intervals.next_open(name, closed, -self.exchange.history))
        return intervals.ceil(name, first), min(closed, closed if end is None else intervals.ceil(name, end))

    def _answered(self, objects: Sequence[LakeObject]) -> list[Range]:
        """Made-up candles do not stand for real ones, nor the other way round; imported ones count for both."""
        return [(o.start, o.end) for o in objects if o.source in {self.source, "import"}]

    async def _range(self, bounds: Range) -> None:
        low, high = bounds
        try:
            while low < high:
                page, cleaned = await self._page(low, high)
                await self.run.add(page, cleaned)
                self.work.advance(len(cleaned.table), part=str(self.series))
                low, high = (low, page.start) if page.end >= high else (page.end, high)
        finally:
            await self.run.finish()

    async def _page(self, low: int, high: int) -> tuple[Page, Cleaned]:
        """One answer; one with bad rows is asked for once more, and the better of the two is taken."""
        page, cleaned = await self._asked(low, high)
        if cleaned.rejects:
            again = await self._asked(low, high)
            if len(again[1].rejects) < len(cleaned.rejects):
                return again
        return page, cleaned

    async def _asked(self, low: int, high: int) -> tuple[Page, Cleaned]:
        market, interval = self.series.market, self.series.interval
        page = await self.patience.ask(lambda: self.exchange.page(market, interval, low, high))
        if not low <= page.start < page.end <= high or (page.start > low and page.end < high):
            raise ExchangeError(f"{self.series.exchange} answered another range than was asked; its plugin is wrong")
        return page, check(page, self.series, self.closed)
