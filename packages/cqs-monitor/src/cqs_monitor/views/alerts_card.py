"""The overview's card of alerts: what fires now, and what fired overnight."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

from cqs_core.time.intervals import DAY
from cqs_monitor.alerts.current import recent_alerts
from cqs_monitor.alerts.evaluation import fired_between
from cqs_monitor.performance.reader import reader_of
from cqs_monitor.views.alert_text import CSS, QUIET, alerts_html, cause
from cqs_panel import html, section, stack, when, zone_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_monitor.alerts.current import CurrentAlerts
    from cqs_monitor.alerts.evaluation import Alert
    from cqs_panel import PageState

SECONDS = 15.0
_SHOWN = 6
_NARROW = """
.row.row{grid-template-columns:minmax(0,1fr) auto;padding:6px 2px} .row .pill{display:none}
.row .name{grid-column:1;grid-row:1} .row .since{grid-column:2;grid-row:1} .row .what{grid-column:1/-1;font-size:12px}
h3{font-size:12px;font-weight:500;color:var(--cqs-muted);margin:12px 2px 2px}
"""


class Fired(NamedTuple):
    """A rule that began to fire: for which subject, and when, ms UTC."""

    rule: str
    kind: str
    subject: str
    at: int


def build(page: PageState) -> Any:
    """For `cqs_panel.Card`; refreshed by itself while the overview is shown."""
    text = html("", stylesheets=[CSS, _NARROW])
    note = f"what fires now; times in {zone_name(page.settings.timezone)}"
    shown = stack(section("Alerts", text, note=note, link=page.link("alerts")))

    def look() -> tuple[list[Alert], list[Fired]]:
        current = recent_alerts(page.bucket)
        return current.open, fired_since(current, current.at - DAY)

    def show(found: tuple[list[Alert], list[Fired]]) -> None:
        alerts, fired = found
        listed = {(one.rule.name, one.subject) for one in alerts}
        shown.visible = bool(alerts or fired or reader_of(page.bucket.address).formats)
        more = len(alerts) - _SHOWN
        rest = f'<div class="none">and {more:,} more on the Alerts page</div>' if more > 0 else ""
        said = (
            (alerts_html(alerts[:_SHOWN], (), page) or QUIET)
            + rest
            + _fired_html([one for one in fired if (one.rule, one.subject) not in listed], page)
        )
        if text.object != said:
            text.object = said

    def ask(*, quiet: bool = False) -> None:
        page.load(look, show, quiet=quiet)

    ask()
    page.every(SECONDS, lambda: ask(quiet=True))
    return shown


def fired_since(current: CurrentAlerts, start: int) -> list[Fired]:
    """What began to fire since then, ms UTC, the latest first; of kinds whose past the files keep."""
    found = [
        Fired(alert.rule.name, alert.rule.kind, alert.subject, one.at)
        for alert in current.alerts
        if alert.rule.condition.past is True
        for one in fired_between(alert.rule, alert.signal, start, current.at)
    ]
    return sorted(found, key=lambda one: -one.at)


def _fired_html(fired: Sequence[Fired], page: PageState) -> str:
    """A line for each of the last day."""
    zone = page.settings.timezone
    lines = [
        f'<a class="plain row" href="{escape(cause(page, one.kind, one.subject, one.at))}">'
        f'<span class="name">{escape(one.rule)} <span class="for">{escape(one.subject)}</span></span>'
        f'<span class="since">{escape(when(one.at, zone)[5:])}</span></a>'
        for one in fired[:_SHOWN]
    ]
    return f"<h3>Fired in the last 24 hours, and is over or acknowledged</h3>{''.join(lines)}" if lines else ""
