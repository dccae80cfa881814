"""The Alerts page: what is broken, what was told, rules, channels. Pages evaluate; only `watch` sends."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_core.times import now
from cqs_monitor.alerts.evaluation import Alert, evaluate
from cqs_monitor.alerts.facts import facts_of
from cqs_monitor.alerts.lease import newest
from cqs_monitor.alerts.memory import history, remembered
from cqs_monitor.alerts.rules_file import read_rules
from cqs_monitor.views.alert_channels import Channels
from cqs_monitor.views.alert_rules import RuleEditor
from cqs_monitor.views.layout import ONE_LINE, bar, beside, stack
from cqs_panel import Metric, html, metric_cards, metrics_html, refresh, section, table, when

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from cqs_core import Bucket
    from cqs_monitor.alerts.rules_file import Wrong
    from cqs_panel import PageState

SECONDS = 10.0
_BROKEN, _ALL = "Broken", "All rules"
_ORDER = ("firing", "pending", "silenced", "unknown", "ok")
_ACTIVE = {"state": "State", "severity": "Severity", "rule": "Rule", "account": "For", "what": "What", "since": "Since"}
_HISTORY = {"at": "At", "event": "Event", "title": "Alert", "text": "What", "channels": "Channels"}


@dataclass(frozen=True)
class Found:
    """One look at a bucket; `watcher` is its name, empty where none watches."""

    alerts: Sequence[Alert]
    wrong: Sequence[Wrong]
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
        self._wrong = html("")
        self._which = pmui.RadioButtonGroup(options=[_BROKEN, _ALL], value=_BROKEN, size="small", margin=0, sx=ONE_LINE)
        self._which.param.watch(lambda _: self._list(), "value")
        self._active = table(_blank(_ACTIVE), titles=_ACTIVE, page_size=12, placeholder="Nothing is broken")
        self._history = table(_blank(_HISTORY), titles=_HISTORY, page_size=12, placeholder="Nothing was told yet")
        self._editor = RuleEditor(page, self._ask)
        self._ask()
        page.every(SECONDS, lambda: self._ask(quiet=True))

    def __panel__(self) -> Any:
        note = f"evaluated every {SECONDS:.0f} s while this page is shown; sent by `cqs monitor watch` alone"
        return stack(
            self._cards,
            section("Now", bar(self._which), self._active, self._wrong, note=note),
            self._editor,
            beside(
                section("History", self._history, note="newest first"),
                section("Channels", Channels(self._page)),
                columns="3fr 2fr",
            ),
        )

    def _ask(self, *, quiet: bool = False) -> None:
        bucket = self._page.bucket
        self._page.load(lambda: _look(bucket), self._show, quiet=quiet)

    def _show(self, found: Found) -> None:
        self._found = found
        text = metrics_html(_metrics(found))
        if text != self._cards.object:
            self._cards.object = text
        self._list()
        refresh(self._history, _told(found.told, self._page.settings.timezone))

    def _list(self) -> None:
        if self._found is None:
            return
        alerts = [a for a in self._found.alerts if self._which.value == _ALL or a.state != "ok"]
        refresh(self._active, _frame(alerts, self._page.settings.timezone))


def _look(bucket: Bucket) -> Found:
    moment = now()
    alerts, wrong = evaluate(read_rules(bucket), facts_of(bucket, moment), remembered(bucket).seen)
    _, holder, until = newest(bucket)
    return Found(alerts, wrong, history(bucket, 200), holder if until > time.time() else "", moment)


def _metrics(found: Found) -> list[Metric]:
    count = {state: sum(a.state == state for a in found.alerts) for state in _ORDER}
    rules = len({a.rule.name for a in found.alerts})
    wrong = f"{len(found.wrong)} cannot be read" if found.wrong else "all of them can be read"
    watcher = Metric("Watcher", "watching", found.watcher.rpartition(" ")[0]) if found.watcher else _nobody()
    return [
        Metric("Firing", str(count["firing"]), f"{count['pending']} pending", "down" if count["firing"] else None),
        Metric("Not known", str(count["unknown"]), "files that a rule needs are absent or unreadable"),
        Metric("Rules in force", str(rules), wrong),
        watcher,
    ]


def _nobody() -> Metric:
    return Metric("Watcher", "none", "nothing is sent: run cqs monitor watch", "down")


def _frame(alerts: Sequence[Alert], timezone: str | None) -> pd.DataFrame:
    import pandas as pd

    rows = [
        {
            "state": alert.state,
            "severity": alert.rule.severity,
            "rule": alert.rule.name,
            "account": alert.subject or "all",
            "what": alert.text,
            "since": "–" if alert.since is None else when(alert.since, timezone),
        }
        for alert in sorted(alerts, key=lambda alert: _ORDER.index(alert.state))
    ]
    return pd.DataFrame(rows, columns=list(_ACTIVE), dtype="str")


def _told(rows: Sequence[dict[str, Any]], timezone: str | None) -> pd.DataFrame:
    import datetime as dt

    import pandas as pd

    shown = [
        {
            "at": when(int(dt.datetime.fromisoformat(row["at"]).timestamp() * 1000), timezone),
            "event": row["event"],
            "title": row["title"],
            "text": row["text"],
            "channels": ", ".join(f"{name}: {state}" for name, state in row["channels"].items()) or "none configured",
        }
        for row in rows
    ]
    return pd.DataFrame(shown, columns=list(_HISTORY), dtype="str")


def _blank(titles: dict[str, str]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(columns=list(titles), dtype="str")


def build(page: PageState) -> Any:
    """For `cqs_panel.View`."""
    return AlertsView(page)
