"""The overview card of backtests: the newest kept run."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_backtest import charts
from cqs_backtest.luck import lucks
from cqs_backtest.metrics.conventions import version_note
from cqs_backtest.runs import read, survey
from cqs_backtest.views.titles import coins_of
from cqs_panel import WIDE, empty, failure, html, percent, ratio, section, strategy_title
from cqs_panel.charts import ChartPane

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_backtest.luck import Luck
    from cqs_backtest.runs import StoredRun
    from cqs_core import Bucket, DataError
    from cqs_panel import PageState


def latest(page: PageState) -> Any:
    """Its equity over its drawdown, and the way to the rest of it."""
    shown = pn.Column(**WIDE)

    def show(found: tuple[StoredRun | None, Sequence[DataError], Sequence[Luck]]) -> None:
        run, damaged, worth = found
        shown[:] = [_blank(page, damaged) if run is None else _run(page, run, damaged, worth[0])]

    def read_newest() -> tuple[StoredRun | None, Sequence[DataError], Sequence[Luck]]:
        run, damaged = newest(page.bucket)
        return run, damaged, lucks(page.bucket, [] if run is None else [run.manifest])

    page.load(read_newest, show)
    return shown


def newest(bucket: Bucket) -> tuple[StoredRun | None, Sequence[DataError]]:
    """The last kept run, None if none can be read; and errors of those that cannot be read."""
    runs, damaged = survey(bucket)
    return (read(bucket, str(runs[0]["id"])) if runs else None), damaged


def _blank(page: PageState, damaged: Sequence[DataError]) -> Any:
    if damaged:
        return section("Backtest", failure(_unreadable(len(damaged)), damaged[0]), _link(page, "Backtest"))
    return section("Backtest", empty("No run yet", "Try a strategy on your candles."), _link(page, "Backtest"))


def _unreadable(runs: int) -> str:
    return "1 run cannot be read" if runs == 1 else f"{runs} runs cannot be read"


def _run(page: PageState, run: StoredRun, damaged: Sequence[DataError], luck: Luck) -> Any:
    made, figures = run.manifest, run.manifest["performance"]
    said = f"{coins_of(made)} · CAGR {percent(figures['cagr'])} · Sharpe {ratio(figures['sharpe'])}"
    name = strategy_title(made["strategy"]["name"])
    lines = [html(f'<span class="note">{_unreadable(len(damaged))}; see Backtest.</span>')] if damaged else []
    notes = filter(None, (luck.sentence, version_note(made)))
    lines += [html(f'<span class="note">{escape(note)}</span>') for note in notes]
    key = (page.bucket.address, run.id, "latest")
    chart = ChartPane(page, 404).draw(lambda: charts.equity(run, benchmark=False, mode="page"), key=key)
    return section(name, *lines, chart, note=said, actions=[_link(page, "Open", run=run.id)])


def _link(page: PageState, label: str, **query: str) -> Any:
    button = pmui.Button(label=label, variant="outlined", size="small", margin=0)
    button.on_click(lambda _: page.goto("backtest", **query))
    return button
