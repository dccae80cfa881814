"""The Backtest page: a form at the left; at the right the run that it made, runs kept before, or a comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_backtest.runs import StoredRun, load
from cqs_backtest.views.form import BacktestForm
from cqs_backtest.views.run import RunPage
from cqs_backtest.views.runs import KeptRuns, comparison, comparison_page
from cqs_core import Lake, SeriesStatus, jobs
from cqs_panel.jobs import JobCard
from cqs_panel.sections import empty, section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core.jobs import Job
    from cqs_panel import PageState

_GRID = """
:host{display:grid!important;grid-template-columns:320px minmax(0,1fr);gap:12px;align-items:start}
@media(max-width:1000px){:host{grid-template-columns:minmax(0,1fr)}}
"""
_WHOLE = {"sizing_mode": "stretch_width", "margin": 0}


class BacktestView(pn.viewable.Viewer):
    """Runs a backtest as a job and shows it; `?run=` opens a kept one, `?compare=` some side by side."""

    def __init__(self, page: PageState) -> None:
        super().__init__()
        self._page = page
        self._form: BacktestForm | None = None
        self._left, self._shown = pn.Column(**_WHOLE), pn.Column(**_WHOLE)
        self._job = pn.Column(visible=False, **_WHOLE)
        self._kept = KeptRuns(page)
        self._start = pmui.Button(
            label="Run backtest", color="primary", sizing_mode="stretch_width", margin=(8, 0, 0, 0)
        )
        self._start.on_click(lambda _: self._run())
        page.load(lambda: Lake(page.bucket).status(), self._offer)
        page.param.watch(lambda _: self._open(), "query")

    def __panel__(self) -> Any:
        right = pn.Column(self._job, self._shown, self._kept, styles={"gap": "12px"}, **_WHOLE)
        return pn.Column(self._left, right, stylesheets=[_GRID], **_WHOLE)

    def _offer(self, found: Sequence[SeriesStatus]) -> None:
        if not any(status.rows for status in found):
            advice = "A backtest needs candles: fetch some, or let the demo make them."
            missing = empty("No candles in the lake", advice, "cqs fetch --symbols BTC,ETH --interval 1d")
            self._left[:] = [section("", missing)]
            return
        self._form = BacktestForm(found)
        self._left[:] = [section("Backtest", self._form, self._start)]
        self._open()

    def _run(self) -> None:
        form = self._form
        assert form is not None
        if not form.symbols:
            self._say(section("", empty("No symbols", "Choose at least one.")))
            return
        title = f"Backtest {form.strategy} on {', '.join(form.symbols)}"
        job = jobs.start(title, form.arguments(self._page.bucket.url))
        self._start.disabled = True
        self._say(section("", JobCard(self._page, job, self._ended)))

    def _say(self, *shown: Any) -> None:
        """What goes on, above the run."""
        self._job[:] = list(shown)
        self._job.visible = bool(shown)

    def _ended(self, job: Job) -> None:
        self._start.disabled = False
        run = (job.result or {}).get("run") if job.state == "done" else None
        if run:
            self._say()
            self._kept.update()
            self._page.goto(self._page.slug, run=run)

    def _open(self) -> None:
        page, asked = self._page, self._page.query
        if runs := [run for run in asked.get("compare", "").split(",") if run]:
            page.load(lambda: comparison(page, runs), self._compare)
        elif run := asked.get("run"):
            page.load(lambda: load(page.bucket, run), self._show)
        else:
            advice = "Choose symbols and dates, then run; or open a kept run."
            self._shown[:] = [section("", empty("No run chosen", advice))]

    def _show(self, run: StoredRun) -> None:
        if self._form is not None:
            self._form.fill(run.manifest)
        self._shown[:] = [RunPage(self._page, run)]

    def _compare(self, found: dict[str, Any]) -> None:
        self._shown[:] = [comparison_page(found)]
