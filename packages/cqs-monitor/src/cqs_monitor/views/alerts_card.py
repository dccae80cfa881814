"""The overview's card of alerts: what fires now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqs_monitor.views.alert_text import CSS, QUIET, alerts_html
from cqs_monitor.views.bell import firing
from cqs_panel import html, section, zone_name

if TYPE_CHECKING:
    from cqs_monitor.alerts.evaluation import Alert
    from cqs_panel import PageState

SECONDS = 15.0
_SHOWN = 6


def build(page: PageState) -> Any:
    """For `cqs_panel.Card`; refreshed by itself while the overview is shown."""
    text = html("", stylesheets=[CSS])

    def show(found: list[Alert]) -> None:
        more = len(found) - _SHOWN
        rest = f'<div class="none">and {more:,} more on the Alerts page</div>' if more > 0 else ""
        text.object = (alerts_html(found[:_SHOWN], (), page) or QUIET) + rest

    def ask(*, quiet: bool = False) -> None:
        page.load(lambda: firing(page.bucket), show, quiet=quiet)

    ask()
    page.every(SECONDS, lambda: ask(quiet=True))
    return section("Alerts", text, note=f"what fires now; since: {zone_name(page.settings.timezone)}")
