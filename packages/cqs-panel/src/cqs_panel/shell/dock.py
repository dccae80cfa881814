"""Work in progress, docked over every page: how far it is, what came of it, and where to see that."""

from __future__ import annotations

import math
import time
from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_core import jobs
from cqs_panel.confirm_button import ignore_double_clicks
from cqs_panel.drawing import when_drawn
from cqs_panel.jobs import JOB_CSS, job_html, kept, own_arguments, under_way
from cqs_panel.layout import WIDE
from cqs_panel.login.session import operator_only
from cqs_panel.sections import html

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from cqs_core.jobs import Job
    from cqs_panel.view import Outcome, View

SECONDS = 0.8
_IDLE = 2.5  # seconds between two looks while nothing is under way
_NEWEST = 20  # jobs that are shown
_SAID = 12.0  # seconds that a line stays
_STAYS = 60.0  # seconds; failures stay until they are dismissed
_CSS = """
:host{position:fixed!important;right:16px;bottom:16px;width:min(440px,calc(100vw - 32px))!important;z-index:1250;
  gap:8px;max-height:60vh;overflow-y:auto}
:host(.empty){display:none!important}
"""
_CARD = """
:host{background:var(--cqs-paper);border:1px solid var(--cqs-line);border-radius:8px;padding:10px 14px;
  box-shadow:0 8px 28px rgba(0,0,0,.22);box-sizing:border-box;border-left:4px solid var(--cqs-accent)}
:host(.done){border-left-color:var(--cqs-up)} :host(.failed){border-left-color:var(--cqs-down)}
:host(.cancelled){border-left-color:var(--cqs-warning)}
"""


class Dock(pn.viewable.Viewer):
    """The jobs of one bucket in one session.

    Args:
        bucket: its URL; jobs of others are not shown.
        views: say what came of a job.
        goto: shows a view with a query.
        start: runs a command of `cqs` as a job on this bucket: a title, and its arguments.
    """

    def __init__(
        self,
        bucket: Callable[[], str],
        views: Iterable[View],
        goto: Callable[[str, dict[str, str]], None],
        start: Callable[[str, Sequence[str]], Any],
    ) -> None:
        super().__init__()
        self._bucket, self._views, self._goto, self._start = bucket, list(views), goto, start
        self._opened, self._next = time.time(), 0.0
        self._cards: dict[str, _Card] = {}
        self._dismissed: set[str] = set()
        self._announced: set[str] = set()
        self._said: list[tuple[float, Any]] = []
        self._listeners: list[Callable[[Job], Any]] = []
        self._column = pn.Column(stylesheets=[_CSS], css_classes=["cqs-dock", "empty"], margin=0)

    def __panel__(self) -> Any:
        return self._column

    def listen(self, call: Callable[[Job], Any]) -> None:
        """Call with each job that ends."""
        self._listeners.append(call)

    def say(self, text: str) -> None:
        """Show a line for some seconds from when the browser has the page, or until it is dismissed."""
        close = _button("Dismiss", lambda: self._unsay(card))
        told = html(f'<div class="job" role="status"><span>{escape(text)}</span></div>', stylesheets=[JOB_CSS])
        card = pn.Column(told, close, stylesheets=[_CARD], css_classes=["said"], **WIDE)
        self._said = [*self._said[-2:], (math.inf, card)]
        self._lay_out()
        when_drawn(lambda: self._count_down(card))

    def _count_down(self, card: Any) -> None:
        end = time.monotonic() + _SAID
        self._said = [(end if one is card else until, one) for until, one in self._said]

    def _unsay(self, card: Any) -> None:
        self._said = [(until, one) for until, one in self._said if one is not card]
        self._lay_out()

    def update(self, *, now: bool = False) -> None:
        """Check the jobs again; if none is running, only at some calls, unless `now`."""
        if any(until < time.monotonic() for until, _ in self._said):
            self._said = [(until, one) for until, one in self._said if until >= time.monotonic()]
            self._lay_out()
        if not now and time.monotonic() < self._next:
            return
        shown = [job for job in jobs.listing(_NEWEST, self._bucket()) if self._shows(job)]
        for job in shown:
            card = self._cards.get(job.id) or self._add(job)
            card.update(job)
        if set(self._cards) != {job.id for job in shown}:
            self._cards = {job.id: self._cards[job.id] for job in shown}
        self._next = time.monotonic() + (0 if any(not job.over for job in shown) else _IDLE)
        self._lay_out()
        for job in shown:
            self._announce(job)

    def _announce(self, job: Job) -> None:
        """Tell the views that a job is over, once."""
        if job.over and job.id not in self._announced:
            self._announced.add(job.id)
            for call in self._listeners:
                call(job)

    def announced(self, job: Job) -> bool:
        """Whether the listeners have been called with its end."""
        return job.id in self._announced

    def outcome(self, job: Job) -> tuple[str, Outcome] | None:
        """The outcome of a job, and the view that describes it."""
        found = ((view.slug, view.outcome(job)) for view in self._views)
        return next(((slug, told) for slug, told in found if told is not None), None)

    def _shows(self, job: Job) -> bool:
        if job.id in self._dismissed:
            return False
        if not job.over:
            return not job.service  # a card would stand on every page for days
        ended = job.ended or job.started
        news = job.id in self._cards or ended >= self._opened
        return news and (job.state == "failed" or time.time() - ended < _STAYS)

    def _add(self, job: Job) -> _Card:
        card = self._cards[job.id] = _Card(self, job)
        return card

    def _lay_out(self) -> None:
        wanted = [card.root for card in self._cards.values()] + [card for _, card in self._said]
        if list(self._column) != wanted:
            self._column[:] = wanted
            self._column.css_classes = ["cqs-dock"] if wanted else ["cqs-dock", "empty"]

    def dismiss(self, job: Job) -> None:
        """Take a job that is over off the dock."""
        self._dismissed.add(job.id)
        self.update(now=True)
        self._announce(job)  # one that was canceled is over before the next look at all jobs

    def again(self, job: Job) -> None:
        """Run a job that failed or was canceled once more, in place of its card."""
        self._start(job.title, own_arguments(job.args))
        self.dismiss(job)

    def show(self, job: Job) -> None:
        """Show what came of a job."""
        if (found := self.outcome(job)) and found[1].query is not None:
            self._goto(found[0], dict(found[1].query))
        self.dismiss(job)


class _Card:
    """One job: its progress and Cancel, then its outcome with a way there."""

    def __init__(self, dock: Dock, job: Job) -> None:
        self._dock, self._job, self._shown = dock, job, ""
        self._text = html("", stylesheets=[JOB_CSS])
        self._cancel, self._show, self._again, self._dismiss = (
            _button("Cancel", lambda: self.update(jobs.cancel(self._job.id))),
            _button("Show", lambda: dock.show(self._job), visible=False),
            _button("Run again", lambda: dock.again(self._job), visible=False),
            _button("Dismiss", lambda: dock.dismiss(self._job), visible=False),
        )
        self._some = pmui.MenuButton(label="Cancel one", variant="text", size="small", margin=0, visible=False)
        self._some.on_click(lambda item: jobs.give_up(self._job.id, item["label"]))
        ignore_double_clicks(self._show, self._again, self._dismiss)  # they come where Cancel was
        operator_only(self._cancel, self._some, self._again)
        buttons = pn.Row(
            self._show, self._again, self._cancel, self._some, self._dismiss, margin=0, styles={"gap": "4px"}
        )
        self.root = pn.Column(self._text, buttons, stylesheets=[_CARD], **WIDE)

    def update(self, job: Job) -> None:
        self._job = job
        found = self._dock.outcome(job) if job.over else None
        text = job_html(job, found[1].text if found else kept(job))
        if text == self._shown:
            return
        self._shown = self._text.object = text
        self._offer(job)
        if job.over and self._cancel.visible:
            self.root.css_classes = [job.state]
            self._cancel.visible, self._dismiss.visible = False, True
            self._again.visible = job.state in ("failed", "cancelled") and not job.newer
            if found and found[1].query is not None:
                self._show.label, self._show.visible = found[1].label, True

    def _offer(self, job: Job) -> None:
        """Parts that can be left, where it does several at once."""
        names = under_way(job) if job.unit == "candles" and not job.over else []
        items = [{"label": name} for name in names] if len(names) > 1 else []
        if items != self._some.items:
            self._some.param.update(items=items, visible=bool(items))


def _button(label: str, call: Callable[[], Any], *, visible: bool = True) -> Any:
    button = pmui.Button(label=label, variant="text", size="small", margin=0, visible=visible)
    button.on_click(lambda _: call())
    return button
