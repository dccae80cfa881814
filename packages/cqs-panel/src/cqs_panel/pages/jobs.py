"""The Jobs page: all jobs of this machine with kind, time and result, and a button to run one again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_core import jobs
from cqs_core.time.clock import iso
from cqs_panel.confirm_button import ignore_double_clicks
from cqs_panel.downloads import csv_button
from cqs_panel.figures import when, zone_name
from cqs_panel.jobs import JOB_CSS, job_html, kept, own_arguments
from cqs_panel.layout import WIDE, stack
from cqs_panel.login.session import operator_only
from cqs_panel.sections import empty, html, section

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from cqs_core.jobs import Job
    from cqs_panel.state import PageState

_MOST = 30
_SECONDS = 1.0
_KINDS = {
    "backtest run": "Backtest",
    "data verify": "Verification",
    "data repair": "Repair",
    "models evaluate": "Evaluation",
}
_LINE = """
:host{display:grid!important;grid-template-columns:minmax(0,1fr) auto;gap:4px 12px;align-items:start;
  border-bottom:1px solid var(--cqs-line);padding-bottom:10px}
@media(max-width:700px){:host{grid-template-columns:minmax(0,1fr)}}
"""


def build(page: PageState) -> Any:
    """The newest jobs of this bucket, with what can be done with each."""
    found = JobsPage(page)
    note = f"of this bucket on this machine, newest first; times in {zone_name(page.settings.timezone)}"
    return section("Jobs", found, note=note, actions=[found.clear, found.csv])


class JobsPage(pn.viewable.Viewer):
    """Kept up to date while it is shown."""

    def __init__(self, page: PageState) -> None:
        super().__init__()
        self._page = page
        self._lines: dict[str, _Line] = {}
        self._column, self._others = stack(), html("")
        self.clear = pmui.Button(label="Clear finished", icon="clear_all", variant="outlined", size="small", margin=0)
        self.clear.on_click(lambda _: self._clear())
        operator_only(self.clear)
        self.csv = csv_button(self.file, "jobs.csv")
        self._update()
        page.every(_SECONDS, self._update)

    def __panel__(self) -> Any:
        return stack(self._column, self._others)

    def file(self) -> pd.DataFrame:
        """All jobs of this bucket, newest first; times in UTC."""
        import pandas as pd

        found = jobs.listing(bucket=self._page.bucket.url)
        rows = [(job.title, kind_of(job), job.state, _time(job.started), _time(job.ended), job.id) for job in found]
        return pd.DataFrame(rows, columns=["Job", "Kind", "State", "Started", "Ended", "Id"])

    def _clear(self) -> None:
        jobs.forget(job.id for job in jobs.listing(bucket=self._page.bucket.url) if job.over)
        self._update()

    def _update(self) -> None:
        found = jobs.listing(_MOST, self._page.bucket.url)
        self._count_others(jobs.count_others(self._page.bucket.url))
        self.clear.disabled = not any(job.over for job in found)
        self.clear.visible = self.csv.visible = bool(found)
        for job in found:
            if job.id in self._lines:
                self._lines[job.id].update(job)
        if not found and (self._lines or not self._column.objects):
            self._lines = {}
            self._column[:] = [empty("No jobs yet", "Fetches and backtests that pages start are listed here.")]
        elif list(self._lines) != [job.id for job in found]:
            self._lines = {job.id: self._lines.get(job.id) or _Line(self._page, job) for job in found}
            self._column[:] = [line.root for line in self._lines.values()]

    def _count_others(self, count: int) -> None:
        which = "1 job of another bucket is" if count == 1 else f"{count:,} jobs of other buckets are"
        text = f'<p class="note">{which} not shown; <code>cqs jobs</code> lists all of this machine.</p>'
        if (shown := text if count else "") != self._others.object:
            self._others.object, self._others.visible = shown, bool(shown)


class _Line:
    """One job."""

    def __init__(self, page: PageState, job: Job) -> None:
        self._page, self._job, self._shown = page, job, ""
        self._text = html("", stylesheets=[JOB_CSS])
        self._cancel = _button("Cancel", lambda: self.update(jobs.cancel(self._job.id)))
        self._show = _button("Show", self._goto)
        self._again = _button("Run again", self._retry)
        ignore_double_clicks(self._again, self._show)  # they come where Cancel was
        operator_only(self._again, self._cancel)
        buttons = pn.Row(self._show, self._again, self._cancel, margin=0, styles={"gap": "4px"})
        self.root = pn.Column(self._text, buttons, **WIDE, stylesheets=[_LINE])
        self.update(job)

    def update(self, job: Job) -> None:
        """Tell what it does now."""
        self._job = job
        found = self._page.outcome(job) if job.over else None
        about = [kind_of(job), when(round(1000 * job.started), self._page.settings.timezone)]
        text = job_html(job, found[1].text if found else kept(job), about=" · ".join(about))
        if text != self._shown:
            self._shown = self._text.object = text
            self._cancel.visible, self._again.visible = not job.over, job.over
            self._show.visible = found is not None and found[1].query is not None

    def _goto(self) -> None:
        if (found := self._page.outcome(self._job)) and found[1].query is not None:
            self._page.goto(found[0], **found[1].query)

    def _retry(self) -> None:
        self._page.start(self._job.title, own_arguments(self._job.args))


def kind_of(job: Job) -> str:
    """The kind of the work.

    >>> from types import SimpleNamespace
    >>> kind_of(SimpleNamespace(args=["fetch", "--symbols", "BTC"])), kind_of(SimpleNamespace(args=["data", "verify"]))
    ('Fetch', 'Verification')
    """
    words = " ".join(map(str, job.args[:2]))
    return _KINDS.get(words) or words.partition(" ")[0].capitalize()


def _time(seconds: float | None) -> str:
    return iso(round(1000 * seconds)) if seconds else ""


def _button(label: str, call: Callable[[], Any]) -> Any:
    button = pmui.Button(label=label, variant="text", size="small", margin=0)
    button.on_click(lambda _: call())
    return button
