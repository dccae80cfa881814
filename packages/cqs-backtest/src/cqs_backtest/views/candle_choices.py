"""Which candles a form offers: exchange, interval, symbols and dates, as far as the lake has them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import param

from cqs_core import CqsError, settings
from cqs_core.lake import Lake, divides, market_sets, names_set
from cqs_core.trading import quote_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core import Bucket, SeriesStatus
    from cqs_core.lake import MarketSet

_MOST_AT_FIRST = 4
EQUAL_WEIGHTS = "Equal-weighted basket"
_PERIODS = {"All": None, "This year": 0, "1 year": 1, "3 years": 3, "5 years": 5}
_PRESETS = {"All": None, "Oldest 4": 4, "Oldest 10": 10}


class CandleChoices(param.Parameterized):
    """Fields whose values depend on one another and on the candles that the lake has; `offer_candles` fills them."""

    exchange: param.Selector[Any] = param.Selector(doc="Exchange of all symbols.")
    interval: param.Selector[Any] = param.Selector(doc="Length of the candles.")
    preset: param.Selector[Any] = param.Selector(default="", objects=[""], doc="A set of symbols.")
    symbols = param.ListSelector(
        default=[], doc="Symbols to trade; if cash runs short in a bar, earlier ones come first."
    )
    benchmark: param.Selector[Any] = param.Selector(doc="Bought and held for comparison.")
    period: param.Selector[Any] = param.Selector(
        default="", objects=["", *_PERIODS], doc="Dates that end at the last candle."
    )
    start = param.CalendarDate(allow_None=True, doc="First bar that may trade; earlier candles are warm-up.")
    end = param.CalendarDate(allow_None=True, doc="Last day.")

    def offer_candles(self, found: Sequence[SeriesStatus], sets: Sequence[MarketSet]) -> None:
        """Offer what these series allow, and keep the fields consistent from now on.

        Args:
            found: the lake's series, at least one with candles.
            sets: that were saved; each is a choice where the lake has a market of it.
        """
        self._sets = sets
        self._found = [status for status in found if status.rows]
        known = settings()
        self._day_start = known.day_start
        self.offer("exchange", sorted({s.series.exchange for s in self._found}), prefer=known.exchange)
        self.param.watch(self._list_intervals, "exchange")
        self.param.watch(self._list_symbols, "interval")
        self.param.watch(self._take_preset, "preset")
        self.param.watch(self._take_period, "period")
        self.param.watch(self._leave_period, ["start", "end"])
        self.param.watch(self._bound_dates, "symbols")
        self.param.watch(self._list_benchmarks, "symbols")
        self._list_intervals()

    def renew_candles(self, found: Sequence[SeriesStatus], sets: Sequence[MarketSet]) -> None:
        """Offer what these series allow by now; what is chosen stays, and dates at an edge stay at the edge."""
        found, sets = [status for status in found if status.rows], list(sets)
        if not found or (found, sets) == (self._found, list(self._sets)):
            return
        low, high = self.param.start.bounds
        edges = {name: edge for name, edge in (("start", low), ("end", high)) if getattr(self, name) == edge}
        self._found, self._sets = found, sets
        self.offer("exchange", sorted({s.series.exchange for s in found}), prefer=settings().exchange)
        self._list_intervals()
        now = dict(zip(("start", "end"), self.param.start.bounds, strict=True))
        self.param.update({name: now[name] for name in edges})

    def offer(self, name: str, options: list[str] | dict[str, str], prefer: str = "") -> None:
        """Offer these values; a value that is not one of them becomes `prefer`, or the first."""
        self.param[name].objects = options
        values = list(options.values()) if isinstance(options, dict) else options
        if getattr(self, name) not in values:
            setattr(self, name, prefer if prefer in values else values[0])

    def _list_intervals(self, *_: Any) -> None:
        from cqs_core import INTERVALS

        self.offer("interval", [name for name in INTERVALS if self._spans(name)], prefer="1d")
        self._list_symbols()

    def _list_symbols(self, *_: Any) -> None:
        markets = list(self._spans(self.interval))
        self.param.symbols.objects = markets
        quotes = sorted({market.partition("/")[2] for market in markets})
        sets = [one.symbol for one in self._sets if one.exchange == self.exchange and {*one.markets} & {*markets}]
        self.param.preset.objects = ["", *sets, *(f"{name} {quote}" for quote in quotes for name in _PRESETS)]
        self.preset = ""
        kept = [market for market in self.symbols if market in markets]
        self.symbols = (
            kept or [m for m in markets if m.partition("/")[2] == markets[0].partition("/")[2]][:_MOST_AT_FIRST]
        )
        self._bound_dates()
        self._list_benchmarks()

    def _list_benchmarks(self, *_: Any) -> None:
        quotes = {quote_of(market) for market in self.symbols}
        markets = [market for market in self._spans(self.interval) if quote_of(market) in quotes]
        self.offer("benchmark", [EQUAL_WEIGHTS, *markets])

    def _take_preset(self, *_: Any) -> None:
        if names_set(self.preset):
            chosen = next(one for one in self._sets if one.symbol == self.preset)
            self.symbols = [market for market in chosen.markets if market in self.param.symbols.objects]
            return
        name, _space, quote = self.preset.rpartition(" ")
        if not quote:
            return
        known = sorted(self._spans(self.interval).items(), key=lambda item: (item[1][0], item[0]))
        oldest = [market for market, _ in known if market.partition("/")[2] == quote]
        self.symbols = oldest[: _PRESETS[name]]

    def _take_period(self, *_: Any) -> None:
        if self.period:
            start, end = self._span_of_period()
            self.param.update(start=start, end=end)

    def _leave_period(self, *_: Any) -> None:
        """Unset the period when its dates are changed."""
        if self.period and self.param.start.bounds and (self.start, self.end) != self._span_of_period():
            self.period = ""

    def _span_of_period(self) -> tuple[dt.date, dt.date]:
        """The first and the last day of the chosen period, as far as there are candles."""
        low, high = self.param.start.bounds
        start = _begin(high, _PERIODS[self.period])
        return low if start is None else max(low, start), high

    def _bound_dates(self, *_: Any) -> None:
        spans = self._spans(self.interval)
        chosen = [spans[market] for market in self.symbols if market in spans] or list(spans.values())
        first, last = min(low for low, _ in chosen), max(high for _, high in chosen)
        bounds = tuple(dt.datetime.fromtimestamp(ts / 1000, tz=dt.UTC).date() for ts in (first, last))
        for name, edge in (("start", bounds[0]), ("end", bounds[1])):
            value = getattr(self, name)
            inside = value is not None and bounds[0] <= value <= bounds[1]
            self.param[name].bounds = None
            setattr(self, name, value if inside else edge)
            self.param[name].bounds = bounds

    def _spans(self, interval: str) -> dict[str, tuple[int, int]]:
        """First and last open, ms UTC, by market: of stored candles, and of shorter ones that are put together."""
        found: dict[str, tuple[int, int]] = {}
        for one in self._found:
            stored = one.series.interval
            if one.series.exchange != self.exchange:
                continue
            if stored == interval or divides(stored, interval, self._day_start):  # the run reports missing candles
                low, high = found.get(one.series.market, (one.first or 0, one.last or 0))
                found[one.series.market] = min(low, one.first or 0), max(high, one.last or 0)
        return found


def offered_series(bucket: Bucket) -> tuple[Sequence[SeriesStatus], Sequence[MarketSet]]:
    """What a form offers: the lake's series, and the saved sets; none of these where one is damaged."""
    status = Lake(bucket).status()
    try:
        return status, market_sets(bucket)
    except CqsError:  # the Data page says so; a backtest needs no set
        return status, ()


def _begin(end: dt.date, years: int | None) -> dt.date | None:
    """The first day of so many years that end with a day; 0 is the year of that day; None is open.

    >>> _begin(dt.date(2024, 2, 29), 1), _begin(dt.date(2024, 2, 29), 0)
    (datetime.date(2023, 3, 1), datetime.date(2024, 1, 1))
    """
    if years is None:
        return None
    if not years:
        return end.replace(month=1, day=1)
    after = end + dt.timedelta(days=1)  # never 29 February of a year that has none: 1 March comes after it
    return (
        after.replace(year=after.year - years)
        if (after.month, after.day) != (2, 29)
        else dt.date(after.year - years, 3, 1)
    )
