"""The overview's card of alerts: what fires now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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


def build(page: PageState) -> Any:
    """For `cqs_panel.Card`; refreshed by itself while the overview is shown."""
    text = html("", stylesheets=[CSS])

    def show(firing: list[Alert]) -> None:
        more = len(firing) - _SHOWN
        rest = f'<div class="none">and {more:,} more on the Alerts page</div>' if more > 0 else ""
        text.object = alerts_html(firing[:_SHOWN], (), page) + rest

    def ask(*, quiet: bool = False) -> None:
        page.load(lambda: _firing(page.bucket), show, quiet=quiet)

    ask()
    page.every(SECONDS, lambda: ask(quiet=True))
    return section("Alerts", text, note=f"what fires now; since: {zone_name(page.settings.timezone)}")


def _firing(bucket: Bucket) -> list[Alert]:
    alerts, _ = evaluate(read_rules(bucket), context_of(bucket, now()))
    return [alert for alert in alerts if alert.state == "firing"]
