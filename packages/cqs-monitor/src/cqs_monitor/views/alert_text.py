"""Alerts and history as escaped HTML: one block each, so that a phone shows them whole."""

from __future__ import annotations

import datetime as dt
from html import escape
from typing import TYPE_CHECKING, Any

from cqs_core import Series, plugins
from cqs_core.time.clock import iso, now
from cqs_monitor.alerts.fields import shown
from cqs_monitor.alerts.rule import WRITTEN
from cqs_monitor.alerts.rule_reader import KEY
from cqs_monitor.logs.days import date_of, today
from cqs_monitor.performance.reader import reader_of
from cqs_panel import when

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_monitor.alerts.evaluation import Alert
    from cqs_monitor.alerts.rule_reader import Issue
    from cqs_panel import PageState

_MOST = 300
QUIET = '<div class="none" role="status">Nothing is broken.</div>'
CSS = """
.row.row{display:grid;color:var(--cqs-text);border-radius:0;
  grid-template-columns:96px minmax(0,1fr) auto;gap:2px 12px;padding:9px 2px;
  border-bottom:1px solid var(--cqs-line);font-size:13px;align-items:baseline}
.row:last-child{border-bottom:0} .name{font-weight:600;overflow-wrap:anywhere}
.for{color:var(--cqs-muted);font-weight:400} .what{grid-column:2;color:var(--cqs-muted);overflow-wrap:anywhere}
.since{color:var(--cqs-muted);font-size:12px;white-space:nowrap}
.pill{font-size:11px;font-weight:600;border:1px solid var(--cqs-line);border-radius:10px;padding:1px 8px;
  justify-self:start;color:var(--cqs-muted)}
.firing,.alert,.repeat{color:var(--cqs-down);border-color:currentColor} .pending,.failed{color:var(--cqs-warning)}
.recovery{color:var(--cqs-up)} .info{color:var(--cqs-accent)!important}
.none{color:var(--cqs-muted);font-size:13px;padding:12px 2px}
.wrong{font-size:13px;margin:4px 0;overflow-wrap:anywhere} .wrong b{color:var(--cqs-warning)}
summary{cursor:pointer;font-size:13px;font-weight:600}
dl{display:grid;grid-template-columns:auto minmax(0,1fr);gap:5px 14px;font-size:12px;margin:10px 0 0}
dt{font-family:var(--cqs-mono)} dd{margin:0;color:var(--cqs-muted)}
@media(max-width:600px){.row.row{grid-template-columns:minmax(0,1fr) auto}.name,.what{grid-column:1/-1}
  .since{grid-row:1;grid-column:2}}
"""


def alerts_html(alerts: Sequence[Alert], issues: Sequence[Issue], page: PageState) -> str:
    """Rows of rules, each with a link, below mistakes in rules; empty where there is nothing to say."""
    told = (escape(one.reason) for one in issues)
    places = (f"{KEY}:{one.line}" for one in issues)
    slips = "".join(f'<p class="wrong"><b>{at}</b> {text}</p>' for at, text in zip(places, told, strict=True))
    rows = "".join(alert_html(alert, page) for alert in alerts[:_MOST])
    if len(alerts) > _MOST:
        rows += f'<div class="none">and {len(alerts) - _MOST:,} more; cqs monitor alerts lists them all</div>'
    return slips + rows


def history_html(rows: Sequence[dict[str, Any]], page: PageState) -> str:
    """Rows of what the watcher sent."""
    return (
        "".join(_told(row, page) for row in rows)
        or '<div class="none" role="status">No alerts have been sent yet.</div>'
    )


def kinds_html() -> str:
    """The kinds of rules, folded."""
    lines, known = [], plugins().alert_kinds()
    for name, kind in known.items():
        unit, default = kind.unit(), kind.default()
        without = "" if default is None else f", {shown(default, unit)} if not given"
        fields = f"; also {', '.join(kind.options())}" if kind.options() else ""
        lines.append(f"<dt>{escape(name)}</dt><dd>{escape(f'{kind.about}; over: {unit}{without}{fields}')}</dd>")
    common = f"Every rule also has: {', '.join(WRITTEN)}."
    listed = f'<dl>{"".join(lines)}</dl><p class="none">{common}</p>'
    return f"<details><summary>{len(known)} kinds of rules</summary>{listed}</details>"


def cause(page: PageState, kind: str, subject: str, at: int | None) -> str:
    """The address of a rule's subject: the market, account or model, at the time when the violation began."""
    known = plugins().alert_kinds().get(kind)
    target = known.page if known is not None else "monitor"
    if target == "compare":
        return page.link("compare", account=subject)
    if target == "data" and subject:
        series = Series(page.settings.exchange, subject, "1d")
        return page.link("data", series=str(series), at=None if at is None else iso(at)[:16])
    if target != "monitor":
        return page.link(target)
    form = reader_of(page.bucket.address).formats.get(subject)
    day = None if at is None or form is None else date_of(today(at, form.zone)).isoformat()
    return page.link("monitor", account=subject, day=day, filter=day)


def alert_html(alert: Alert, page: PageState) -> str:
    """One row, which leads to the cause."""
    timezone, known = page.settings.timezone, alert.acknowledged
    state: str = alert.state
    tone = "info" if alert.rule.severity == "info" and state == "firing" else state
    since = "" if alert.since is None else f"since {when(alert.since, timezone)}"
    named = _named(alert.rule.name, alert.subject, alert.rule.severity)
    text = alert.text
    text += silenced(alert.rule.silenced_until, alert.rule.silenced_by, timezone)
    if known is not None:
        text += f" · acknowledged{f' by {known.by}' if known.by else ''} {when(known.at, timezone)}"
        tone, state = ("", "acknowledged") if state == "firing" else (tone, state)
    return _row(tone, state, named, since, text, cause(page, alert.rule.kind, alert.subject, alert.since))


def silenced(until: int | None, by: str, timezone: str | None) -> str:
    """Until when a rule is silenced, and by whom; empty where it is not."""
    if until is None or until <= now():
        return ""
    return f" · silenced until {when(until, timezone)}{f' by {by}' if by else ''}"


def _told(row: dict[str, Any], page: PageState) -> str:
    told = int(dt.datetime.fromisoformat(row["at"]).timestamp() * 1000)
    at = when(told, page.settings.timezone)
    address = cause(page, str(row.get("kind") or ""), row.get("account") or "", told)
    channels = ", ".join(f"{name}: {state}" for name, state in row["channels"].items()) or "no channel configured"
    named = _named(str(row.get("rule")), row.get("account") or "", str(row.get("severity")))
    return _row(str(row["event"]), str(row["event"]), named, at, f"{row['text']} · {channels}", address)


def _named(rule: str, subject: str, severity: str) -> str:
    where = f"{subject} · " if subject else ""
    return f'{escape(rule)} <span class="for">{escape(where)}{escape(severity)}</span>'


def _row(tone: str, state: str, named: str, since: str, what: str, address: str) -> str:
    pill = f'<span class="pill {escape(tone)}">{escape(state)}</span><span class="name">{named}</span>'
    told = f'<span class="since">{escape(since)}</span><span class="what">{escape(what)}</span>'
    return f'<a class="plain row" href="{escape(address)}">{pill}{told}</a>'
