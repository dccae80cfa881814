"""The rule editor: the file as text, checked while it is written, each rule tried on the past before it is saved."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_core import CqsError, UsageError
from cqs_core.times import now
from cqs_monitor.alerts.evaluation import tried
from cqs_monitor.alerts.facts import facts_of
from cqs_monitor.alerts.kinds import KINDS
from cqs_monitor.alerts.rule_reader import KEY
from cqs_monitor.alerts.rules_file import LARGEST, Rules, parse_rules, read_text
from cqs_monitor.views.alert_text import CSS, kinds_html
from cqs_monitor.views.layout import WHOLE, bar, beside, stack
from cqs_panel import failure, html, plain_table, section, when

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqs_core import Bucket
    from cqs_panel import PageState

_DAY = 86_400_000
_CSS = """
p,li{font-size:13px;margin:2px 0;overflow-wrap:anywhere} ul{margin:4px 0;padding-left:18px}
.wrong b{color:var(--cqs-warning)} .fine{color:var(--cqs-muted);font-size:12px}
"""
_MOST_WRONG = 50  # that are listed
_MONO = {
    "& textarea": {"fontFamily": "ui-monospace, Menlo, Consolas, monospace", "fontSize": "12px", "lineHeight": "18px"}
}


class RuleEditor(pn.viewable.Viewer):
    """Text, mistakes, and what a rule would have done.

    Args:
        page: that shows it.
        saved: called when the rules changed.
    """

    def __init__(self, page: PageState, saved: Callable[[], None]) -> None:
        super().__init__()
        self._page, self._saved = page, saved
        self._was = ""
        self._text = pmui.TextAreaInput(label=KEY, value="", rows=20, max_length=LARGEST, sx=_MONO, **WHOLE)
        self._text.param.watch(lambda _: self._check(), "value_input")
        self._told = html("", stylesheets=[_CSS])
        self._save = pmui.Button(label="Save", variant="contained", size="small", disabled=True, margin=0)
        self._save.on_click(lambda _: self._store())
        self._rule = pmui.Select(label="Rule", options=[], size="small", width=230, margin=0)
        self._days = pmui.Select(label="Days", options=[30, 90, 365], value=30, size="small", width=100, margin=0)
        self._try = pmui.Button(label="Try on the past", variant="outlined", size="small", margin=0)
        self._try.on_click(lambda _: self._start())
        self._result = pn.Column(**WHOLE)
        bucket = page.bucket
        page.load(lambda: read_text(bucket), self._fill)

    def __panel__(self) -> Any:
        return beside(
            section("Rules", self._text, self._told, bar(self._save), note="checked while you write"),
            stack(
                section("Try on the past", bar(self._rule, self._days, self._try), self._result),
                section("", html(kinds_html(), stylesheets=[CSS])),
            ),
        )

    @property
    def _written(self) -> str:
        return str(self._text.value_input or "")

    def _fill(self, found: tuple[str, bool]) -> None:
        text, stored = found
        self._was = text if stored else ""
        self._text.value = self._text.value_input = text
        self._check()

    def _check(self) -> None:
        rules = parse_rules(self._written)
        self._told.object = _told(rules, stored=bool(self._was))
        self._save.disabled = self._written == self._was
        names = [rule.name for rule in rules.rules if KINDS[rule.kind].past is True]
        if names != self._rule.options:
            self._rule.options = names
            self._rule.value = names[0] if names else None
        self._try.disabled = not names

    def _store(self) -> None:
        bucket, text, was = self._page.bucket, self._written, self._was
        self._page.load(lambda: _store(bucket, text, was), self._kept)

    def _kept(self, fault: CqsError | None) -> None:
        if fault is not None:
            self._told.object = f'<p class="wrong" role="alert"><b>Not saved.</b> {escape(str(fault))}</p>'
            return
        self._was = self._written
        self._check()
        self._saved()

    def _start(self) -> None:
        bucket, text, name, days = self._page.bucket, self._written, str(self._rule.value), int(self._days.value)
        self._page.load(lambda: _try(bucket, text, name, days), self._show)

    def _show(self, found: dict[str, Any] | CqsError) -> None:
        if isinstance(found, CqsError):
            self._result[:] = [failure("It cannot be tried", found)]
            return
        zone = self._page.settings.timezone
        rows = [
            [_local(row["at"], zone), row["account"], _local(row["until"], zone) or "still"] for row in found["fired"]
        ]
        times = "once" if found["times"] == 1 else f"{found['times']} times"
        said = html(f"<p>It would have fired <b>{times}</b> in {int(self._days.value)} days.</p>", stylesheets=[_CSS])
        self._result[:] = [said, *([plain_table(["Fired", "For", "Over"], rows[-50:])] if rows else [])]


def _store(bucket: Bucket, text: str, was: str) -> CqsError | None:
    """Save what was written, unless somebody else changed the file meanwhile."""
    try:
        current, stored = read_text(bucket)
        if (current if stored else "") != was:
            return UsageError(f"{KEY} changed meanwhile; reload the page and write it again")
        bucket.write(KEY, text.encode())
    except CqsError as error:
        return error
    return None


def _try(bucket: Bucket, text: str, name: str, days: int) -> dict[str, Any] | CqsError:
    moment = now()
    try:
        return tried(parse_rules(text).rule(name), facts_of(bucket, moment), moment - days * _DAY, moment)
    except CqsError as error:
        return error


def _told(rules: Rules, *, stored: bool) -> str:
    count = f"{len(rules.rules)} rules would be in force" + (
        "" if stored else "; nothing is saved: these are the defaults"
    )
    wrong = "".join(f"<li><b>line {one.line}</b> {escape(one.reason)}</li>" for one in rules.wrong[:_MOST_WRONG])
    if (more := len(rules.wrong) - _MOST_WRONG) > 0:
        wrong += f"<li>and {more:,} more</li>"
    return f'<p class="fine">{count}</p>' + (f'<ul class="wrong" role="alert">{wrong}</ul>' if wrong else "")


def _local(text: str | None, zone: str | None) -> str | None:
    import datetime as dt

    return when(int(dt.datetime.fromisoformat(text).timestamp() * 1000), zone) if text else None
