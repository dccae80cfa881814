"""The Optimize page: a form at the left; at the right the sweep that it started, or one that was kept."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_backtest.runs import read
from cqs_backtest.search.kept import KeptSearch
from cqs_backtest.search.store import SweepFolder
from cqs_backtest.search.sweep_rows import SweepRows
from cqs_backtest.views.estimate import Estimate, estimate
from cqs_backtest.views.kept_arguments import resume_arguments, run_arguments
from cqs_backtest.views.later_offers import follow_candles
from cqs_backtest.views.lookup import known, name_of_set, run_with_name
from cqs_backtest.views.search_form import SearchForm
from cqs_backtest.views.sweep_page import SweepPage
from cqs_backtest.views.sweeps import KeptSweeps
from cqs_backtest.views.titles import title_of
from cqs_core import UnknownName, UsageError, jobs
from cqs_panel import WIDE, JobCard, Workbench, empty, html, section, strategy_title

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from cqs_core import Bucket, SeriesStatus
    from cqs_core.jobs import Job
    from cqs_core.lake import MarketSet
    from cqs_panel import PageState

_SECONDS = 1.5  # between two looks at a sweep that runs
_ELSEWHERE = 8  # looks after which one is worth it at a sweep that this machine does not make
_Found = tuple[KeptSearch, "pd.DataFrame", SweepRows]


class OptimizeView(pn.viewable.Viewer):
    """Searches parameters as a job and shows the sweep as it grows; `?sweep=` opens a kept one."""

    def __init__(self, page: PageState) -> None:
        super().__init__()
        self._page = page
        self._form: SearchForm | None = None
        self._shown: SweepPage | None = None
        self._rows: SweepRows | None = None
        self._mine = ""  # the job that this page waits for
        self._opening: set[str] = set()  # jobs that run a set which the user wants to see
        self._estimate = Estimate()
        self._looks = 0
        self._place = pn.Column(**WIDE)
        self._bench = Workbench("Optimize", self._place, "Start search", self._run)
        self._kept = KeptSweeps(page, page.slug)
        self._bench.below[:] = [self._kept]
        follow_candles(page, self._bench, self._place, "A search needs candles: fetch some first.", self._offer)
        page.on_job(self._ended)
        page.every(_SECONDS, self._look)
        page.param.watch(self._follow, "query")

    def __panel__(self) -> Any:
        return self._bench

    def _offer(self, found: Sequence[SeriesStatus], sets: Sequence[MarketSet]) -> None:
        if self._form is not None:
            self._form.renew_candles(found, sets)
            return
        self._form = SearchForm(found, self._page, sets)
        self._place[:] = [self._form]
        self._form.param.watch(lambda _: self._measure(), "changes")
        self._page.later(self._measure)
        self._open()

    def _measure(self) -> None:
        """Count the sets, and measure how long they take, in a thread."""
        form, bucket = self._form, self._page.bucket
        if form is None or not form.symbols:
            return
        try:
            arguments = form.arguments()
        except UsageError as error:
            self._tell(Estimate(error=str(error)))
            return
        self._page.load(lambda: estimate(bucket, arguments), self._tell, quiet=True)

    def _tell(self, found: Estimate) -> None:
        self._estimate = found
        text = escape(found.text)
        kind = 'class="fault" role="alert"' if found.error else 'class="estimate" style="font-size:13px"'
        self._bench.show_message(html(f"<div {kind}>{text}</div>"))

    def _run(self) -> None:
        if self._form is None or not self._form.symbols:
            text = "No symbols: choose at least one." if self._form else "No candles yet."
            self._bench.show_message(html(f"<p>{text}</p>"))
        elif self._estimate.error:
            self._tell(self._estimate)
        elif self._estimate.asks:
            go = pmui.Button(label="Start it anyway", variant="outlined", size="small", margin=0)
            go.on_click(lambda _: self._start())
            advice = "Narrow the ranges, take larger steps, or take sets at random."
            self._bench.show_message(html(f"<p>{escape(self._estimate.text)}. {advice}</p>"), go)
        else:
            self._start()

    def _start(self) -> None:
        form = self._form
        if form is None:
            return
        self._tell(self._estimate)
        title = f"Optimize {strategy_title(form.strategy)} on {', '.join(form.symbols)}"
        self._wait(self._page.start(title, [*form.arguments(), "--yes"]))

    def _resume(self) -> None:
        if self._shown is not None:
            made = self._shown.kept.manifest
            self._wait(self._page.start(f"Optimize {title_of(made)}", resume_arguments(made)))

    def _wait(self, job: Job) -> None:
        self._mine = job.id
        self._bench.busy(working=True)

    def _look(self) -> None:
        """Follow the sweep that runs: show it as soon as it has an id, then its rows as they come."""
        if self._mine:
            job = jobs.get(self._mine)
            if self._page.query.get("sweep") != job.note and _is_sweep(job.note) and not job.over:
                self._page.goto(self._page.slug, **self._page.query | {"sweep": job.note})
        self._looks += 1
        unfinished = self._shown is not None and self._shown.kept.result is None
        if unfinished and (self._mine or self._looks % _ELSEWHERE == 0):
            self._read_again()

    def _ended(self, job: Job) -> None:
        if job.id in self._opening:
            self._opening.discard(job.id)
            if job.state == "done" and self._page.shown and (run := (job.result or {}).get("run")):
                self._page.goto("backtest", run=run)
        if job.args[:2] != ["backtest", "sweep"]:
            return
        self._kept.update()
        if job.id == self._mine:
            self._mine = ""
            self._bench.busy(working=False)
            sweep = (job.result or {}).get("sweep") if job.state == "done" else None
            if sweep and self._page.shown and self._page.query.get("sweep") != sweep:
                self._page.goto(self._page.slug, **self._page.query | {"sweep": sweep})
        if self._shown is not None:
            self._shown.follow(None)
            self._read_again()

    def _follow(self, event: Any) -> None:
        if any(event.old.get(name) != event.new.get(name) for name in ("sweep", "run")):
            self._open()

    def _open(self) -> None:
        page, sweep = self._page, self._page.query.get("sweep", "")
        self._shown, self._rows = None, None
        self._bench.fold(open_=not sweep)
        if sweep:
            page.load(lambda: (sweep, known(lambda: _read(page.bucket, sweep))), self._show)
            return
        advice = "Choose ranges, then start; or open a kept sweep."
        self._bench.results[:] = [section("", empty("No sweep chosen", advice))]
        if run := page.query.get("run"):
            page.load(lambda: (run, known(lambda: read(page.bucket, run).manifest)), self._take)

    def _take(self, answer: tuple[str, dict[str, Any] | UnknownName]) -> None:
        """Fill the form with what a run was made of."""
        asked, made = answer
        if asked != self._page.query.get("run"):  # the user has gone on
            return
        if isinstance(made, UnknownName):
            self._page.say(str(made))
            self._page.remember(run=None)
        elif self._form is not None:
            self._form.fill(made)

    def _show(self, answer: tuple[str, _Found | UnknownName]) -> None:
        asked, found = answer
        if asked != self._page.query.get("sweep"):  # the user has gone on
            return
        if isinstance(found, UnknownName):
            self._page.say(str(found))
            self._page.remember(sweep=None)
            return
        kept, rows, self._rows = found
        if self._form is not None and not self._mine:
            self._form.fill(kept.manifest)
        self._shown = SweepPage(self._page, kept, rows, self._open_set, self._resume)
        if (job := _job_of(kept)) is not None:
            self._shown.follow(JobCard(self._page, job))
            self._wait(job)
        self._bench.results[:] = [self._shown]

    def _read_again(self) -> None:
        shown, rows = self._shown, self._rows
        if shown is not None and rows is not None:
            self._page.load(lambda: (shown, *_again(rows)), self._grow, quiet=True)

    def _grow(self, found: tuple[SweepPage, KeptSearch, pd.DataFrame]) -> None:
        shown, kept, rows = found
        if shown is self._shown:
            shown.update(kept, rows)

    def _open_set(self, row: Mapping[str, Any]) -> None:
        """Show a set as a run: one that is kept already, or a new one."""
        if self._shown is None:
            return
        made, bucket = self._shown.kept.manifest, self._page.bucket
        name = name_of_set(made["id"], int(row["set"]))
        arguments = run_arguments(made, row, name)

        def show(run: str | None) -> None:
            if run is not None:
                self._page.goto("backtest", run=run)
                return
            title = f"Backtest set {int(row['set'])} of {strategy_title(made['strategy']['name'])}"
            self._opening.add(self._page.start(title, arguments).id)

        self._page.load(lambda: run_with_name(bucket, name), show)


def _read(bucket: Bucket, sweep: str) -> _Found:
    rows = SweepRows(SweepFolder.find(bucket, sweep))
    return *_again(rows), rows


def _again(rows: SweepRows) -> tuple[KeptSearch, pd.DataFrame]:
    folder = rows.folder
    result = folder.result()  # before the rows: a result that is there has all of them
    return KeptSearch(folder, folder.manifest(), result), rows.frame()


def _job_of(kept: KeptSearch) -> Job | None:
    """The job of this machine that makes a sweep, while it runs."""
    if kept.result is not None:
        return None
    running = (job for job in jobs.listing(20) if not job.over and job.args[:2] == ["backtest", "sweep"])
    return next((job for job in running if kept.folder.id in (job.note, *job.args)), None)


def _is_sweep(note: str) -> bool:
    return note[:8].isdigit() and "T" in note[:9] and " " not in note
