"""The overview card of backtests: the newest kept run."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import panel as pn

from cqs_backtest import charts
from cqs_backtest.luck import lucks
from cqs_backtest.metrics.conventions import version_note
from cqs_backtest.runs import annotations_of, read, survey
from cqs_backtest.views.titles import called, coins_of
from cqs_panel import WIDE, failure, html, percent, ratio, section, strategy_title
from cqs_panel.charts import ChartPane

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqs_backtest.luck import Luck
    from cqs_backtest.runs import Annotation, StoredRun
    from cqs_core import Bucket, CqsError
    from cqs_panel import PageState


_CSS = """
.row.row{display:flex;gap:12px;justify-content:space-between;padding:8px 2px;font-size:13px;
  border-top:1px solid var(--cqs-line)}
.row span:first-child{overflow:hidden;text-overflow:ellipsis;white-space:nowrap;min-width:0}
.row span:last-child{color:var(--cqs-muted);white-space:nowrap}
"""
_EARLIER = 4  # runs that are listed below the newest


class LastRuns(NamedTuple):
    """The newest kept run, None if none can be read; the manifests before it; errors of those that cannot be read.

    `said` is what the user says about each, the newest first.
    """

    run: StoredRun | None
    earlier: Sequence[Mapping[str, Any]]
    damaged: Sequence[CqsError]
    said: Sequence[Annotation] = ()


def latest(page: PageState) -> Any:
    """Its equity over its drawdown, the runs before it, and the way to each; hidden where there is no run."""
    shown = pn.Column(visible=False, **WIDE)

    def show(found: tuple[LastRuns, Sequence[Luck], str]) -> None:
        last, worth, still = found
        shown.visible = last.run is not None or bool(last.damaged)
        if last.run is not None:
            shown[:] = [_run(page, last, worth[0], still)]
        elif last.damaged:
            failed = failure(_unreadable(len(last.damaged)), last.damaged[0])
            shown[:] = [section("Backtest", failed, link=page.link("backtest"))]

    def read_last() -> tuple[LastRuns, Sequence[Luck], str]:
        last = newest(page.bucket)
        if last.run is None:
            return last, [], ""
        return last, lucks(page.bucket, [last.run.manifest]), charts.equity_still(last.run)

    page.load(read_last, show)
    return shown


def newest(bucket: Bucket) -> LastRuns:
    """The last kept runs."""
    runs, damaged = survey(bucket)
    shown = runs[: 1 + _EARLIER]
    run = read(bucket, str(runs[0]["id"])) if runs else None
    return LastRuns(run, shown[1:], damaged, annotations_of(bucket, shown))


def _unreadable(runs: int) -> str:
    return "1 run cannot be read" if runs == 1 else f"{runs} runs cannot be read"


def _run(page: PageState, last: LastRuns, luck: Luck, still: str) -> Any:
    run, damaged = cast("StoredRun", last.run), last.damaged
    made, figures = run.manifest, run.manifest["performance"]
    said = f"{coins_of(made)} · CAGR {percent(figures['cagr'])} · Sharpe {ratio(figures['sharpe'])}"
    name = last.said[0].name or strategy_title(made["strategy"]["name"])
    lines = [html(f'<span class="note">{_unreadable(len(damaged))}; see Backtest.</span>')] if damaged else []
    notes = filter(None, (luck.sentence, version_note(made)))
    lines += [html(f'<span class="note">{escape(note)}</span>') for note in notes]
    key = (page.bucket.address, run.id, "latest")
    chart = ChartPane(page, 320 - 30 * len(last.earlier))
    chart.draw(lambda: charts.equity(run, benchmark=False, mode="page"), below=True, key=key, still=still)
    lines += [
        chart,
        *([html(_earlier_html(page, last.earlier, last.said[1:]), stylesheets=[_CSS])] if last.earlier else []),
    ]
    return section(name, *lines, note=said, link=page.link("backtest", run=run.id))


def _earlier_html(page: PageState, runs: Sequence[Mapping[str, Any]], said: Sequence[Annotation]) -> str:
    """A line for each run."""
    return "".join(
        f'<a class="plain row" href="{escape(page.link("backtest", run=str(made["id"])))}">'
        f"<span>{escape(called(made, one))}</span><span>CAGR {percent(made['performance'].get('cagr'))} · "
        f"Sharpe {ratio(made['performance'].get('sharpe'))}</span></a>"
        for made, one in zip(runs, said, strict=True)
    )
