"""The watcher on the Alerts page: who watches, when it last did, and a job of this machine that can be started here."""

from __future__ import annotations

import time
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_core import jobs
from cqs_monitor.alerts.lease import newest
from cqs_panel import age, bar, html, ignore_double_clicks, operator_only, section

if TYPE_CHECKING:
    from cqs_core import Bucket
    from cqs_core.jobs import Job
    from cqs_panel import PageState

_COMMAND = ["monitor", "watch"]
_LOOKED_AT = 100  # of the newest jobs
_CSS = "p{font-size:13px;margin:2px 0;overflow-wrap:anywhere} p.wrong{color:var(--cqs-warning)}"


@dataclass(frozen=True)
class WatcherFound:
    """Who watches a bucket now.

    Attributes:
        holder: of the lease; empty where no one watches.
        round: ms UTC of the last round; 0 where there was none.
        job: the newest watcher of this bucket that was started on a page of this machine.
    """

    holder: str
    round: int
    job: Job | None

    @property
    def runs_here(self) -> bool:
        return self.job is not None and not self.job.over

    @property
    def host(self) -> str:
        return self.holder.rpartition(" ")[0]


def find_watcher(bucket: Bucket, last_round: int) -> WatcherFound:
    """Look at the lease, and at the jobs of this machine."""
    _, holder, until = newest(bucket)
    ours = (job for job in jobs.listing(_LOOKED_AT, bucket.url) if job.args[:2] == _COMMAND)
    return WatcherFound(holder if until > time.time() else "", last_round, next(ours, None))


class WatcherPanel(pn.viewable.Viewer):
    """Starts and stops a watcher on this machine."""

    def __init__(self, page: PageState) -> None:
        super().__init__()
        self._page = page
        self._job: Job | None = None
        self._told = html("", stylesheets=[_CSS])
        self._begin = pmui.Button(label="Start a watcher", variant="contained", size="small", margin=0)
        self._end = pmui.Button(label="Stop it", variant="outlined", size="small", margin=0, visible=False)
        self._begin.on_click(lambda _: self._start())
        self._end.on_click(lambda _: self._stop())
        ignore_double_clicks(self._begin, self._end)
        operator_only(self._begin, self._end)

    def __panel__(self) -> Any:
        note = "evaluates the rules every 30 s and sends; pages only show"
        return section("Watcher", self._told, bar(self._begin, self._end), note=note)

    def show(self, found: WatcherFound, moment: int) -> None:
        """Show who watches; `moment` is now, ms UTC."""
        self._job = found.job
        told = watcher_html(found, moment)
        if self._told.object != told:
            self._told.object = told
        watched = bool(found.holder) or found.runs_here
        if (self._begin.visible, self._end.visible) != (not watched, found.runs_here):
            self._begin.visible, self._end.visible = not watched, found.runs_here

    def _start(self) -> None:
        self._job = self._page.start("Alert watcher", _COMMAND)
        self._begin.visible, self._end.visible = False, True
        self._told.object = "<p>It is starting.</p>"

    def _stop(self) -> None:
        if self._job is not None:
            self._job = jobs.cancel(self._job.id)
            self._told.object = "<p>It is being stopped.</p>"


def watcher_html(found: WatcherFound, moment: int) -> str:
    """Who watches, when the last round was, and why a watcher of this machine ended."""
    last = f"last round {age((moment - found.round) / 1000)} ago" if found.round else "no round yet"
    if found.holder:
        where = "a job of this machine" if found.runs_here else "not started on this page: stop it where it was started"
        return f"<p><b>{escape(found.host)}</b> watches; {last}; {where}.</p>"
    if found.runs_here:
        return f"<p>It is starting; {last}.</p>"
    ended = ""
    if found.job is not None and found.job.state == "failed":
        said = (found.job.log.strip().splitlines() or ["it ended without a word"])[-1]
        ended = f'<p class="wrong" role="alert">The last one failed: {escape(said)}</p>'
    advice = "It ends with this machine; for one that comes back after a restart, see <code>cqs services</code>."
    return f'{ended}<p class="wrong">No one watches, so nothing is sent; {last}.</p><p>{advice}</p>'
