"""What the overview shows of backtests: the newest run that was kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_backtest.runs import listing, read
from cqs_panel import WIDE, empty, equity_chart, percent, ratio, section, strategy_title

if TYPE_CHECKING:
    from cqs_backtest.runs import StoredRun
    from cqs_core import Bucket
    from cqs_panel import PageState


def latest(page: PageState) -> Any:
    """Its equity over its drawdown, and the way to the rest of it."""
    shown = pn.Column(**WIDE)

    def show(run: StoredRun | None) -> None:
        shown[:] = [_blank(page) if run is None else _run(page, run)]

    page.load(lambda: newest(page.bucket), show)
    return shown


def newest(bucket: Bucket) -> StoredRun | None:
    """The run that was kept last, None where there is none."""
    runs = listing(bucket)
    return read(bucket, str(runs[0]["id"])) if runs else None


def _blank(page: PageState) -> Any:
    return section("Backtest", empty("No run yet", "Try a rule on your candles."), _link(page, "Backtest"))


def _run(page: PageState, run: StoredRun) -> Any:
    made, figures = run.manifest, run.manifest["performance"]
    symbols = ", ".join(symbol.partition("/")[0] for symbol in made["symbols"])
    said = f"{symbols} · CAGR {percent(figures['cagr'])} · Sharpe {ratio(figures['sharpe'])}"
    name = strategy_title(made["strategy"]["name"])
    return section(name, equity_chart(run.ts, run.equity), note=said, actions=[_link(page, "Open", run=run.id)])


def _link(page: PageState, label: str, **query: str) -> Any:
    button = pmui.Button(label=label, variant="outlined", size="small", margin=0)
    button.on_click(lambda _: page.goto("backtest", **query))
    return button
