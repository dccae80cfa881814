"""How one run, or several, did in each regime that a model of this bucket knows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_backtest import charts
from cqs_backtest.features import stored_regimes
from cqs_backtest.metrics.by_regime import by_regime
from cqs_backtest.metrics.conventions import CONVENTIONS
from cqs_backtest.views.lookup import tried
from cqs_core import CqsError
from cqs_core.trading import quote_of
from cqs_panel import WIDE, amount, bar, count, empty, failure, fill, percent, plain_table, ratio, section, tone
from cqs_panel.charts import ChartPane

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cqs_backtest.features import StoredRegimes
    from cqs_backtest.metrics.by_regime import RegimeResult
    from cqs_backtest.runs import StoredRun
    from cqs_panel import PageState

_NOTE = "a day counts in the regime that was known when it began, a position in the one that was known at its entry"
_FEW = 30  # days in a regime below which its Sharpe says little
_NO_MODEL = "Evaluate a regime model on the Models page, and its regimes of each day are kept for this."


class RunRegimes(pn.viewable.Viewer):
    """A section with figures by regime, of the model that is chosen.

    Args:
        page: that shows it.
        runs: by the names that they have on the page; one of them has its growth by regime drawn, too.
    """

    def __init__(self, page: PageState, runs: Mapping[str, StoredRun]) -> None:
        super().__init__()
        self._page, self._runs = page, runs
        self._known: Mapping[str, StoredRegimes] = {}
        self._model = pmui.Select(label="Model", size="small", margin=0, width=220, visible=False)
        self._model.param.watch(lambda _: self._choose(), "value")
        self._inside = pn.Column(**WIDE)
        self._curve = ChartPane(page, 260) if len(runs) == 1 else None
        self._ask()

    def __panel__(self) -> Any:
        return section("By regime", bar(self._model), self._inside, note=_NOTE, css_classes=["cqs-by-regime"])

    def _ask(self) -> None:
        made = next(iter(self._runs.values())).manifest
        markets = list(dict.fromkeys(one for run in self._runs.values() for one in run.manifest["symbols"]))
        bucket, exchange = self._page.bucket, made["exchange"]
        self._page.load(lambda: tried(lambda: stored_regimes(bucket, exchange, markets)), self._show, quiet=True)

    def _show(self, found: Sequence[StoredRegimes] | CqsError) -> None:
        if isinstance(found, CqsError):
            fill(self._inside, failure("Regimes cannot be read", found, self._ask))
            return
        self._known = {f"{one.version}, {one.market}": one for one in found}
        self._model.visible = bool(found)
        if not found:
            fill(self._inside, empty("No regimes of this exchange", _NO_MODEL))
        self._model.options = list(self._known)
        self._model.value = next(iter(self._known), None)

    def _choose(self) -> None:
        chosen = self._known.get(self._model.value or "")
        if chosen is None:
            return
        runs = self._runs
        self._page.load(lambda: {name: by_regime(run, chosen.days) for name, run in runs.items()}, self._draw)
        if self._curve is not None:
            [run] = runs.values()
            self._curve.draw(lambda: charts.by_regime(run, chosen.days, mode="page"))

    def _draw(self, found: Mapping[str, Sequence[RegimeResult]]) -> None:
        if self._curve is not None:
            [(name, results)] = found.items()
            quote = quote_of(self._runs[name].manifest["symbols"][0])
            fill(self._inside, _one(results, quote), self._curve)
        else:
            fill(self._inside, *_several(found))


def _one(results: Sequence[RegimeResult], quote: str) -> Any:
    """The figures of one run, a regime a row."""
    named = [CONVENTIONS[name].label for name in ("sharpe", "mdd", "win_rate")]
    headers = ["Regime", "Days", "Share", "Return", "Benchmark", named[0], named[1], "Positions", named[2], "PnL"]
    rows = [
        [
            one.regime,
            count(one.days),
            percent(one.share),
            percent(one.total_return, signed=True),
            percent(one.benchmark_return, signed=True),
            _sharpe(one),
            percent(one.mdd),
            count(one.num_trades),
            percent(one.win_rate),
            amount(one.pnl, quote, signed=True),
        ]
        for one in results
    ]
    tones = {(at, 3): tone(one.total_return) for at, one in enumerate(results)}
    tones |= {(at, 9): tone(one.pnl) for at, one in enumerate(results)}
    toned = {place: color for place, color in tones.items() if color}
    return plain_table(headers, rows, numbers=range(1, len(headers)), tones=toned, filename="by-regime.csv")


def _several(found: Mapping[str, Sequence[RegimeResult]]) -> Iterator[Any]:
    """Return and Sharpe of several runs, a run a row and a regime a column."""
    days: dict[str, int] = {}
    for results in found.values():
        for one in results:
            days[one.regime] = days.get(one.regime, 0) + one.days
    regimes = sorted(days, key=lambda name: -days[name])
    rows, tones = [], {}
    for at, (name, results) in enumerate(found.items()):
        by = {one.regime: one for one in results}
        cells: list[str | None] = [name]
        for regime in regimes:
            found_here = by.get(regime)
            if found_here is None:
                cells += [None, None]
                continue
            cells += [percent(found_here.total_return, signed=True), _sharpe(found_here)]
            if color := tone(found_here.total_return):
                tones[at, len(cells) - 2] = color
        rows.append(cells)
    headers = ["", *(text for regime in regimes for text in (regime, "Sharpe"))]
    yield plain_table(headers, rows, numbers=range(1, len(headers)), tones=tones, filename="by-regime.csv")


def _sharpe(one: RegimeResult) -> str:
    return "few days" if one.days < _FEW and not math.isnan(one.sharpe) else ratio(one.sharpe)
