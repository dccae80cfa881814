"""The form of a backtest: strategy, symbols, dates, costs, and the strategy's own parameters."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar

import panel as pn
import panel_material_ui as pmui
import param

from cqs_backtest.request import BASKET, quote_of
from cqs_backtest.run_options import OPTIONS, SEARCHED, arguments, number_text
from cqs_backtest.views.option_fields import SHOWN, OptionFields, as_percent, fields_of, option_widget, typed_values
from cqs_core import CqsError, plugins, settings
from cqs_core.lake import Lake, divides, market_sets, names_set
from cqs_panel import WIDE, StrategyForm, offered, pair, strategies_by_title, to_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cqs_core import Bucket, SeriesStatus
    from cqs_core.lake import MarketSet
    from cqs_panel import PageState

_MOST_AT_FIRST = 4
_EQUAL_WEIGHTS = "Equal-weighted basket"
_PERIODS = {"All": None, "This year": 0, "1 year": 1, "3 years": 3, "5 years": 5}
_PRESETS = {"All": None, "Oldest 4": 4, "Oldest 10": 10}
_COSTS = ("capital", "fee_pct", "slippage_bps")
_MORE = (*(name for name in SHOWN if name not in _COSTS), "features", "only_in")
_KEPT = ("strategy", "exchange", "interval", "symbols", "benchmark", "start", "end", *_COSTS, *_MORE)


class BacktestForm(StrategyForm, OptionFields):
    """Inputs of one backtest, bounded by the candles that the lake has.

    Args:
        found: the lake's series, at least one with candles.
        page: its address keeps the changed fields.
        sets: that were saved; each is a choice where the lake has a market of it.
    """

    kept: ClassVar[tuple[str, ...]] = _KEPT

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
    features = param.String(
        "", label="Features, one a line", doc="Data from outside: regime=models:v9, or a file or SQL as for --feature."
    )
    only_in = param.String("", label="Trade only in", doc="A feature and its value, such as regime=bull.")

    def __init__(self, found: Sequence[SeriesStatus], page: PageState, sets: Sequence[MarketSet] = ()) -> None:
        self._sets = sets
        self._found = [status for status in found if status.rows]
        known = settings()
        self._day_start = known.day_start
        super().__init__(page, fee_pct=as_percent(known.fee), slippage_bps=known.slippage_bps, capital=known.capital)
        self._offer("strategy", strategies_by_title())
        self._offer("exchange", sorted({s.series.exchange for s in self._found}), prefer=known.exchange)
        self.param.watch(self._list_intervals, "exchange")
        self.param.watch(self._list_symbols, "interval")
        self.param.watch(self._take_preset, "preset")
        self.param.watch(self._take_period, "period")
        self.param.watch(self._leave_period, ["start", "end"])
        self.param.watch(self._bound_dates, "symbols")
        self.param.watch(self._list_benchmarks, "symbols")
        self._list_intervals()
        self.choose_rules()
        self.keep()
        self.follow()

    def __panel__(self) -> Any:
        own, wide = self.param, self.wide
        capital, fee, slip = self.option_widgets(*_COSTS)
        return pn.Column(
            pmui.Select.from_param(own.strategy, **wide),
            pair(pmui.Select.from_param(own.exchange, **wide), pmui.Select.from_param(own.interval, **wide)),
            pmui.Select.from_param(own.preset, label="Set of symbols", **wide),
            pmui.MultiChoice.from_param(own.symbols, searchable=True, **wide),
            *self.date_widgets(),
            self._parameters,
            pmui.Select.from_param(own.benchmark, **wide),
            capital,
            pair(fee, slip),
            self._more(),
            **WIDE,
        )

    def date_widgets(self) -> list[Any]:
        """Usual periods, and the two dates."""
        own, wide = self.param, self.wide
        dates = pair(pmui.DatePicker.from_param(own.start, **wide), pmui.DatePicker.from_param(own.end, **wide))
        return [pmui.Select.from_param(own.period, **wide), dates]

    def _more(self) -> Any:
        changed = any(getattr(self, name) != self.param[name].default for name in _MORE)
        return self._folded("More", (name for name in SHOWN if name not in _COSTS), unfolded=changed)

    def _folded(self, title: str, options: Iterable[str], *, unfolded: bool) -> Any:
        """Some fields in `SHOWN`, and data from outside, below a title that unfolds them."""
        own, wide = self.param, self.wide
        fields = pn.Column(
            *self.option_widgets(*options),
            pmui.TextAreaInput.from_param(own.features, placeholder="regime=models:v9", rows=2, **wide),
            pmui.TextInput.from_param(own.only_in, placeholder="regime=bull", **wide),
            **WIDE,
        )
        return pmui.Accordion((title, fields), active=[0] if unfolded else [], title_variant="subtitle2", **wide)

    def option_widgets(self, *names: str) -> list[Any]:
        """The widgets of some fields in `SHOWN`."""
        return [option_widget(self, name, **self.wide) for name in names]

    def arguments(self) -> list[str]:
        """The arguments of `cqs` that run this.

        Raises:
            UsageError: a field holds what the form does not offer.
        """
        offered(self, "benchmark")
        made = ["backtest", "run", *self.request_arguments(OPTIONS)]
        made += ["--benchmark", self.benchmark] if self.benchmark != _EQUAL_WEIGHTS else []
        return made + set_arguments(rounded(self.configured.values()))

    def request_arguments(self, options: Iterable[str] = SEARCHED) -> list[str]:
        """The strategy and the options of a command that runs one, but for its parameters.

        Args:
            options: that the command has.

        Raises:
            UsageError: a field holds what the form does not offer.
        """
        offered(self, "strategy", "exchange", "interval", "symbols", *(n for n in SHOWN if OPTIONS[SHOWN[n]].choices))
        made = [self.strategy, "--exchange", self.exchange]
        made += ["--symbols", ",".join(self.symbols), "--interval", self.interval]
        made += ["--start", str(self.start)] if self.start else []
        made += ["--end", str(self.end)] if self.end else []
        made += arguments(rounded(typed_values(self)), options)
        for line in filter(None, map(str.strip, self.features.splitlines())):
            made += ["--feature", line]
        return made + (["--only-in", self.only_in.strip()] if self.only_in.strip() else [])

    def fill(self, made: dict[str, Any]) -> None:
        """Take the inputs of a run's manifest, as far as the lake and the plugins still know them.

        Later changes in the address win over them.
        """
        self._address.pause()
        name = made["strategy"]["name"]
        if name in self.param.strategy.objects:
            self.strategy = name
            own = {key: value for key, value in made["strategy"]["parameters"].items() if key != "only_in"}
            self.configured = plugins().strategy(name).with_parameters(own)
        for field in ("exchange", "interval"):
            if made[field] in self.param[field].objects:
                setattr(self, field, made[field])
        self.symbols = [market for market in made["symbols"] if market in self.param.symbols.objects]
        benchmark = made.get("benchmark", BASKET)
        self.benchmark = benchmark if benchmark in self.param.benchmark.objects else _EQUAL_WEIGHTS
        self.start = _day(made["start"]) or self.start
        self.end = _day(made["last"])
        self.param.update(
            **fields_of(made),
            features=feature_lines(made.get("features", {})),
            only_in=str(made["strategy"]["parameters"].get("only_in", "")),
        )
        self._address.settle()
        self._address.follow()

    def _offer(self, name: str, options: list[str] | dict[str, str], prefer: str = "") -> None:
        self.param[name].objects = options
        values = list(options.values()) if isinstance(options, dict) else options
        if getattr(self, name) not in values:
            setattr(self, name, prefer if prefer in values else values[0])

    def _list_intervals(self, *_: Any) -> None:
        from cqs_core import INTERVALS

        self._offer("interval", [name for name in INTERVALS if self._spans(name)], prefer="1d")
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
        self._offer("benchmark", [_EQUAL_WEIGHTS, *markets])

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


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text[:10]) if text else None


def rounded(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of fields without the digits that sliders and percentages add: 0.6000000000000001 is 0.6."""
    return {name: float(to_text(value)) if isinstance(value, float) else value for name, value in values.items()}


def set_arguments(values: Mapping[str, Any]) -> list[str]:
    """Parameters of a strategy as the command line takes them: every number to its last digit."""
    return [part for name, value in values.items() for part in ("--set", f"{name}={_assigned(value)}")]


def _assigned(value: Any) -> str:
    value = value.item() if hasattr(value, "item") else value  # numpy's
    if isinstance(value, float):
        return number_text(value)
    return str(value) if value is None or isinstance(value, bool) else to_text(value)


def feature_lines(features: dict[str, Any]) -> str:
    """The features of a manifest as they were typed; those from Python have no source to take them from again."""
    lines = []
    for name, about in features.items():
        known = about["known"] if not str(about["known"]).isdigit() else f"{int(about['known']) / 1000:g}s"
        if about["source"]:
            lines.append(f"{name}{'' if known == 'close' else f'@{known}'}={about['source']}")
    return "\n".join(lines)
