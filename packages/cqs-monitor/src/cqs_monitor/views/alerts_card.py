"""The overview's card of alerts: what fires now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn

from cqs_core.time.clock import now
from cqs_monitor.alerts.context import context_of
from cqs_monitor.alerts.evaluation import Alert, evaluate
from cqs_monitor.alerts.rules_file import read_rules
from cqs_monitor.views.alert_text import CSS, alerts_html
from cqs_panel import html, section, zone_name

if TYPE_CHECKING:
    from cqs_core import Bucket
    from cqs_panel import PageState

SECONDS = 15.0
_SHOWN = 6


class AlertsCard(pn.viewable.Viewer):
    """Refreshed by itself while the overview is shown."""

    def __init__(self, page: PageState) -> None:
        super().__init__()
        self._page = page
        self._text = html("", stylesheets=[CSS])
        self._ask()
        page.every(SECONDS, lambda: self._ask(quiet=True))

    def __panel__(self) -> Any:
        clock = zone_name(self._page.settings.timezone)
        return section("Alerts", self._text, note=f"what fires now; since: {clock}")

    def _ask(self, *, quiet: bool = False) -> None:
        bucket = self._page.bucket
        self._page.load(lambda: _firing(bucket), self._show, quiet=quiet)

    def _show(self, firing: list[Alert]) -> None:
        text = alerts_html(firing[:_SHOWN], (), self._page)
        more = len(firing) - _SHOWN
        self._text.object = text + (f'<div class="none">and {more:,} more on the Alerts page</div>' if more > 0 else "")


def _firing(bucket: Bucket) -> list[Alert]:
    alerts, _ = evaluate(read_rules(bucket), context_of(bucket, now()))
    return [alert for alert in alerts if alert.state == "firing"]


def build(page: PageState) -> Any:
    """For `cqs_panel.Card`."""
    return AlertsCard(page)
