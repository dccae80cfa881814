"""One run: badges, metric cards, equity over drawdown, years and months, trades, manifest."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui
import param

from cqs_backtest import charts
from cqs_backtest.metrics.conventions import CONVENTIONS, HEADLINE, daily_note, version_note
from cqs_backtest.metrics.stretch import stretch_metrics
from cqs_backtest.views.run_figures import all_metrics, badges, figure, judged, moved
from cqs_backtest.views.run_regimes import RunRegimes
from cqs_backtest.views.titles import candles_of, title_of
from cqs_backtest.views.trade_sums import trade_sums
from cqs_backtest.views.trades import RunTrades
from cqs_core import UsageError
from cqs_core.time.clock import iso, parse_moment
from cqs_core.trading import quote_of
from cqs_core.trading.metrics import curve_metrics, daily_of, years
from cqs_panel import (
    NO_BUTTON,
    WIDE,
    Metric,
    bar,
    fill,
    html,
    metric_cards,
    section,
    stack,
    staged,
    tone,
)
from cqs_panel.charts import ChartPane

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqs_backtest.luck import Luck
    from cqs_backtest.runs import StoredRun
    from cqs_panel import PageState

_TONED = ("total_return", "cagr", "mdd", "avg_win", "avg_loss")
_DECISIVE = ("total_return", "cagr", "mdd", "sharpe", "win_rate", "profit_factor")
LARGE = len(_DECISIVE)
_BESIDE = ("total_return", "cagr", "mdd", "sharpe", "volatility", "sortino", "calmar")
_PAIR = ":host{display:grid!important;grid-template-columns:repeat(auto-fit,minmax(min(400px,100%),1fr));gap:12px}"
_PRE = "pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:12px;margin:0;max-height:420px;overflow:auto}"


class RunPage(pn.viewable.Viewer):
    """Everything about one run, from top to bottom."""

    logarithmic = param.Boolean(default=True)
    brush = param.Boolean(default=False, label="Brush")  # a drag over the chart chooses a stretch of time

    def __init__(self, page: PageState, run: StoredRun, luck: Luck, before: StoredRun | None = None) -> None:
        super().__init__()
        self._page, self._run, self._luck, self._before = page, run, luck, before
        self._made = run.manifest
        self.trades = RunTrades(page, run)
        self._equity = ChartPane(page, 404).on_brush(self._brushed)
        self._figures, self._part = stack(), pn.Column(visible=False, **WIDE)
        self.param.watch(lambda _: self._draw(), "logarithmic")
        self.param.watch(lambda event: self._equity.brushing(on=event.new), "brush")
        self._quote = quote_of(self._made["symbols"][0])

    @property
    def id(self) -> str:
        """Id of the run."""
        return self._run.id

    @property
    def performance(self) -> dict[str, float | None]:
        """Its metrics by name."""
        return dict(self._made["performance"])

    def __panel__(self) -> Any:
        made, performance = self._made, self.performance
        switches = [
            pmui.Switch.from_param(self.param.brush, margin=0, width=100),
            pmui.Switch.from_param(self.param.logarithmic, margin=0, width=150),
        ]
        self._draw()
        self.follow_stretch()
        note = f"{self._quote}, at each bar's close; in grey: {self._run.held}"
        return staged(
            self._page,
            section(self._title(), badges(made["badges"]), html(self._about()), self._ways()),
            self._figures,
            section("Equity and drawdown", self._part, self._equity, note=note, actions=switches),
            self._calendar(),
            self.trades,
            *([lambda: trade_sums(self._run)] if len(self._run.trades) else []),
            lambda: RunRegimes(self._page, {title_of(made): self._run}),
            _folded("All metrics, with their conventions", all_metrics(performance, self._quote)),
            _folded("Manifest", html(f"<pre>{escape(json.dumps(made, indent=1))}</pre>", stylesheets=[_PRE])),
            first=5 if self._page.query.get("trade") else 3,
        )

    def follow_stretch(self) -> None:
        """Show the figures and trades of the stretch that the address names, `since` and `until`; else of all."""
        stretch = self._stretch()
        self._equity.brush(stretch)
        self.trades.within(stretch)
        if stretch is None:
            before = dict(self._before.manifest["performance"]) if self._before else None
            beside = cards(self.performance, self._quote, self._luck.short, benchmark_figures(self._run), before)
            self._figures[:] = laid_out(beside)
            fill(self._part)
            return
        run, made = self._run, self._made
        known = {"capital": run.capital, "day_start": run.day_start, "interval": made["interval"]}
        found = stretch_metrics(run.ts, run.equity, run.trades_frame(), *stretch, **known)
        self._figures[:] = laid_out(cards(dict(found), self._quote))
        whole = pmui.Button(label="Whole run", icon="close", variant="outlined", size="small", margin=0)
        whole.on_click(lambda _: self._brushed(None))
        days = " to ".join(iso(edge)[:10] for edge in stretch)
        text = f"{days}: the cards above are of this stretch alone, and Trades has those that were held in it"
        fill(self._part, bar(whole, html(f'<span class="note">{text}</span>', sizing_mode=None)))

    def _stretch(self) -> tuple[int, int] | None:
        """The stretch in the address; None where there is none, or where it has no bar."""
        asked = self._page.query
        try:
            first, last = (parse_moment(asked[name])[0] for name in ("since", "until"))
        except (KeyError, UsageError):
            return None
        inside = (self._run.ts >= first) & (self._run.ts <= last)
        return (first, last) if inside.any() else None

    def _brushed(self, stretch: tuple[int, int] | None) -> None:
        ts = self._run.ts
        if stretch is None or not ((ts >= stretch[0]) & (ts <= stretch[1])).any():
            self._page.remember(since=None, until=None)
            return
        inside = ts[(ts >= stretch[0]) & (ts <= stretch[1])]
        self._page.remember(since=iso(int(inside[0])), until=iso(int(inside[-1])))

    def _ways(self) -> Any:
        """Buttons that go on with this run."""
        buttons = []
        for text, icon, slug in (("Optimize", "tune", "optimize"), ("Validate", "fact_check", "validate")):
            button = pmui.Button(label=text, icon=icon, variant="outlined", size="small", margin=0)
            button.on_click(lambda _, slug=slug: self._page.goto(slug, run=self._run.id))
            buttons.append(button)
        if self._before is not None:
            runs = f"{self._before.id},{self._run.id}"
            compare = pmui.Button(label="Compare with the run before", icon="compare_arrows", variant="outlined")
            compare.param.update(size="small", margin=0)
            compare.on_click(lambda _: self._page.goto("runs", compare=runs))
            buttons.append(compare)
        return bar(*buttons)

    def _draw(self) -> None:
        log = self.logarithmic
        self._equity.draw(lambda: charts.equity(self._run, log=log, mode="page"))

    def _calendar(self) -> Any:
        run, page = self._run, self._page
        years = ChartPane(page, 200).draw(lambda: charts.years(run, mode="page"), below=True)
        sharpe = ChartPane(page, 220).draw(lambda: _rolling_sharpe(run), below=True)
        pair = pn.Column(
            section("Years", years, note="percent"),
            section("Rolling Sharpe", sharpe, note=f"last 90 days; {CONVENTIONS['sharpe'].text}"),
            stylesheets=[_PAIR, NO_BUTTON],
            **WIDE,
        )
        months = ChartPane(page, 90).draw(lambda: charts.months(run, mode="page"), below=True)
        return stack(pair, section("Months", months, note="percent"))

    def _title(self) -> str:
        made, name = self._made, title_of(self._made)
        return f"{made['name']}: {name}" if made.get("name") else name

    def _about(self) -> str:
        made, costs = self._made, self._made["costs"]
        paid = f"fee {costs['fee']:.4%}, slippage {costs['slippage_bps']:g} bps a side, engine {made['engine']}"
        left_out = [row["note"] for row in made["badges"].get("left_out", [])]
        outside = [_features(made), *made["badges"].get("features", [])]
        about = f"{candles_of(made)}; {paid}; run {self._run.id}"
        version = (version_note(made) or "").replace("made", "Made", 1)
        lines = [about, self._luck.sentence, *outside, daily_note(made["interval"]), *left_out, version]
        return "".join(f'<div class="note">{escape(line)}</div>' for line in lines if line)


def _features(made: dict[str, Any]) -> str:
    """The outside data that a run used, and the filter on them."""
    named = [f"{name} ({about['source'] or 'from Python'})" for name, about in made.get("features", {}).items()]
    only = made["strategy"]["parameters"].get("only_in")
    lines = [f"Features: {', '.join(named)}"] if named else []
    return "; ".join([*lines, *([f"trades only in {only}"] if only else [])])


def benchmark_figures(run: StoredRun) -> dict[str, float]:
    """The figures of the benchmark that stand beside those of the run."""
    ts, equity, capital = run.ts, run.benchmark, run.capital
    daily = daily_of(ts, equity, capital, run.day_start)
    return dict(curve_metrics(equity, capital, daily, years(ts, run.manifest["interval"])))


def cards(
    performance: dict[str, float | None],
    quote: str,
    deflated: str = "",
    benchmark: Mapping[str, float] | None = None,
    before: Mapping[str, float | None] | None = None,
) -> list[Metric]:
    """The headline, each card with its convention on hover; Sharpe with what is left of it after a search.

    What decides comes first: the first `LARGE` of them.

    Args:
        performance: metrics by name.
        quote: currency of the amounts.
        deflated: the deflated Sharpe ratio, of how many.
        benchmark: its metrics, which stand below those of the run.
        before: metrics of the run that this one replaced; each card says how its figure moved.
    """
    was = before or {}
    end = figure(performance.get("final_equity"), "$", quote)
    below = {"total_return": f"{end} at the end", "sharpe": f"deflated: {deflated} sets" if deflated else ""}
    for name in _BESIDE:
        if benchmark and name in performance and name in benchmark:
            held = f"benchmark {figure(benchmark[name], CONVENTIONS[name].unit, quote)}"
            below[name] = "; ".join(filter(None, (held, below.get(name))))
    return [
        Metric(
            CONVENTIONS[key].label,
            figure(performance[key], CONVENTIONS[key].unit, quote),
            below.get(key, ""),
            value_tone=tone(performance[key]) if key in _TONED else None,
            hint=CONVENTIONS[key].text,
            change=moved(key, was.get(key), performance[key], quote),
            change_tone=judged(key, was.get(key), performance[key]),
        )
        for key in dict.fromkeys((*_DECISIVE, *HEADLINE))
        if key in performance and key != "final_equity"
    ]


def laid_out(found: Sequence[Metric]) -> list[Any]:
    """The cards of a run: large ones, and the others below them."""
    return [metric_cards(found[:LARGE], least=220, large=True), metric_cards(found[LARGE:], least=118)]


def _rolling_sharpe(run: StoredRun) -> Any:
    try:
        return charts.rolling(run, mode="page")
    except UsageError as error:
        return html(f"<p>{escape(str(error))}</p>")


def _folded(title: str, inside: Any) -> Any:
    return pmui.Accordion((title, inside), active=[], title_variant="subtitle2", **WIDE)
