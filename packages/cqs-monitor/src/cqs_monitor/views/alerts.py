"""The Alerts page: violated rules, sent alerts, rules, channels. Pages evaluate; only `watch` sends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_monitor.alerts.channels import channel_places
from cqs_monitor.alerts.current import CurrentAlerts, recent_alerts
from cqs_monitor.alerts.keyring_channels import keyring_channels
from cqs_monitor.alerts.state import history
from cqs_monitor.views.alert_channels import ChannelsPanel
from cqs_monitor.views.alert_rules import RuleEditor
from cqs_monitor.views.alert_text import CSS, QUIET, alerts_html, history_html
from cqs_monitor.views.alert_watcher import WatcherFound, WatcherPanel, find_watcher
from cqs_monitor.views.firing_alerts import MOST, FiringAlerts
from cqs_panel import (
    ONE_LINE,
    Metric,
    age,
    bar,
    beside,
    html,
    metric_cards,
    metrics_html,
    section,
    stack,
    zone_name,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqs_core import Bucket
    from cqs_panel import PageState

SECONDS = 10.0
_BROKEN, _ALL = "Not OK", "All rules"
_SHOWN = 50
_ORDER = ("firing", "pending", "silenced", "unknown", "ok")


@dataclass(frozen=True)
class Found:
    """One look at a bucket.

    Attributes:
        current: the alerts.
        told: what the watcher sent, newest first.
        watcher: who watches.
        channels: where the secret of each is, by name.
        keyring: why it cannot be read; empty where it can be.
    """

    current: CurrentAlerts
    told: Sequence[dict[str, Any]]
    watcher: WatcherFound
    channels: Mapping[str, str]
    keyring: str


class AlertsView(pn.viewable.Viewer):
    """Refreshed by itself; the editor is left alone while it is written in."""

    def __init__(self, page: PageState) -> None:
        super().__init__()
        self._page = page
        self._found: Found | None = None
        self._cards = metric_cards([], least=200)
        self._which = pmui.RadioButtonGroup(options=[_BROKEN, _ALL], value=_BROKEN, size="small", margin=0, sx=ONE_LINE)
        self._which.param.watch(lambda _: self._list(), "value")
        self._firing = FiringAlerts(page, self._ask)
        self._others = html("", stylesheets=[CSS])
        self._history = html("", stylesheets=[CSS])
        self._editor = RuleEditor(page, self._ask)
        self._watcher = WatcherPanel(page)
        self._channels = ChannelsPanel(page)
        self._ask()
        page.every(SECONDS, lambda: self._ask(quiet=True))

    def __panel__(self) -> Any:
        clock = f"times in {zone_name(self._page.settings.timezone)}"
        note = f"evaluated every {SECONDS:.0f} s while this page is shown; {clock}"
        return stack(
            self._cards,
            section("Now", bar(self._which), self._firing, self._others, note=note),
            self._editor,
            beside(
                section("History", self._history, note=f"the last {_SHOWN}, newest first; {clock}"),
                stack(self._watcher, self._channels),
                columns="3fr 2fr",
            ),
        )

    def _ask(self, *, quiet: bool = False) -> None:
        bucket = self._page.bucket
        self._page.load(lambda: _look(bucket), self._show, quiet=quiet)

    def _show(self, found: Found) -> None:
        self._found = found
        self._editor.offer(found.current.accounts, [*found.channels])
        self._watcher.show(found.watcher, found.current.at)
        self._channels.show(found.channels, found.keyring)
        _set(self._cards, metrics_html(_metrics(found)))
        _set(self._history, history_html(found.told[:_SHOWN], self._page))
        self._list()

    def _list(self) -> None:
        if self._found is None:
            return
        current = self._found.current
        alerts = sorted(current.alerts, key=lambda alert: (_ORDER.index(alert.state), alert.acknowledged is not None))
        firing = [alert for alert in alerts if alert.state == "firing"]
        others = [
            alert for alert in alerts if alert.state != "firing" and (self._which.value == _ALL or alert.state != "ok")
        ]
        self._firing.show(firing)
        told = alerts_html([*firing[MOST:], *others], current.issues, self._page)
        _set(self._others, told or ("" if firing else QUIET))


def _set(pane: Any, text: str) -> None:
    """HTML that did not change is not sent: the browser keeps its selection."""
    if pane.object != text:
        pane.object = text


def _look(bucket: Bucket) -> Found:
    current = recent_alerts(bucket)
    return Found(
        current, history(bucket, 200), find_watcher(bucket, current.round), channel_places(), keyring_channels().fault
    )


def _metrics(found: Found) -> list[Metric]:
    alerts, issues = found.current.alerts, len(found.current.issues)
    count = {state: sum(one.state == state for one in alerts) for state in _ORDER}
    known = count["firing"] - len(found.current.open)
    rules = len({one.rule.name for one in alerts})
    return [
        Metric("Firing", str(count["firing"]), f"{known} acknowledged, {count['pending']} pending"),
        Metric("Cannot be told", str(count["unknown"]), "files that a rule needs are missing or unreadable"),
        Metric("Rules in force", str(rules), f"{issues} mistakes in rules" if issues else "all of them can be read"),
        _watcher(found),
    ]


def _watcher(found: Found) -> Metric:
    if not found.watcher.holder:
        return Metric("Watcher", "none", "nothing is sent: start one below", "down")
    seconds = (found.current.at - found.watcher.round) / 1000
    return Metric("Watcher", "watching", f"last round {age(seconds)} ago" if found.watcher.round else "no round yet")


def build(page: PageState) -> Any:
    """For `cqs_panel.View`."""
    return AlertsView(page)
