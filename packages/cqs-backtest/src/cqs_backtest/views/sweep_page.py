"""One sweep: what its answer is worth, the best set and the best plateau, charts of all sets, and their table."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd
import panel as pn
import panel_material_ui as pmui

from cqs_backtest.metrics.conventions import CONVENTIONS
from cqs_backtest.metrics.metric_text import figure
from cqs_backtest.search import verdicts
from cqs_backtest.search.objective import Objective
from cqs_backtest.search.store import column_of
from cqs_backtest.views.search_form import objectives_of
from cqs_backtest.views.sets import SetTable
from cqs_backtest.views.sweep_charts import SweepCharts
from cqs_backtest.views.titles import candles_of, title_of
from cqs_backtest.views.verdicts import verdicts_html
from cqs_panel import WIDE, bar, empty, html, label, operator_only, plain_table, section, stack

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cqs_backtest.search.kept import KeptSearch
    from cqs_panel import PageState

_PRE = "pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:12px;margin:0;max-height:420px;overflow:auto}"
_SHOWN = ("sharpe", "cagr", "mdd", "total_return", "calmar", "num_trades", "win_rate", "profit_factor")
_NAMES = {"best": "Best set", "plateau": "Best plateau"}


class SweepPage(pn.viewable.Viewer):
    """Everything about one sweep, from top to bottom; it grows while the sweep runs.

    Args:
        page: the view that shows it.
        kept: the sweep.
        rows: of the sets that are done.
        open_set: called with the row of a set that the user wants to see as a run.
        resume: called to go on with a sweep that was stopped.
    """

    def __init__(
        self,
        page: PageState,
        kept: KeptSearch,
        rows: pd.DataFrame,
        open_set: Callable[[Mapping[str, Any]], Any],
        resume: Callable[[], Any],
    ) -> None:
        super().__init__()
        self._page, self.kept, self._rows = page, kept, rows
        self._open, self._resume = open_set, resume
        self._job = pn.Column(**WIDE)
        self._top, self._body = stack(), stack()
        self._charts: SweepCharts | None = None
        self._sets: SetTable | None = None
        self._draw_top()
        self._draw_body()

    def __panel__(self) -> Any:
        return stack(self._top, self._body)

    def follow(self, card: Any) -> None:
        """Show the job that makes it, or nothing."""
        self._job[:] = [] if card is None else [card]
        self._draw_top()

    def update(self, kept: KeptSearch, rows: pd.DataFrame) -> None:
        """Show what has come since."""
        finished, more = kept.result != self.kept.result, len(rows) != len(self._rows)
        self.kept, self._rows = kept, rows
        if finished or more:
            self._draw_top()
        if self._charts is None or self._sets is None:
            self._draw_body()
        elif finished or more:
            self._charts.update(rows, self._marks)
            self._sets.update(rows)

    def _draw_top(self) -> None:
        made, result = self.kept.manifest, self.kept.result
        about = section(title_of(made), html(self._about()), *self._state())
        worth = (
            [] if result is None else [section("What the answer is worth", verdicts_html(verdicts.of_sweep(result)))]
        )
        best = [self._best()] if result is not None and result["best"] is not None else []
        self._top[:] = [about, *worth, *best]

    def _draw_body(self) -> None:
        if self._rows.empty:
            self._body[:] = [section("", empty("No set is done yet", "Rows appear here as they come."))]
            return
        made = self.kept.manifest
        searched = [column_of(name) for name in made["axes"]]
        objective = Objective(made["objective"], others=tuple(objectives_of(made)[1:]))
        self._sets = SetTable(self._page, searched, objective, self._open_number)
        self._charts = SweepCharts(self._page, searched, objective, self._open_number, self._sets.show_only)
        self._charts.update(self._rows, self._marks)
        self._sets.update(self._rows)
        folded = html(f"<pre>{escape(json.dumps(made, indent=1))}</pre>", stylesheets=[_PRE])
        manifest = pmui.Accordion(("Manifest", folded), active=[], title_variant="subtitle2", **WIDE)
        self._body[:] = [self._charts, *self._pareto(searched, objective), self._sets, manifest]

    def _pareto(self, searched: Sequence[str], objective: Objective) -> list[Any]:
        """The sets that no other one beats, where several metrics were looked for."""
        found = (self.kept.result or {}).get("pareto")
        if not found:
            return []
        note = "no set is better in one objective without being worse in another"
        rows = pd.DataFrame(found)
        shown = SetTable(self._page, searched, objective, self._open_number, title="Pareto set", note=note)
        shown.update(rows)
        return [shown]

    @property
    def _marks(self) -> dict[str, Mapping[str, Any]]:
        """The sets that charts mark."""
        result = self.kept.result or {}
        return {name: result[key] for key, name in _NAMES.items() if result.get(key)}

    def _about(self) -> str:
        made, costs = self.kept.manifest, self.kept.manifest["costs"]
        paid = f"fee {costs['fee']:.4%}, slippage {costs['slippage_bps']:g} bps a side"
        target = f"objective {', '.join(map(_metric, objectives_of(made)))}"
        required = f"; {', '.join(made['requirements'])}" if made["requirements"] else ""
        failed = (self.kept.result or {}).get("failed")
        told = f"{failed:,} sets could not run: {(self.kept.result or {}).get('first_error')}" if failed else ""
        lines = [
            f"{candles_of(made)}; {paid}; sweep {self.kept.folder.id}",
            f"{made['sets']:,} sets, {_method(made)}; {target}{required}",
            told,
        ]
        return "".join(f'<div class="note">{escape(line)}</div>' for line in lines if line)

    def _state(self) -> Sequence[Any]:
        """The job that makes it; or that it was stopped, with a way to go on."""
        if self._job.objects:
            return [self._job]
        if self.kept.result is not None:
            return []
        done, sets = len(self._rows), self.kept.manifest["sets"]
        told = f"{done:,} of {sets:,} sets are done. It was stopped, or another machine works on it."
        go = pmui.Button(label="Resume", icon="play_arrow", variant="outlined", size="small", margin=0)
        go.on_click(lambda _: self._resume())
        operator_only(go)
        return [html(f'<span class="note">{escape(told)}</span>'), bar(go)]

    def _best(self) -> Any:
        shown = self._marks
        parameters = [column_of(name) for name in self.kept.manifest["axes"]]
        rows = [
            (label(name.removeprefix("parameter_")), *(_text(one[name]) for one in shown.values()))
            for name in parameters
        ]
        rows += [
            (CONVENTIONS[name].label, *(figure(one[name], CONVENTIONS[name].unit) for one in shown.values()))
            for name in dict.fromkeys([self.kept.manifest["objective"], *_SHOWN])
            if all(name in one for one in shown.values())
        ]
        chances = [one.get("dsr") for one in shown.values()]
        if any("dsr" in one for one in shown.values()):  # sweeps of older versions have it for the best set alone
            rows += [("Deflated Sharpe", *("unknown" if dsr is None else f"{dsr:.0%}" for dsr in chances))]
        buttons = [self._keep_button(name, one) for name, one in shown.items()]
        validate = pmui.Button(label="Validate", icon="fact_check", variant="outlined", size="small", margin=0)
        validate.on_click(lambda _: self._page.goto("validate", sweep=self.kept.folder.id))
        note = "the plateau's neighbors are good too; a lonely peak is luck more often"
        table = plain_table(["", *shown], rows, numbers=range(1, len(shown) + 1))
        return section("Best set and best plateau", table, bar(*buttons, validate), note=note)

    def _keep_button(self, name: str, row: Mapping[str, Any]) -> Any:
        button = pmui.Button(label=f"Run and keep: {name.lower()}", variant="outlined", size="small", margin=0)
        button.on_click(lambda _: self._open(row))
        operator_only(button)
        return button

    def _open_number(self, number: int) -> None:
        found = self._rows[self._rows["set"] == number]
        if len(found):
            self._open({str(name): value for name, value in found.iloc[0].items()})


def _method(made: Mapping[str, Any]) -> str:
    """How the sets of a sweep were chosen."""
    if made.get("optimize"):
        return f"proposed by Optuna, seed {made['random_seed']}"
    return "the whole grid" if made["random"] is None else f"at random, seed {made['random_seed']}"


def _metric(name: str) -> str:
    return CONVENTIONS[name].label if name in CONVENTIONS else name


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
