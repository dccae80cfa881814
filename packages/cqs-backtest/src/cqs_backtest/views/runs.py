"""Kept runs: open one, compare some."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pandas as pd
import panel as pn
import panel_material_ui as pmui
import param

from cqs_backtest.metrics.conventions import CONVENTIONS
from cqs_backtest.runs import FOLDER, set_aside, survey
from cqs_backtest.runs.compare import compare
from cqs_backtest.views.marks import figure
from cqs_panel.figures import when
from cqs_panel.sections import empty, failure, section
from cqs_panel.tables import plain_table, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core import DataError
    from cqs_panel import PageState

_TITLES = {
    "made": "Made",
    "strategy": "Strategy",
    "cagr": "CAGR %",
    "mdd": "Max drawdown %",
    "sharpe": "Sharpe",
    "symbols": "Symbols",
    "trades": "Trades",
    "dates": "Dates",
}
_TOLD = 5  # damaged runs
_PHONE = ("strategy", "cagr", "mdd", "sharpe")
_WIDE = {"sizing_mode": "stretch_width", "margin": 0}


class KeptRuns(pn.viewable.Viewer):
    """The list of runs, and a choice of those to compare."""

    chosen = param.ListSelector(default=[], label="Runs to compare", doc="Two runs or more.")

    def __init__(self, page: PageState) -> None:
        super().__init__()
        self._page = page
        self._found: Sequence[dict[str, Any]] = []
        self._body, self._damage = pn.Column(**_WIDE), pn.Column(**_WIDE)
        self.update()

    def __panel__(self) -> Any:
        return section("Kept runs", self._damage, self._body, note="newest first; click one to open it")

    def update(self) -> None:
        """Read the list again."""
        self._page.load(lambda: survey(self._page.bucket), self._show)

    def _show(self, surveyed: tuple[Sequence[dict[str, Any]], Sequence[DataError]]) -> None:
        found, damaged = surveyed
        self._found = found
        self._damage[:] = [self._told(error) for error in damaged[:_TOLD]]
        if not found:
            self._body[:] = [empty("No kept runs", "Every backtest is kept in the bucket under runs/.")]
            return
        self.param.chosen.objects = {_name(made): made["id"] for made in found}
        compare_some = pmui.MultiChoice.from_param(
            self.param.chosen, searchable=True, sizing_mode="stretch_width", margin=(12, 0, 0, 0)
        )
        go = pmui.Button(label="Compare runs", variant="outlined", margin=(8, 0), width=140)
        go.on_click(lambda _: self._page.goto(self._page.slug, compare=",".join(self.chosen)))
        self._body[:] = [self._table(), compare_some, go]

    def _told(self, error: DataError) -> Any:
        """A manifest that cannot be read, until it can, or is out of the way."""
        run = str(error).partition("/manifest.json")[0].removeprefix(f"{FOLDER}/")
        bucket = self._page.bucket
        aside = pmui.Button(label="Set it aside", variant="outlined", size="small", margin=0)
        aside.on_click(lambda _: self._page.load(lambda: set_aside(bucket, run), lambda _: self.update()))
        return failure(f"Run {run} cannot be listed", error, actions=[aside])

    def _table(self) -> Any:
        zone = self._page.settings.timezone
        frame = pd.DataFrame([_row(made, zone) for made in self._found], columns=list(_TITLES))
        return table(
            frame,
            titles=_TITLES,
            numbers={"sharpe": "0.00", "trades": "0,0"},
            signed={"cagr": 1, "mdd": 1},
            filters=("strategy", "symbols"),
            page_size=8,
            phone=_PHONE,
            on_click=lambda i: self._page.goto(self._page.slug, run=self._found[i]["id"]),
        )


def comparison(page: PageState, runs: Sequence[str]) -> dict[str, Any]:
    """What `comparison_page` shows; read from the bucket, so off the server's loop."""
    return compare(page.bucket, runs)


def comparison_page(found: dict[str, Any]) -> Any:
    """Settings that differ, metrics side by side, and the trades that entered, left or changed."""
    runs = found["runs"]
    names = [f"Run {i}" for i in range(1, len(runs) + 1)]
    settings = [(row["setting"], *(_text(row["values"][run]) for run in runs)) for row in found["settings"]]
    metrics = [_metric(row, runs) for row in found["metrics"] if row["metric"] in CONVENTIONS]
    trades = pd.DataFrame(found["trades"])
    counts = Counter(row["change"] for row in found["trades"])
    note = ", ".join(f"{counts[change]} {change}" for change in ("entered", "left", "changed"))
    diff = empty("The same trades", "Entries, exits, prices and reasons are equal.")
    if len(trades):
        trades["run"] = [names[runs.index(run)] for run in trades["run"]]
        diff = table(trades, signed={"return_pct": 2}, filters=("change", "symbol"), page_size=12)
    return pn.Column(
        section("Runs", plain_table(["", "Run"], zip(names, runs, strict=True))),
        section("Settings that differ", plain_table(["", *names], settings or [("none", *[""] * len(runs))])),
        section("Metrics", plain_table(["", *names], metrics, numbers=range(1, len(runs) + 1)), note=_versions(found)),
        section("Trades against run 1", diff, note=note),
        styles={"gap": "12px"},
        **_WIDE,
    )


def _versions(found: dict[str, Any]) -> str:
    """Which runs were made under another version of a metric."""
    told = (
        f"run {i} was made under another version of {', '.join(CONVENTIONS[name].label for name in others)}"
        for i, run in enumerate(found["runs"], 1)
        if (others := found["other_versions"][run])
    )
    return "; ".join(told)


def _metric(row: dict[str, Any], runs: Sequence[str]) -> tuple[str, ...]:
    convention = CONVENTIONS[row["metric"]]
    return convention.label, *(figure(row["values"][run], convention.unit, "") for run in runs)


def _row(made: dict[str, Any], zone: str | None) -> tuple[Any, ...]:
    told = made["performance"]
    created = int(pd.Timestamp(made["created"]).timestamp() * 1000)
    symbols = ", ".join(market.partition("/")[0] for market in made["symbols"])
    dates = f"{made['first'][:10]} to {made['last'][:10]}"
    numbers = (told.get(key) for key in ("cagr", "mdd", "sharpe", "num_trades"))
    cagr, mdd, sharpe, trades = numbers
    return when(created, zone), made["strategy"]["name"], cagr, mdd, sharpe, symbols, trades, dates


def _name(made: dict[str, Any]) -> str:
    return f"{made['strategy']['name']} · {', '.join(made['symbols'])} · {made['id'][:15]} {made['id'][-6:]}"


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else "-" if value is None else str(value)
