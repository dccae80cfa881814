"""Updates on a schedule: `cqs update --every` as a job of this machine, its last round, and a way to stop it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_core import jobs
from cqs_core.time import duration
from cqs_data.views.arguments import with_endpoint
from cqs_panel import age, bar, count, fill, html, operator_only, stack

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqs_core import Bucket
    from cqs_core.jobs import Job, ServiceState
    from cqs_panel import PageState

_COMMAND = ["update", "--every"]
_CHOICES = {"every 5 minutes": "5m", "every 15 minutes": "15m", "every hour": "1h", "every day": "24h"}
_LOOKED_AT = 100  # of the newest jobs
_SECONDS = 3.0
_CSS = """
p{font-size:13px;margin:0;overflow-wrap:anywhere} p.wrong{color:var(--cqs-warning)} a{white-space:nowrap}
"""


@dataclass(frozen=True)
class Schedule:
    """The updates of a bucket that come by themselves.

    Attributes:
        job: that a page of this machine started, and that still runs; None where there is none.
        service: what the newest `cqs update --every` of this machine last did; None before the first round.
    """

    job: Job | None
    service: ServiceState | None

    @property
    def runs(self) -> bool:
        return self.job is not None or (self.service is not None and self.service.works)


def find_schedule(bucket: Bucket) -> Schedule:
    """Look at the jobs and the services of this machine."""
    ours = jobs.listing(_LOOKED_AT, bucket.url)
    job = next((one for one in ours if not one.over and one.args[:2] == _COMMAND), None)
    service = next((one for one in jobs.service_states(bucket.url) if one.name == "update"), None)
    return Schedule(job, service)


class SchedulePanel(pn.viewable.Viewer):
    """One line: when the next update comes. Its controls are made when `?schedule=1` asks for them.

    Args:
        page: the Data page.
        updated: called when a round has ended.
    """

    def __init__(self, page: PageState, updated: Callable[[], None]) -> None:
        super().__init__()
        self._page, self._updated = page, updated
        self._job: Job | None = None
        self._round: float | None = None
        self._runs: bool | None = None
        self._text = html("", stylesheets=[_CSS])
        self._controls = stack(visible=False)
        page.param.watch(lambda _: self._arrange(), "query")
        page.every(_SECONDS, lambda: self._page.load(lambda: find_schedule(page.bucket), self.show, quiet=True))

    def __panel__(self) -> Any:
        return stack(self._text, self._controls)

    def show(self, found: Schedule) -> None:
        """Show when the next update comes."""
        link = self._page.link(schedule=None if self._asked else "1")
        told = schedule_html(found, time.time(), escape(link))
        if self._text.object != told:
            self._text.object = told
        self._job = found.job
        if self._runs != found.runs:
            self._runs = found.runs
            self._arrange()
        ended = (found.service.round if found.service else None) or 0.0
        if self._round is not None and ended != self._round:
            self._updated()
        self._round = ended

    @property
    def _asked(self) -> bool:
        return self._page.query.get("schedule") == "1"

    def _arrange(self) -> None:
        """Buttons that fit; those of a schedule that was started elsewhere are not here."""
        if not self._asked or (self._runs and self._job is None):
            fill(self._controls)
        elif self._runs:
            stop = pmui.Button(label="Stop it", variant="outlined", size="small", margin=0)
            stop.on_click(lambda _: self._stop(stop))
            operator_only(stop)
            fill(self._controls, bar(stop))
        elif not self._controls.objects or self._runs is not None:
            fill(self._controls, self._form())

    def _form(self) -> Any:
        every = pmui.Select(label="Update", options=_CHOICES, value="15m", size="small", width=180, margin=0)
        start = pmui.Button(label="Start", variant="contained", color="primary", size="small", margin=0)
        start.on_click(lambda _: self._start(str(every.value), start))
        operator_only(start)
        return bar(every, start)

    def _start(self, every: str, button: Any) -> None:
        duration(every, "--every")  # a client can send what the page does not offer
        self._job = self._page.start(f"Update every {every}", with_endpoint(*_COMMAND, every))
        button.disabled = True

    def _stop(self, button: Any) -> None:
        if self._job is not None:
            jobs.cancel(self._job.id)
            button.disabled = True


def schedule_html(found: Schedule, now: float, link: str) -> str:
    """The line; `link` leads to the controls, and is escaped."""
    if not found.runs:
        last = f"; the last one was stopped or ended {_ended(found, now)}" if found.service else ""
        return f'<p>No scheduled updates{last}. <a href="{link}">Schedule updates</a></p>'
    one = found.service
    pace = found.job.args[2] if found.job else age(one.every) if one and one.every else ""
    told = _round(one, now) if one is not None and one.works else "starting"
    where = "" if found.job else "; started outside this page, stop it there"
    wrong = f'<p class="wrong" role="alert">{escape(one.faults[0])}</p>' if one and one.works and one.faults else ""
    change = f' <a href="{link}">Change</a>' if found.job else ""
    return f"<p>Updates every {escape(str(pace))}: {escape(told)}{where}.{change}</p>{wrong}"


def _round(one: ServiceState, now: float) -> str:
    if one.round is None:
        return "the first round is under way"
    counts = ", ".join(f"{count(int(number))} {name}" for name, number in one.counts.items() if number)
    return f"last round {age(now - one.round)} ago" + (f" ({counts})" if counts else "")


def _ended(found: Schedule, now: float) -> str:
    one = found.service
    moment = (one.stopped or one.round or one.started) if one else now
    return f"{age(now - moment)} ago"
