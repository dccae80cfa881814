"""What a rule would have done: its value over the past days, the threshold, and when it would have fired."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_core import CqsError, UsageError
from cqs_core.time.clock import now
from cqs_core.time.intervals import DAY
from cqs_monitor.alerts.context import context_of
from cqs_monitor.alerts.evaluation import Past, tried
from cqs_monitor.charts.threshold import threshold
from cqs_panel import WIDE, bar, failure, fill, html, plain_table, section, when, zone_name
from cqs_panel.charts import ChartPane

if TYPE_CHECKING:
    from cqs_core import Bucket
    from cqs_monitor.alerts.rule import Rule
    from cqs_panel import PageState

_LISTED = 50
_DAYS = [30, 90, 365]


class RuleTrial(pn.viewable.Viewer):
    """Tries the chosen rule as it is written now; a result goes when the rule changes."""

    def __init__(self, page: PageState) -> None:
        super().__init__()
        self._page = page
        self._rule: Rule | None = None
        self._tried: tuple[Any, ...] = ()  # what the shown result is of
        self._days = pmui.Select(label="Days", options=_DAYS, value=_DAYS[0], size="small", width=100, margin=0)
        self._days.param.watch(lambda _: self._forget(), "value")
        self._try = pmui.Button(label="Try on the past", variant="outlined", size="small", disabled=True, margin=0)
        self._try.on_click(lambda _: self._start())
        self._why = html("")
        self._result = pn.Column(**WIDE)

    def __panel__(self) -> Any:
        return section("On the past", bar(self._days, self._try, self._why), self._result)

    def offer(self, rule: Rule | None, why: str) -> None:
        """The rule as it is written now; `why` says why there is none."""
        self._rule = rule
        past = rule.condition.past if rule is not None else True
        if rule is not None and past is not True:
            why = f"It cannot be tried: {past}."
        self._why.object = f'<span class="note">{escape(why)}</span>'
        self._forget()

    def _forget(self) -> None:
        """Take away a result that is not of the rule as it is written now."""
        self._try.disabled = self._rule is None or self._rule.condition.past is not True
        if self._tried and self._tried != self._asked():
            self._tried = ()
            fill(self._result)

    def _asked(self) -> tuple[Any, ...]:
        return None if self._rule is None else self._rule.model_copy(update={"line": 0}), int(self._days.value)

    def _start(self) -> None:
        bucket, rule, days = self._page.bucket, self._rule, self._days.value
        if days not in _DAYS:
            raise UsageError(f"{str(days)[:20]!r} days are not offered; choose one of the list")
        if rule is None:
            return
        asked = self._asked()
        self._try.loading = True
        self._page.load(lambda: (asked, _try(bucket, rule, days)), self._show)

    def _show(self, answer: tuple[tuple[Any, ...], Past | CqsError]) -> None:
        asked, found = answer
        self._try.loading = False
        if asked != self._asked():
            return
        self._tried = asked
        if isinstance(found, CqsError):
            fill(self._result, failure("This rule cannot be tried", found))
            return
        fill(self._result, *self._drawn(found), *_listed(found, int(asked[1]), self._page.settings.timezone))

    def _drawn(self, past: Past) -> list[Any]:
        steps = {name or past.rule.name: signal.steps for name, signal in past.signals.items() if signal.steps}
        if not steps or isinstance(past.rule.over, tuple):
            return []
        chart = ChartPane(self._page, 220)
        fired = [one.at for _, one in past.fired]
        unit, span = past.rule.condition.unit(), (past.start, past.end)
        chart.draw(lambda: threshold(steps, past.rule.over, fired, span, unit=unit, mode="page"))
        return [chart]


def _try(bucket: Bucket, rule: Rule, days: int) -> Past | CqsError:
    moment = now()
    try:
        return tried(rule, context_of(bucket, moment), moment - days * DAY, moment)
    except CqsError as error:
        return error


def _listed(past: Past, days: int, zone: str | None) -> list[Any]:
    times = "once" if len(past.fired) == 1 else f"{len(past.fired)} times"
    told = f"It would have fired <b>{times}</b> in {days} days: <b>{escape(past.rule.name)}</b>."
    said = html(f'<p style="font-size:13px;margin:2px 0">{told} Times in {escape(zone_name(zone))}.</p>')
    rows = [
        [when(one.at, zone), subject, "still" if one.until is None else when(one.until, zone)]
        for subject, one in past.fired[-_LISTED:]
    ]
    return [said, *([plain_table(["Fired", "For", "Over"], rows)] if rows else [])]
