"""The Alerts page: violated rules, sent alerts, rules, channels. Pages evaluate; only `watch` sends."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_core.time.clock import now
from cqs_monitor.alerts.channels import PREFIX, chosen, deliver
from cqs_monitor.alerts.context import context_of
from cqs_monitor.alerts.evaluation import Alert, evaluate
from cqs_monitor.alerts.lease import newest
from cqs_monitor.alerts.rules_file import read_rules
from cqs_monitor.alerts.state import history, remembered
from cqs_monitor.views.alert_rules import RuleEditor
from cqs_monitor.views.alert_text import CSS, alerts_html, history_html
from cqs_panel import (
    ONE_LINE,
    WIDE,
    Metric,
    bar,
    beside,
    empty,
    html,
    metric_cards,
    metrics_html,
    operator_only,
    plain_table,
    section,
    stack,
    zone_name,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core import Bucket
    from cqs_monitor.alerts.rule_reader import Issue
    from cqs_panel import PageState

SECONDS = 10.0
_BROKEN, _ALL = "Not OK", "All rules"
_SHOWN = 50
_ORDER = ("firing", "pending", "silenced", "unknown", "ok")


@dataclass(frozen=True)
class Found:
    """One look at a bucket; `watcher` is its name, empty where none watches."""

    alerts: Sequence[Alert]
    issues: Sequence[Issue]
    told: Sequence[dict[str, Any]]
    watcher: str
    at: int


class AlertsView(pn.viewable.Viewer):
    """Refreshed by itself; the editor is left alone while it is written in."""

    def __init__(self, page: PageState) -> None:
        super().__init__()
        self._page = page
        self._found: Found | None = None
        self._cards = metric_cards([], least=200)
        self._which = pmui.RadioButtonGroup(options=[_BROKEN, _ALL], value=_BROKEN, size="small", margin=0, sx=ONE_LINE)
        self._which.param.watch(lambda _: self._list(), "value")
        self._active = html("", stylesheets=[CSS])
        self._history = html("", stylesheets=[CSS])
        self._editor = RuleEditor(page, self._ask)
        self._ask()
        page.every(SECONDS, lambda: self._ask(quiet=True))

    def __panel__(self) -> Any:
        clock = f"times in {zone_name(self._page.settings.timezone)}"
        note = f"evaluated every {SECONDS:.0f} s while this page is shown; cqs monitor watch alone sends; {clock}"
        return stack(
            self._cards,
            section("Now", bar(self._which), self._active, note=note),
            self._editor,
            beside(
                section("History", self._history, note=f"the last {_SHOWN}, newest first; {clock}"),
                section("Channels", Channels(self._page)),
                columns="3fr 2fr",
            ),
        )

    def _ask(self, *, quiet: bool = False) -> None:
        bucket = self._page.bucket
        self._page.load(lambda: _look(bucket), self._show, quiet=quiet)

    def _show(self, found: Found) -> None:
        self._found = found
        _set(self._cards, metrics_html(_metrics(found)))
        _set(self._history, history_html(found.told[:_SHOWN], self._page))
        self._list()

    def _list(self) -> None:
        if self._found is None:
            return
        found = sorted(self._found.alerts, key=lambda alert: _ORDER.index(alert.state))
        alerts = [alert for alert in found if self._which.value == _ALL or alert.state != "ok"]
        _set(self._active, alerts_html(alerts, self._found.issues, self._page))


def _set(pane: Any, text: str) -> None:
    """HTML that did not change is not sent: the browser keeps its selection."""
    if pane.object != text:
        pane.object = text


def _look(bucket: Bucket) -> Found:
    moment = now()
    alerts, issues = evaluate(read_rules(bucket), context_of(bucket, moment), remembered(bucket).seen)
    _, holder, until = newest(bucket)
    return Found(alerts, issues, history(bucket, 200), holder if until > time.time() else "", moment)


def _metrics(found: Found) -> list[Metric]:
    count = {state: sum(a.state == state for a in found.alerts) for state in _ORDER}
    rules = len({a.rule.name for a in found.alerts})
    issues = f"{len(found.issues)} cannot be read" if found.issues else "all of them can be read"
    watcher = Metric("Watcher", "watching", found.watcher.rpartition(" ")[0]) if found.watcher else _nobody()
    return [
        Metric("Firing", str(count["firing"]), f"{count['pending']} pending"),
        Metric("Unknown", str(count["unknown"]), "files that a rule needs are missing or unreadable"),
        Metric("Rules in force", str(rules), issues),
        watcher,
    ]


def _nobody() -> Metric:
    return Metric("Watcher", "none", "nothing is sent: run cqs monitor watch", "down")


def build(page: PageState) -> Any:
    """For `cqs_panel.View`."""
    return AlertsView(page)


class Channels(pn.viewable.Viewer):
    """Test messages: what would be sent, and whether it arrives."""

    def __init__(self, page: PageState) -> None:
        super().__init__()
        self._page = page
        self._names = sorted(chosen())
        self._send = pmui.Button(label="Send a test message", variant="outlined", size="small", margin=0)
        self._send.on_click(lambda _: self._start())
        operator_only(self._send)
        self._told = pn.Column(**WIDE)

    def __panel__(self) -> Any:
        if not self._names:
            advice = "An Apprise URL each, in the environment or in .env of the folder where the watcher starts."
            return empty("No channel is configured here", advice, f"{PREFIX}TELEGRAM=tgram://TOKEN/CHAT")
        self._told[:] = [plain_table(["Channel", ""], [[name, "configured"] for name in self._names])]
        return stack(self._told, bar(self._send))

    def _start(self) -> None:
        self._send.disabled = True
        self._page.load(
            lambda: deliver(chosen(), "cqs: test", "A test message from the Alerts page of cqs."), self._show
        )

    def _show(self, found: dict[str, str | None]) -> None:
        self._send.disabled = False
        self._told[:] = [plain_table(["Channel", ""], [[name, fault or "sent"] for name, fault in found.items()])]
