"""Kept runs side by side: what they are, their curves, what differs in settings, metrics and trades."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
import panel_material_ui as pmui

from cqs_backtest import charts
from cqs_backtest.metrics.conventions import CONVENTIONS, HEADLINE
from cqs_backtest.runs import read
from cqs_backtest.runs.run_comparison import compare_read
from cqs_backtest.views.run_figures import figure, judged
from cqs_backtest.views.run_regimes import RunRegimes
from cqs_backtest.views.titles import dates_of, title_of
from cqs_backtest.views.trade_difference import TradeDifference
from cqs_panel import (
    UNKNOWN,
    WIDE,
    columns_button,
    empty,
    label,
    plain_table,
    section,
    staged,
    strategy_title,
    table,
    table_csv,
)
from cqs_panel.charts import ChartPane

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cqs_backtest.runs import StoredRun
    from cqs_panel import PageState

_TITLES = {
    "run": "Run",
    "change": "Change",
    "symbol": "Symbol",
    "entry_time": "Entry",
    "exit_time": "Exit",
    "return_pct": "Return %",
    "exit_time_before": "Exit, run 1",
    "return_pct_before": "Return %, run 1",
}
_SETTINGS = {
    "last": "End",
    "first": "First bar",
    "fee": "Fee",
    "day_start": "Day starts at, ms",
    "on_end": "At the end",
}
_DATES = ("start", "first", "last")


def comparison(page: PageState, runs: Sequence[str]) -> tuple[dict[str, Any], Sequence[StoredRun]]:
    """The data of `comparison_page`; read from the bucket, so not on the server's loop."""
    found = [read(page.bucket, run) for run in runs]
    return compare_read(page.bucket, found), found


def comparison_page(
    page: PageState, found: dict[str, Any], runs: Sequence[StoredRun], titles: Mapping[str, str]
) -> Any:
    """All differences of the runs, from top to bottom.

    Args:
        page: that shows them.
        found: of `comparison`, as are `runs`.
        runs: that are compared.
        titles: what they are called, by id.
    """
    names = [f"Run {i}" for i in range(1, len(runs) + 1)]
    about = [
        (name, titles.get(run.id), title_of(run.manifest), dates_of(run.manifest), run.id)
        for name, run in zip(names, runs, strict=True)
    ]
    named = dict(zip(names, runs, strict=True))
    curves = ChartPane(page, 444).draw(lambda: charts.compare(named, mode="page"))
    settings = [
        (_setting(row["setting"]), *(_text(row["setting"], v) for v in row["values"].values()))
        for row in found["settings"]
    ]
    difference = TradeDifference(page, runs)
    return staged(
        page,
        section("Runs", plain_table(["", "Name", "Strategy", "Dates", "Id"], about)),
        section("Growth and drawdown", curves, note="percent since the start, at each close; below, drawdowns"),
        section("Settings that differ", plain_table(["", *names], settings or [("none", *[""] * len(runs))])),
        _metrics(found, names),
        lambda: RunRegimes(page, named),
        difference,
        _trades(found, names, difference.show),
        first=4,
    )


def _metrics(found: dict[str, Any], names: Sequence[str]) -> Any:
    known = [row for row in found["metrics"] if row["metric"] in CONVENTIONS]
    first = [row for row in known if row["metric"] in HEADLINE]
    rest = [row for row in known if row["metric"] not in HEADLINE]
    more = (f"{len(rest)} more metrics", _metric_table(found, names, rest))
    folded = pmui.Accordion(more, active=[], title_variant="subtitle2", **WIDE)
    note = "; ".join(filter(None, ["changes are colored by what they mean: better or worse", _versions(found)]))
    return section("Metrics", _metric_table(found, names, first, _deflated(found)), folded, note=note)


def _metric_table(
    found: dict[str, Any], names: Sequence[str], rows: Sequence[dict[str, Any]], more: Sequence[tuple[str, ...]] = ()
) -> Any:
    headers = ["", names[0], *(part for name in names[1:] for part in (name, "Change"))]
    tones = {
        (at, 3 + 2 * other): tone
        for at, row in enumerate(rows)
        for other, tone in enumerate(_tones(row, found["runs"]))
        if tone
    }
    cells = [*(_metric(row, found["runs"]) for row in rows), *more]
    return plain_table(headers, cells, numbers=range(1, len(headers)), tones=tones)


def _tones(row: dict[str, Any], runs: Sequence[str]) -> list[Literal["up", "down"] | None]:
    """Whether each run but the first is better in a metric, or worse; None where it is neither."""
    first, *others = (row["values"][run] for run in runs)
    return [judged(row["metric"], first, value) for value in others]


def _metric(row: dict[str, Any], runs: Sequence[str]) -> tuple[str, ...]:
    convention = CONVENTIONS[row["metric"]]
    first, *others = (row["values"][run] for run in runs)
    cells = [figure(first, convention.unit, "")]
    for value in others:
        change = None if value is None or first is None else value - first
        text = figure(change, convention.unit, "")
        cells += [figure(value, convention.unit, ""), f"+{text}" if change and change > 0 else text]
    return convention.label, *cells


def _deflated(found: dict[str, Any]) -> list[tuple[str, ...]]:
    """The deflated Sharpe ratio of each run for which other sets were tried."""
    first, *others = (found["luck"][run]["short"] for run in found["runs"])
    if not any((first, *others)):
        return []
    return [("Deflated Sharpe", first, *(part for value in others for part in (value, "")))]


def _trades(found: dict[str, Any], names: Sequence[str], show: Callable[[dict[str, Any]], None]) -> Any:
    counts = Counter(row["change"] for row in found["trades"])
    note = ", ".join(f"{counts[change]} {change}" for change in ("entered", "left", "changed"))
    if not found["trades"]:
        return section(
            "Trades compared with run 1", empty("Equal trades", "Entries, exits, prices and reasons are equal.")
        )
    trades = pd.DataFrame(found["trades"], columns=list(_TITLES))
    trades["run"] = [names[found["runs"].index(run)] for run in trades["run"]]
    for name in ("entry_time", "exit_time", "exit_time_before"):
        trades[name] = [_time(value) for value in trades[name]]
    shown = table(
        trades,
        titles=_TITLES,
        signed={"return_pct": 2, "return_pct_before": 2},
        filters=("change", "symbol"),
        phone=("change", "symbol", "entry_time", "return_pct"),
        page_size=12,
        on_click=lambda row: show(found["trades"][row]),
    )
    about = f"{note}; click one to see its candles; times in UTC"
    return section(
        "Trades compared with run 1",
        shown,
        note=about,
        actions=[columns_button(shown), table_csv(shown, "trades-compared.csv")],
    )


def _versions(found: dict[str, Any]) -> str:
    """Which runs were made under another version of a metric."""
    text = (
        f"run {i} was made under another version of {', '.join(CONVENTIONS[name].label for name in others)}"
        for i, run in enumerate(found["runs"], 1)
        if (others := found["other_versions"][run])
    )
    return "; ".join(text)


def _setting(name: str) -> str:
    return _SETTINGS.get(name) or label(name)


def _text(setting: str, value: object) -> str:
    if setting in _DATES:
        return _time(value)
    if setting == "strategy":
        return strategy_title(str(value))
    if isinstance(value, float):
        return f"{value:,.12g}"
    return ", ".join(map(str, value)) if isinstance(value, list) else UNKNOWN if value is None else str(value)


def _time(value: object) -> str:
    """Without a time of day where it is midnight."""
    return str(value)[:16].replace("T", " ").removesuffix(" 00:00") if isinstance(value, str) else UNKNOWN
