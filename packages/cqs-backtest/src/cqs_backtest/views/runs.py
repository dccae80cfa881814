"""Kept runs: open one, compare some."""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd
import panel as pn
import panel_material_ui as pmui
import param

from cqs_backtest.luck import SURE, lucks
from cqs_backtest.metrics.conventions import version_note
from cqs_backtest.runs import FOLDER, set_aside, survey
from cqs_backtest.views.titles import coins_of, short_title_of
from cqs_core.files import NewerFormat
from cqs_panel import (
    WIDE,
    choose,
    columns_button,
    empty,
    failure,
    fill,
    html,
    operator_only,
    section,
    strategy_title,
    table,
    when,
    zone_name,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_backtest.luck import Luck
    from cqs_core import DataError
    from cqs_panel import PageState

_TITLES = {
    "strategy": "Strategy",
    "dates": "Dates",
    "cagr": "CAGR %",
    "mdd": "Max drawdown %",
    "sharpe": "Sharpe",
    "deflated": "Deflated Sharpe",
    "positions": "Positions",
    "symbols": "Symbols",
    "made": "Made",
}
_SHOWN_FAULTS = 5  # damaged runs
_PHONE = ("strategy", "cagr", "mdd", "sharpe", "deflated")


class KeptRuns(pn.viewable.Viewer):
    """The list of runs, and a choice of those to compare."""

    chosen = param.ListSelector(default=[], label="Runs to compare", doc="Two runs or more.")

    def __init__(self, page: PageState) -> None:
        super().__init__()
        self._page = page
        self._found: Sequence[dict[str, Any]] = []
        self._body, self._damage = pn.Column(**WIDE), pn.Column(visible=False, **WIDE)
        self._columns = pn.Row(margin=0)
        self._table: Any = None
        page.param.watch(lambda _: self._mark(), "query")
        self.update()

    def __panel__(self) -> Any:
        clock = zone_name(self._page.settings.timezone)
        note = f"newest first; click one to open it; times in {clock}"
        return section("Kept runs", self._damage, self._body, note=note, actions=[self._columns])

    def update(self) -> None:
        """Read the list again."""
        self._page.load(self._surveyed, self._show)

    def _surveyed(self) -> tuple[Sequence[dict[str, Any]], Sequence[DataError], Sequence[Luck]]:
        bucket = self._page.bucket
        found, damaged = survey(bucket)
        return found, damaged, lucks(bucket, found)

    def _show(self, surveyed: tuple[Sequence[dict[str, Any]], Sequence[DataError], Sequence[Luck]]) -> None:
        found, damaged, worth = surveyed
        self._found = found
        fill(self._damage, *(self._fault(error) for error in damaged[:_SHOWN_FAULTS]))
        if not found:
            self._columns.clear()
            self._table = None
            self._body[:] = [empty("No kept runs", "Every backtest is kept in the bucket under runs/.")]
            return
        self.param.chosen.objects = {_name(made): made["id"] for made in found}
        compare_some = pmui.MultiChoice.from_param(
            self.param.chosen, searchable=True, sizing_mode="stretch_width", margin=(12, 0, 0, 0)
        )
        go = pmui.Button(label="Compare runs", variant="outlined", margin=(8, 0), width=140)
        go.on_click(lambda _: self._page.goto(self._page.slug, compare=",".join(self.chosen)))
        self._table = self._made_table(worth)
        self._columns[:] = [columns_button(self._table)]
        self._body[:] = [self._table, *_versions(found), *_luck(worth), compare_some, go]
        self._mark()

    def _mark(self) -> None:
        """Mark the run that the page shows."""
        if self._table is not None:
            run = self._page.query.get("run")
            choose(self._table, next((i for i, made in enumerate(self._found) if made["id"] == run), None))

    def _fault(self, error: DataError) -> Any:
        """A manifest that cannot be read, until it can, or is out of the way."""
        run = str(error).partition("/manifest.json")[0].removeprefix(f"{FOLDER}/")
        bucket = self._page.bucket
        aside = pmui.Button(label="Set it aside", variant="outlined", size="small", margin=0)
        aside.on_click(lambda _: self._page.load(lambda: set_aside(bucket, run), lambda _: self.update()))
        operator_only(aside)
        actions = [] if isinstance(error, NewerFormat) else [aside]  # a newer run is whole
        return failure(f"Run {run} cannot be listed", error, actions=actions)

    def _made_table(self, worth: Sequence[Luck]) -> Any:
        zone = self._page.settings.timezone
        rows = [_row(made, zone) | {"deflated": luck.short} for made, luck in zip(self._found, worth, strict=True)]
        frame = pd.DataFrame(rows, columns=list(_TITLES))
        return table(
            frame,
            titles=_TITLES,
            numbers={"sharpe": "0.00", "positions": "0,0"},
            signed={"cagr": 1, "mdd": 1},
            filters=("strategy", "symbols"),
            page_size=8,
            phone=_PHONE,
            on_click=lambda i: self._page.goto(self._page.slug, run=self._found[i]["id"]),
        )


def _versions(found: Sequence[dict[str, Any]]) -> list[Any]:
    """A note on runs whose figures were computed by another version of a formula."""
    notes = Counter(filter(None, map(version_note, found)))
    lines = (f"{runs} {'run' if runs == 1 else 'runs'} {note}" for note, runs in notes.items())
    return [html(f'<span class="note">{escape(line)}</span>') for line in lines]


def _luck(worth: Sequence[Luck]) -> list[Any]:
    """A note on the column of deflated Sharpe ratios, if it has values."""
    if not any(luck.short for luck in worth):
        return []
    text = f"Deflated Sharpe: the probability of skill, after so many sets were tried; {SURE:.0%} is asked."
    return [html(f'<span class="note">{text}</span>')]


def _row(made: dict[str, Any], zone: str | None) -> dict[str, Any]:
    stored = made["performance"]
    created = int(pd.Timestamp(made["created"]).timestamp() * 1000)
    return {
        "strategy": strategy_title(made["strategy"]["name"]),
        "dates": f"{made['first'][:10]} to {made['last'][:10]}",
        **{name: stored.get(name) for name in ("cagr", "mdd", "sharpe")},
        "positions": stored.get("num_trades"),
        "symbols": coins_of(made),
        "made": when(created, zone),
    }


def _name(made: dict[str, Any]) -> str:
    """The label of a run in a list: strategy, markets, days, and when it was made."""
    dates = f"{made['first'][:10]} to {made['last'][:10]}"
    return f"{short_title_of(made)}, {dates} · {made['id'][:15]} {made['id'][-6:]}"
