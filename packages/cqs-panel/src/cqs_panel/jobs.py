"""Jobs on a page: progress, cancel, and the end of the log where one failed."""

from __future__ import annotations

import time
from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_core import jobs
from cqs_panel.figures import age, count
from cqs_panel.layout import WIDE
from cqs_panel.login.session import operator_only
from cqs_panel.sections import html

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from cqs_core.jobs import Job
    from cqs_panel.state import PageState

JOB_CSS = """
.job{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:2px 12px;font-size:13px;align-items:baseline}
.title{font-weight:500;overflow-wrap:anywhere} .state{color:var(--cqs-muted);font-size:12px;white-space:nowrap}
.note{grid-column:1/-1;color:var(--cqs-muted);font-size:12px;overflow-wrap:anywhere}
.bar{grid-column:1/-1;height:6px;border-radius:3px;background:var(--cqs-line);overflow:hidden;margin:6px 0 2px}
.bar div{height:100%;border-radius:3px;background:var(--cqs-accent);transition:width .4s}
.unknown div{width:30%;animation:run 1.4s ease-in-out infinite}
@keyframes run{from{transform:translateX(-100%)}to{transform:translateX(340%)}}
.done .state{color:var(--cqs-up)} .failed .state{color:var(--cqs-down)} .cancelled .state{color:var(--cqs-warning)}
.parts{grid-column:1/-1;display:grid;grid-template-columns:max-content minmax(40px,1fr) repeat(3,max-content);
  gap:3px 12px;align-items:center;margin-top:6px;font-size:12px;color:var(--cqs-muted)}
.parts .bar{grid-column:auto;height:4px;margin:0} .parts .more{grid-column:1/-1}
.parts span:not(.name,.more){text-align:right;font-variant-numeric:tabular-nums}
@media (max-width:600px){.parts{grid-template-columns:max-content minmax(40px,1fr) repeat(2,max-content)}
  .parts :nth-child(5n+4):not(.more){display:none}}
details{grid-column:1/-1;font-size:12px;color:var(--cqs-muted)} summary{cursor:pointer}
pre{white-space:pre-wrap;overflow-wrap:anywhere;max-height:220px;overflow:auto;margin:6px 0 0}
"""
_SECONDS = 0.7
_PARTS = 8  # that are shown at once


class JobCard(pn.viewable.Viewer):
    """One job: follows it while the view is shown, and says when it is over.

    Args:
        page: the view that shows it.
        job: or one that was found in the list.
        on_end: called once with the job when it is over.
        summary: what to say of one that is done, in a line.
    """

    def __init__(
        self,
        page: PageState,
        job: Job,
        on_end: Callable[[Job], None] | None = None,
        summary: Callable[[Job], str] | None = None,
    ) -> None:
        super().__init__()
        self._job, self._on_end, self._summary = job, on_end, summary
        self._text = html("", stylesheets=[JOB_CSS])
        self._cancel = pmui.Button(label="Cancel", variant="text", size="small", margin=0, width=80)
        self._cancel.on_click(lambda _: self._show(jobs.cancel(self._job.id)))
        operator_only(self._cancel)
        self._row = pn.Row(self._text, self._cancel, **WIDE)
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
        self._text.object = job_html(job, self._summary(job) if self._summary and job.over else "")
        self._cancel.visible = not job.over
        if job.over and self._on_end is not None:
            on_end, self._on_end = self._on_end, None
            on_end(job)


def job_html(job: Job, summary: str = "", about: str = "") -> str:
    """One job as HTML, with a line of what came of it and one about it; everything in it is escaped."""
    state = f'<span class="state">{escape(" · ".join(filter(None, _state(job))))}</span>'
    line = summary if job.over else job.note
    note = f'<span class="note">{escape(line)}</span>' if line else ""
    title = f'<span class="title">{escape(job.title)}</span>'
    first = f'<span class="note">{escape(about)}</span>' if about else ""
    role = ' role="alert"' if job.state == "failed" else ' role="status"' if job.over else ""
    return f'<div class="job {job.state}"{role}>{title}{state}{first}{_bar(job)}{note}{_parts(job)}{_log(job)}</div>'


def own_arguments(args: Sequence[str]) -> list[str]:
    """The arguments that a page asked for, without the added `--bucket` and `--json`.

    >>> own_arguments(["fetch", "--symbols", "BTC", "--bucket", "b", "--json"])
    ['fetch', '--symbols', 'BTC']
    """
    asked = list(args[:-1] if args[-1:] == ["--json"] else args)
    return asked[:-2] if asked[-2:-1] == ["--bucket"] else asked


def kept(job: Job) -> str:
    """A note on what a canceled job leaves behind; empty for others.

    It has no figure: progress counts the bars that an exchange answered for, also those without a trade.
    """
    if job.state != "cancelled":
        return ""
    return "candles that were stored are kept" if job.unit == "candles" else "nothing was changed"


def under_way(job: Job) -> list[str]:
    """Names of the parts that it works on now."""
    return [name for name, part in job.parts.items() if not _finished(part)]


def _state(job: Job) -> Iterator[str]:
    yield job.state
    if job.over:
        yield age(job.ended - job.started) if job.ended else ""
        return
    yield f"{count(round(job.rate))} {job.unit}/s" if job.rate and job.unit else ""
    yield f"{age(job.eta)} left" if job.eta else age(time.time() - job.started)


def _parts(job: Job) -> str:
    """The parts that run at the same time, each with progress, speed and remaining time."""
    names = under_way(job)
    if job.over or len(job.parts) < 2 or not names:
        return ""
    rows = "".join(_part(name, job.parts[name]) for name in names[:_PARTS])
    more = len(names) - _PARTS
    left = f'<span class="more">and {count(more)} more</span>' if more > 0 else ""
    return f'<div class="parts">{rows}{left}</div>'


def _part(name: str, part: Mapping[str, Any]) -> str:
    done, total, rate = (float(part.get(figure) or 0) for figure in ("done", "total", "rate"))
    share = min(1.0, done / total) if total else 0.0
    figures = (
        f"{share:.0%}" if total else count(round(done)),
        f"{count(round(rate))}/s" if rate else "",
        f"{age((total - done) / rate)} left" if rate and total else "",
    )
    bar = f'<div class="bar"><div style="width:{share:.1%}"></div></div>'
    return f'<span class="name">{escape(name)}</span>{bar}{"".join(f"<span>{figure}</span>" for figure in figures)}'


def _finished(part: Mapping[str, Any]) -> bool:
    return bool(part.get("total")) and float(part.get("done") or 0) >= float(part["total"])


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
