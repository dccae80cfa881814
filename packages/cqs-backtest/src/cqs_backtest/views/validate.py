"""The Validate page: how much of a run or a sweep is luck, and what breaks it; `?run=` or `?sweep=`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn

from cqs_backtest.views.kept_arguments import run_arguments
from cqs_backtest.views.later_offers import follow_offers
from cqs_backtest.views.lookup import known
from cqs_backtest.views.titles import short_title_of
from cqs_backtest.views.validate_form import ValidateForm
from cqs_backtest.views.validated import Validated, name_of_best, subjects, validated
from cqs_backtest.views.validation_page import ValidationPage
from cqs_backtest.views.validation_tests import OF_A_RUN, TESTS, WALK, arguments_of
from cqs_core import UnknownName
from cqs_core.time.clock import parse_start
from cqs_core.time.intervals import DAY
from cqs_panel import WIDE, Workbench, empty, failure, html, section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core import CqsError
    from cqs_core.jobs import Job
    from cqs_panel import PageState

_SHOWN_FAULTS = 5  # damaged runs and sweeps
_TITLES = {name: title for title, name in TESTS.items()}


class ValidateView(pn.viewable.Viewer):
    """Tests a kept run, or the best set of a sweep, by jobs, and shows what they say."""

    def __init__(self, page: PageState) -> None:
        super().__init__()
        self._page = page
        self._form: ValidateForm | None = None
        self._found: Validated | None = None
        self._mine: set[str] = set()  # jobs that this page waits for
        self._after: tuple[str, tuple[str, ...]] = ("", ())  # the job that keeps the best set, and the tests after it
        self._place = pn.Column(**WIDE)
        self._bench = Workbench("Validate", self._place, "Run the tests", self._run)
        follow_offers(page, self._ask, self._lacking)
        page.on_job(self._ended)
        page.param.watch(self._follow, "query")

    def __panel__(self) -> Any:
        return self._bench

    def _ask(self, quiet: bool) -> None:
        bucket = self._page.bucket
        self._page.load(lambda: subjects(bucket), self._offer, quiet=quiet)

    def _lacking(self) -> bool:
        return self._form is None and len(self._place) > 0

    def _offer(self, surveyed: tuple[dict[str, str], Sequence[CqsError]]) -> None:
        found, damaged = surveyed
        self._bench.below[:] = [failure("This cannot be listed", error) for error in damaged[:_SHOWN_FAULTS]]
        if self._form is not None:
            self._form.offer(found)
            self._form.show(self._page.query)
            return
        if not found:
            advice = "Run a backtest, or search its parameters: both are kept, and can be tested here."
            link = ("Run a backtest", self._page.link("backtest"))
            self._bench.ready(yes=False)
            self._place[:] = [empty("No run and no sweep yet", advice, link=link)]
            self._bench.results[:] = [section("", empty("Nothing to validate", "Make a run or a sweep first."))]
            return
        self._form = ValidateForm(self._page, found)
        self._bench.ready(yes=True)
        self._form.param.watch(self._chosen, "subject")
        self._place[:] = [self._form]
        self._open()

    def _chosen(self, event: Any) -> None:
        kind, _, name = str(event.new).partition(":")
        if name and self._page.query.get(kind) != name:  # else the form follows the address
            self._page.goto(self._page.slug, **{kind: name})

    def _follow(self, event: Any) -> None:
        if any(event.old.get(name) != event.new.get(name) for name in ("run", "sweep")):
            self._open()

    def _open(self) -> None:
        self._found = None
        self._bench.fold(open_=not any(self._asked))
        if any(self._asked):
            self._load(quiet=False)
        else:
            advice = "Choose a kept run or sweep, then run the tests."
            self._bench.results[:] = [section("", empty("Nothing chosen", advice))]

    @property
    def _asked(self) -> tuple[str, str]:
        """The run and the sweep that the address names; empty where it names none."""
        return self._page.query.get("run", ""), self._page.query.get("sweep", "")

    def _load(self, *, quiet: bool) -> None:
        bucket, asked = self._page.bucket, self._asked
        self._page.load(lambda: (asked, known(lambda: validated(bucket, *asked))), self._show, quiet=quiet)

    def _show(self, answer: tuple[tuple[str, str], Validated | UnknownName]) -> None:
        asked, found = answer
        if asked != self._asked:  # the user has gone on
            return
        if isinstance(found, UnknownName):
            self._page.say(str(found))
            self._page.remember(run=None, sweep=None)
            return
        self._found = found
        if self._form is not None:
            self._form.fit(_days(found))
            self._form.show(self._page.query)
        self._bench.results[:] = [ValidationPage(self._page, found, lambda test: self._start([test]))]

    def _run(self) -> None:
        if self._found is None or self._form is None:
            self._bench.show_message(html("<p>Nothing chosen: choose a run or a sweep.</p>"))
        elif not self._form.tests:
            self._bench.show_message(html("<p>No test chosen: choose at least one.</p>"))
        else:
            self._bench.show_message()
            self._start(self._form.tests)

    def _start(self, tests: Sequence[str]) -> None:
        """Start these tests; those of a run wait until there is one."""
        found, form = self._found, self._form
        if found is None or form is None:
            return
        waiting = tuple(test for test in tests if test in OF_A_RUN and found.run is None)
        sweep = found.sweep if "sweep" in self._page.query else None  # its ranges, else those of the run's strategy
        for test in tests:
            if test not in waiting:
                made = sweep.manifest if test == WALK and sweep is not None else found.manifest
                self._wait(f"{_TITLES[test]} of {short_title_of(made)}", arguments_of(test, made, form.settings))
        if waiting:
            self._keep_best(found, waiting)

    def _keep_best(self, found: Validated, waiting: tuple[str, ...]) -> None:
        """Run the best set of the sweep and keep it; its tests follow."""
        sweep = found.sweep
        if sweep is None or (name := name_of_best(sweep)) is None:
            self._bench.show_message(html("<p>No set of this sweep meets its requirements: there is none to test.</p>"))
            return
        arguments = run_arguments(sweep.manifest, (sweep.result or {})["best"], name)
        self._after = self._wait(f"Backtest the best set of {short_title_of(sweep.manifest)}", arguments), waiting

    def _wait(self, title: str, arguments: Sequence[str]) -> str:
        job = self._page.start(title, arguments).id
        self._mine.add(job)
        self._bench.busy(working=True)
        return job

    def _ended(self, job: Job) -> None:
        if job.id not in self._mine:
            return
        self._mine.discard(job.id)
        first, tests = self._after
        if job.id == first:
            self._after = ("", ())
            run = (job.result or {}).get("run") if job.state == "done" else None
            if run and self._form is not None:
                for test in tests:
                    arguments = arguments_of(test, {"id": run}, self._form.settings)
                    self._wait(f"{_TITLES[test]} of run {run}", arguments)
        if not self._mine:
            self._bench.busy(working=False)
        if self._found is not None:
            self._load(quiet=True)


def _days(found: Validated) -> int:
    first, last = (parse_start(found.manifest[name]) or 0 for name in ("first", "last"))
    return (last - first) // DAY + 1
