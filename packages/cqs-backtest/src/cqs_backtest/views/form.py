"""The form of a backtest: strategy, symbols, dates, costs, and the strategy's own parameters."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar

import panel as pn
import panel_material_ui as pmui
import param

from cqs_backtest.request import BASKET
from cqs_backtest.run_options import OPTIONS, SEARCHED, arguments
from cqs_backtest.views.argument_text import feature_lines, rounded, set_arguments
from cqs_backtest.views.candle_choices import EQUAL_WEIGHTS, CandleChoices
from cqs_backtest.views.option_fields import SHOWN, OptionFields, as_percent, fields_of, option_widget, typed_values
from cqs_core import plugins, settings
from cqs_panel import WIDE, StrategyForm, offered, pair, strategies_by_title

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cqs_core import SeriesStatus
    from cqs_core.lake import MarketSet
    from cqs_panel import PageState

_COSTS = ("capital", "fee_pct", "slippage_bps")
_MORE = (*(name for name in SHOWN if name not in _COSTS), "features", "only_in")
_KEPT = ("strategy", "exchange", "interval", "symbols", "benchmark", "start", "end", *_COSTS, *_MORE)


class BacktestForm(StrategyForm, CandleChoices, OptionFields):
    """Inputs of one backtest, bounded by the candles that the lake has.

    Args:
        found: the lake's series, at least one with candles.
        page: its address keeps the changed fields.
        sets: that were saved; each is a choice where the lake has a market of it.
    """

    kept: ClassVar[tuple[str, ...]] = _KEPT

    features = param.String(
        "", label="Features, one a line", doc="Data from outside: regime=models:v9, or a file or SQL as for --feature."
    )
    only_in = param.String("", label="Trade only in", doc="A feature and its value, such as regime=bull.")

    def __init__(self, found: Sequence[SeriesStatus], page: PageState, sets: Sequence[MarketSet] = ()) -> None:
        known = settings()
        super().__init__(page, fee_pct=as_percent(known.fee), slippage_bps=known.slippage_bps, capital=known.capital)
        self.offer("strategy", strategies_by_title())
        self.offer_candles(found, sets)
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
            self.fields(),
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
        made += ["--benchmark", self.benchmark] if self.benchmark != EQUAL_WEIGHTS else []
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
            own = {key: value for key, value in made["strategy"]["parameters"].items() if key != "only_in"}
            self.param.update(strategy=name, configured=plugins().strategy(name).with_parameters(own))
        for field in ("exchange", "interval"):
            if made[field] in self.param[field].objects:
                setattr(self, field, made[field])
        self.symbols = [market for market in made["symbols"] if market in self.param.symbols.objects]
        benchmark = made.get("benchmark", BASKET)
        self.benchmark = benchmark if benchmark in self.param.benchmark.objects else EQUAL_WEIGHTS
        self.start = _day(made["start"]) or self.start
        self.end = _day(made["last"])
        self.param.update(
            **fields_of(made),
            features=feature_lines(made.get("features", {})),
            only_in=str(made["strategy"]["parameters"].get("only_in", "")),
        )
        self._address.settle()
        self._address.follow()


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text[:10]) if text else None
