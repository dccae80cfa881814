"""Jobs on a page: progress, cancel, and the end of the log where one failed."""

from __future__ import annotations

import time
from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_core import jobs
from cqs_panel.figures import age
from cqs_panel.sections import empty, html

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqs_core.jobs import Job
    from cqs_panel.state import PageState

_CSS = """
.job{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:2px 12px;font-size:13px;align-items:baseline}
.title{font-weight:500;overflow-wrap:anywhere} .state{color:var(--cqs-muted);font-size:12px;white-space:nowrap}
.note{grid-column:1/-1;color:var(--cqs-muted);font-size:12px;overflow-wrap:anywhere}
.bar{grid-column:1/-1;height:6px;border-radius:3px;background:var(--cqs-line);overflow:hidden;margin:6px 0 2px}
.bar div{height:100%;border-radius:3px;background:var(--cqs-accent);transition:width .4s}
.unknown div{width:30%;animation:run 1.4s ease-in-out infinite}
@keyframes run{from{transform:translateX(-100%)}to{transform:translateX(340%)}}
.done .state{color:var(--cqs-up)} .failed .state{color:var(--cqs-down)}
details{grid-column:1/-1;font-size:12px;color:var(--cqs-muted)} summary{cursor:pointer}
pre{white-space:pre-wrap;overflow-wrap:anywhere;max-height:220px;overflow:auto;margin:6px 0 0}
"""
_SECONDS = 0.7


class JobCard(pn.viewable.Viewer):
    """One job: follows it while the view is shown, and says when it is over.

    Args:
        page: the view that shows it.
        job: or one that was found in the list.
        on_end: called once with the job when it is over.
    """

    def __init__(self, page: PageState, job: Job, on_end: Callable[[Job], None] | None = None) -> None:
        super().__init__()
        self._job, self._on_end = job, on_end
        self._text = html("", stylesheets=[_CSS])
        self._cancel = pmui.Button(label="Cancel", variant="text", size="small", margin=0, width=80)
        self._cancel.on_click(lambda _: self._show(jobs.cancel(self._job.id)))
        self._row = pn.Row(self._text, self._cancel, sizing_mode="stretch_width", margin=0)
        self._show(job)
        if not job.over:
            page.every(_SECONDS, self._follow)

    def __panel__(self) -> Any:
        return self._row

    def _follow(self) -> None:
        if not self._job.over:
            self._show(jobs.get(self._job.id))

    def _show(self, job: Job) -> None:
        self._job = job
        self._text.object = job_html(job)
        self._cancel.visible = not job.over
        if job.over and self._on_end is not None:
            tell, self._on_end = self._on_end, None
            tell(job)


class JobList(pn.viewable.Viewer):
    """The newest jobs of this machine, kept up to date."""

    def __init__(self, page: PageState, most: int = 20) -> None:
        super().__init__()
        self._page, self._most = page, most
        self._cards: dict[str, JobCard] = {}
        self._column = pn.Column(sizing_mode="stretch_width", margin=0, styles={"gap": "16px"})
        self._update()
        page.every(2, self._update)

    def __panel__(self) -> Any:
        return self._column

    def _update(self) -> None:
        found = jobs.listing()[: self._most]
        if not found:
            self._column[:] = [empty("No jobs yet", "Fetches and backtests that pages start are listed here.")]
        elif list(self._cards) != [job.id for job in found]:
            self._cards = {job.id: self._cards.get(job.id) or JobCard(self._page, job) for job in found}
            self._column[:] = list(self._cards.values())


def job_html(job: Job) -> str:
    """One job as HTML; everything in it is escaped."""
    over = f" · {age(job.ended - job.started)}" if job.ended else ""
    left = f" · {age(job.eta)} left" if job.eta else "" if job.over else f" · {age(time.time() - job.started)}"
    state = f'<span class="state">{job.state}{over or left}</span>'
    note = f'<span class="note">{escape(job.note)}</span>' if job.note and not job.over else ""
    title = f'<span class="title">{escape(job.title)}</span>'
    return f'<div class="job {job.state}">{title}{state}{_bar(job)}{note}{_log(job)}</div>'


def _bar(job: Job) -> str:
    if job.over:
        return ""
    name = f'role="progressbar" aria-label="{escape(job.title)}" aria-valuemin="0" aria-valuemax="100"'
    if job.fraction is None:
        return f'<div class="bar unknown" {name}><div></div></div>'
    share = round(100 * job.fraction)
    return f'<div class="bar" {name} aria-valuenow="{share}"><div style="width:{share}%"></div></div>'


def _log(job: Job) -> str:
    if job.state != "failed" or not (log := job.log.strip()):
        return ""
    last = log.splitlines()[-1]
    return f'<span class="note">{escape(last)}</span><details><summary>Log</summary><pre>{escape(log)}</pre></details>'
