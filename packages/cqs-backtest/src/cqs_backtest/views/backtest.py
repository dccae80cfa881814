"""The Backtest page: a form at the left, the run that it made at the right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_backtest.runs import StoredRun, load
from cqs_backtest.views.form import BacktestForm
from cqs_backtest.views.run import run_page
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


class BacktestView(pn.viewable.Viewer):  # type: ignore[misc]
    """Runs a backtest as a job and shows it; `?run=` opens a kept one."""

    def __init__(self, page: PageState) -> None:
        super().__init__()
        self._page = page
        self._form: BacktestForm | None = None
        self._left = pn.Column(**_WHOLE)
        self._job = pn.Column(**_WHOLE)
        self._shown = pn.Column(**_WHOLE)
        self._start = pmui.Button(
            label="Run backtest", color="primary", sizing_mode="stretch_width", margin=(8, 0, 0, 0)
        )
        self._start.on_click(lambda _: self._run())
        page.load(lambda: Lake(page.bucket).status(), self._offer)
        page.param.watch(lambda _: self._open(), "query")

    def __panel__(self) -> Any:
        right = pn.Column(self._job, self._shown, **_WHOLE)
        return pn.Column(self._left, right, stylesheets=[_GRID], **_WHOLE)

    def _offer(self, found: Sequence[SeriesStatus]) -> None:
        if not any(status.rows for status in found):
            advice = "A backtest needs candles: fetch some, or let the demo make them."
            self._left[:] = [empty("No candles in the lake", advice, "cqs fetch --symbols BTC,ETH --interval 1d")]
            return
        self._form = BacktestForm(found)
        self._left[:] = [section("Backtest", self._form, self._start)]
        self._shown[:] = [empty("No run yet", "Choose symbols and dates, then run.")]
        self._open()

    def _run(self) -> None:
        form = self._form
        assert form is not None
        title = f"Backtest {form.strategy} on {', '.join(form.symbols)}"
        job = jobs.start(title, form.arguments(self._page.bucket.url))
        self._start.disabled = True
        self._job[:] = [section("", JobCard(self._page, job, self._ended))]

    def _ended(self, job: Job) -> None:
        self._start.disabled = False
        run = (job.result or {}).get("run") if job.state == "done" else None
        if run:
            self._job.clear()
            self._page.goto(self._page.slug, run=run)

    def _open(self) -> None:
        run = self._page.query.get("run")
        if run and self._form is not None:
            self._page.load(lambda: load(self._page.bucket, run), self._show)

    def _show(self, run: StoredRun) -> None:
        assert self._form is not None
        self._form.fill(run.manifest)
        self._shown[:] = [run_page(run, self._page.settings.timezone)]
