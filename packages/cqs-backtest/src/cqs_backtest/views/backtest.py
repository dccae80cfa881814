"""The Backtest page: a form at the left; at the right the run that it made, and the newest ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import panel as pn

from cqs_backtest.luck import lucks
from cqs_backtest.runs import StoredRun, annotation_of, read
from cqs_backtest.views.form import BacktestForm
from cqs_backtest.views.later_offers import follow_candles
from cqs_backtest.views.lookup import known, tried
from cqs_backtest.views.recent_runs import RecentRuns
from cqs_backtest.views.run import RunPage
from cqs_backtest.views.run_figures import changes
from cqs_core import UnknownName
from cqs_panel import WIDE, Workbench, empty, html, section, strategy_title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_backtest.luck import Luck
    from cqs_core import Bucket, SeriesStatus
    from cqs_core.jobs import Job
    from cqs_core.lake import MarketSet
    from cqs_panel import PageState


class BacktestView(pn.viewable.Viewer):
    """Runs a backtest as a job and shows it; `?run=` opens a kept one."""

    def __init__(self, page: PageState) -> None:
        super().__init__()
        self._page = page
        self._form: BacktestForm | None = None
        self._shown: RunPage | None = None
        self._mine = ""  # the job that this page waits for
        self._told: set[str] = set()  # runs whose changes were told
        self._place = pn.Column(**WIDE)
        self._bench = Workbench("Backtest", self._place, "Run backtest", self._run)
        self._kept = RecentRuns(page)
        self._bench.below[:] = [self._kept]
        if runs := page.query.get("compare"):  # an address of before there was a page for it
            page.remember(compare=None)
            page.goto("runs", compare=runs)
        follow_candles(page, self._bench, self._place, "A backtest needs candles: fetch some first.", self._offer)
        page.on_job(self._ended)
        page.param.watch(self._follow, "query")

    def __panel__(self) -> Any:
        return self._bench

    def _offer(self, found: Sequence[SeriesStatus], sets: Sequence[MarketSet]) -> None:
        if self._form is not None:
            self._form.renew_candles(found, sets)
            return
        self._form = BacktestForm(found, self._page, sets)
        self._place[:] = [self._form]
        self._open()

    def _run(self) -> None:
        form = self._form
        if form is None or not form.symbols:
            self._bench.show_message(
                html(f"<p>{'No symbols: choose at least one.' if form else 'No candles yet.'}</p>")
            )
            return
        self._bench.show_message()
        title = f"Backtest {strategy_title(form.strategy)} on {', '.join(form.symbols)}"
        self._mine = self._page.start(title, form.arguments()).id
        self._bench.busy(working=True)

    def _ended(self, job: Job) -> None:
        if job.args[:2] != ["backtest", "run"]:
            return
        self._kept.update()
        if job.id != self._mine:
            return
        self._mine = ""
        self._bench.busy(working=False)
        run = (job.result or {}).get("run") if job.state == "done" else None
        if run and self._page.shown:
            self._page.goto(self._page.slug, run=run, **({"before": self._shown.id} if self._shown else {}))

    def _follow(self, event: Any) -> None:
        if event.old.get("run") != event.new.get("run"):
            self._open()
        elif self._shown is not None:
            if event.old.get("trade") != event.new.get("trade"):
                self._shown.trades.follow()
            if any(event.old.get(name) != event.new.get(name) for name in ("since", "until")):
                self._shown.follow_stretch()

    def _open(self) -> None:
        page, asked = self._page, self._page.query
        self._shown = None
        self._bench.fold(open_=not asked.get("run"))
        if run := asked.get("run"):
            before = asked.get("before", "")
            page.load(lambda: (run, known(lambda: _opened(page.bucket, run, before))), self._show)
        else:
            advice = "Choose symbols and dates, then run; or open a kept run."
            self._bench.results[:] = [section("", empty("No run chosen", advice))]

    def _show(self, answer: tuple[str, tuple[StoredRun, Luck, StoredRun | None] | UnknownName]) -> None:
        asked, found = answer
        if asked != self._page.query.get("run"):  # the user has gone on
            return
        if isinstance(found, UnknownName):
            self._page.say(str(found))
            self._page.remember(run=None, before=None, trade=None, since=None, until=None)
            return
        run, luck, before = found
        if self._form is not None:
            self._form.fill(run.manifest)
        self._shown = RunPage(self._page, run, luck, before)
        self._bench.results[:] = [self._shown]
        if before is not None and run.id not in self._told:
            self._told.add(run.id)
            moved = changes(before.manifest["performance"], run.manifest["performance"])
            self._page.say(f"Against the run before: {moved}")


def _opened(bucket: Bucket, run: str, before: str) -> tuple[StoredRun, Luck, StoredRun | None]:
    """The run under the name that it has now, what its figures are worth, and the run that it replaced."""
    stored, replaced = read(bucket, run), tried(lambda: read(bucket, before)) if before else None
    named = replace(stored, manifest={**stored.manifest, "name": annotation_of(bucket, stored.manifest).name})
    return named, lucks(bucket, [stored.manifest])[0], replaced if isinstance(replaced, StoredRun) else None
