"""One series: what the lake lacks of it, asked for page by page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cqs_core import Exchange, ExchangeError, Lake, Page, Series, UsageError, intervals
from cqs_core.lake.ranges import Range, subtract
from cqs_core.lake.table import stamps
from cqs_data.exchanges.unified import EARLIEST
from cqs_data.fetching.run import Run, check, within

if TYPE_CHECKING:
    from cqs_core.lake.cleaning import Cleaned
    from cqs_core.lake.names import LakeObject
    from cqs_core.progress import Progress
    from cqs_data.fetching.patience import Patience

_LONG = 5_000  # bars to ask for, from which it pays to know where the market begins
_TOGETHER = 200  # bars; no exchange of ours gives fewer in one answer
_DOUBTS = 5  # times that a page with bad rows is asked again
SETTLING = 2_000  # ms after its end for which an exchange may still change a candle
LATE = 10 * intervals.MINUTE  # for which an exchange may not yet show a candle: that there is none is not noted before


@dataclass
class SeriesFetch:
    """The fetching of one series.

    Attributes:
        exchange: a connection.
        lake: where candles go.
        series: which.
        patience: how the exchange is waited for.
        work: whose progress this is a part of.
        objects: of the series, as a listing showed them.
        run: what was stored.
    """

    exchange: Exchange
    lake: Lake
    series: Series
    patience: Patience
    work: Progress
    objects: Sequence[LakeObject] = ()

    def __post_init__(self) -> None:
        self.run = Run(self.lake, self.series, self.source, self.objects)
        self._origin: int | None = None  # before which nothing is expected

    @property
    def source(self) -> str:
        return source_of(self.exchange)

    @property
    def closed(self) -> int:
        """Candles that open at or after this are not finished, ms UTC."""
        return intervals.floor(self.series.interval, self.exchange.now() - SETTLING)

    async def fetch(self, start: int | None, end: int | None) -> None:
        """Get what of `[start, end)` was not answered before; None is all that the exchange has.

        Raises:
            ExchangeError: the exchange does not answer; what it did answer is stored.
        """
        missing = subtract(self._grid(start, end), [(o.start, o.end) for o in self.objects])
        if sum(map(self._bars, missing)) > _LONG:
            self._origin = await self.patience.ask(lambda: self.exchange.first(self.series.market))
        self._expect(missing)
        await self._ask(missing)

    async def update(self) -> None:
        """Get what came since the newest answer."""
        newest = max((o.end for o in self.objects), default=EARLIEST)
        missing = subtract(self._grid(newest, None), [])
        self._expect(missing)
        await self._ask(missing)

    async def repair(self, holes: Iterable[Range]) -> None:
        """Ask again for these ranges; an answer without candles is stored only where there was none before."""
        answered = [(o.start, o.end) for o in self.objects if o.source != "import"]
        groups = list(self._together(hole for hole in sorted(holes) if hole[0] < hole[1]))
        self._expect((group[0][0], group[-1][1]) for group in groups)
        for group in groups:
            self.run.keep_empty = any(subtract(hole, answered) for hole in group)
            await self._range((group[0][0], group[-1][1]), group)

    def _together(self, holes: Iterable[Range]) -> Iterator[list[Range]]:
        """Holes that one answer can fill: sparse markets have a hundred thousand of a bar each."""
        group: list[Range] = []
        for hole in holes:
            if group and intervals.count(self.series.interval, group[0][0], hole[1]) > _TOGETHER:
                yield group
                group = []
            group.append(hole)
        if group:
            yield group

    async def _ask(self, missing: Iterable[Range]) -> None:
        for bounds in missing:
            await self._range(bounds)

    def _expect(self, missing: Iterable[Range]) -> None:
        self.work.expect(sum(map(self._bars, missing)), part=str(self.series))

    def _bars(self, bounds: Range) -> int:
        return intervals.count(self.series.interval, max(bounds[0], self._origin or 0), bounds[1])

    def _grid(self, start: int | None, end: int | None) -> Range:
        name, closed = self.series.interval, self.closed
        first = EARLIEST if start is None else start
        if self.exchange.history:
            first = max(first, intervals.next_open(name, closed, -self.exchange.history))
        return intervals.ceil(name, first), min(closed, closed if end is None else intervals.ceil(name, end))

    async def _range(self, bounds: Range, holes: Sequence[Range] = ()) -> None:
        """Ask for a range until it is answered; of repaired `holes`, what lies between them is there already."""
        low, high = bounds
        try:
            while low < high:
                page, cleaned = await self._page(low, high)
                cleaned = within(cleaned, holes) if holes else cleaned
                await self.run.add(page, self._answered(page, cleaned), cleaned)
                self.work.advance(self._bars((page.start, page.end)), part=str(self.series))
                low, high = (low, page.start) if page.end >= high else (page.end, high)
        finally:
            await self.run.finish()

    def _answered(self, page: Page, cleaned: Cleaned) -> Range:
        """What the page answers: not that there is none where candles may be late; the next fetch asks there again."""
        ts = stamps(cleaned.table)
        name = self.series.interval
        after = intervals.next_open(name, int(ts[-1])) if len(ts) else page.start
        return page.start, min(page.end, max(after, intervals.floor(name, self.exchange.now() - LATE)))

    async def _page(self, low: int, high: int) -> tuple[Page, Cleaned]:
        """One answer; bad rows are believed only where two answers in a row have the same ones."""
        page, cleaned = await self._asked(low, high)
        for _ in range(_DOUBTS):
            if not cleaned.rejects:
                break
            before = cleaned.rejects
            page, cleaned = await self._asked(low, high)
            if cleaned.rejects == before:
                break
        return page, cleaned

    async def _asked(self, low: int, high: int) -> tuple[Page, Cleaned]:
        market, interval = self.series.market, self.series.interval
        page = await self.patience.ask(lambda: self.exchange.page(market, interval, low, high))
        if not low <= page.start < page.end <= high or (page.start > low and page.end < high):
            raise ExchangeError(f"{self.series.exchange} answered another range than was asked; its plugin is wrong")
        return page, check(page, self.series, self.closed)


def source_of(exchange: Exchange) -> str:
    """How candles of a connection are marked."""
    return "endpoint" if exchange.endpoint else "exchange"


def check_source(series: Series, objects: Iterable[LakeObject], endpoint: str | None) -> None:
    """Candles of an endpoint may be made up: they never share a series with those of the real exchange.

    Raises:
        UsageError: they would.
    """
    have = {o.source for o in objects if o.rows}
    if endpoint and "exchange" in have:
        raise UsageError(f"{series} has candles of the real exchange; fetch from an endpoint into another --bucket")
    if not endpoint and "endpoint" in have:
        raise UsageError(f"{series} has candles of an endpoint; name it with --endpoint, or use another --bucket")
