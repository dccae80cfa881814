"""The rule editor: the file as text, checked while you type; each rule can be tried on the past before you save."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_core import CqsError, UsageError
from cqs_core.time.clock import now
from cqs_monitor.alerts.context import context_of
from cqs_monitor.alerts.evaluation import tried
from cqs_monitor.alerts.rule_reader import KEY
from cqs_monitor.alerts.rules_file import LARGEST, Rules, parse_rules, read_text
from cqs_monitor.views.alert_draft import Draft, difference_html, keep_draft, read_draft
from cqs_monitor.views.alert_text import CSS, kinds_html
from cqs_panel import WIDE, bar, beside, failure, html, operator_only, plain_table, section, stack, when, zone_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqs_core import Bucket
    from cqs_panel import PageState

_DAY = 86_400_000
_CSS = """
p,li{font-size:13px;margin:2px 0;overflow-wrap:anywhere} ul{margin:4px 0;padding-left:18px}
.saved{color:var(--cqs-up)} pre{font-size:11px;max-height:200px;overflow:auto;margin:4px 0}
.wrong b{color:var(--cqs-warning)} .fine{color:var(--cqs-muted);font-size:12px}
"""
_MONO = {
    "& textarea": {"fontFamily": "ui-monospace, Menlo, Consolas, monospace", "fontSize": "12px", "lineHeight": "18px"}
}


class RuleEditor(pn.viewable.Viewer):
    """The text, its mistakes, and what a rule would have done.

    Args:
        page: that shows it.
        saved: called when the rules changed.
    """

    def __init__(self, page: PageState, saved: Callable[[], None]) -> None:
        super().__init__()
        self._page, self._saved = page, saved
        self._was = ""
        self._checked = ""  # the text that is being shown, as of the last check
        self._tried: tuple[Any, ...] = ()  # what the shown result is of
        self._text = pmui.TextAreaInput(label=KEY, value="", rows=20, max_length=LARGEST, sx=_MONO, **WIDE)
        self._text.param.watch(lambda _: self._typed(), "value_input")
        self._told = html("", stylesheets=[_CSS])
        self._conflict = pn.Column(**WIDE)
        self._save = _button("Save", self._store, variant="contained", disabled=True)
        self._discard = _button("Discard changes", self._reload, variant="text", disabled=True)
        operator_only(self._text, self._save, self._discard)
        self._rule = pmui.Select(label="Rule", options=[], size="small", width=230, margin=0)
        self._days = pmui.Select(label="Days", options=[30, 90, 365], value=30, size="small", width=100, margin=0)
        for chosen in (self._rule, self._days):
            chosen.param.watch(lambda _: self._forget(), "value")
        self._try = _button("Try on the past", self._start)
        self._result = pn.Column(**WIDE)
        bucket = page.bucket
        page.load(lambda: (*read_text(bucket), read_draft(bucket.url)), self._open)

    def __panel__(self) -> Any:
        buttons = bar(self._save, self._discard)
        return beside(
            section("Rules", self._told, self._conflict, self._text, buttons, note="checked while you type"),
            stack(
                section("Try on the past", bar(self._rule, self._days, self._try), self._result),
                section("", html(kinds_html(), stylesheets=[CSS])),
            ),
        )

    @property
    def _written(self) -> str:
        return str(self._text.value_input or "")

    def _open(self, found: tuple[str, bool, Draft | None]) -> None:
        """The stored text, or the unsaved draft if there is one."""
        text, stored, draft = found
        self._was = text if stored else ""
        if draft is None or draft.text == text:
            self._put(text)
            return
        self._was = draft.was
        self._put(draft.text)
        written = when(draft.at, self._page.settings.timezone)
        self._say(f"This is what you wrote until {written}, and did not save.")
        if draft.was != (text if stored else ""):
            self._contradict(text)

    def _put(self, text: str) -> None:
        self._text.value = self._text.value_input = text
        self._check()

    def _typed(self) -> None:
        keep_draft(self._page.bucket.url, self._written, self._was)
        self._check()

    def _say(self, text: str) -> None:
        self._told.object = f'<p class="saved" role="status">{escape(text)}</p>{self._told.object}'

    def _check(self) -> None:
        """Show mistakes; only valid rules can be saved, and a result belongs to the rule that was tried."""
        text = self._checked = self._written
        rules = parse_rules(text)
        changed = text != self._was
        self._told.object = _told(rules, stored=bool(self._was), changed=changed)
        self._save.disabled = not changed or bool(rules.issues)
        self._discard.disabled = not changed
        names = [rule.name for rule in rules.rules if rule.condition.past is True]
        if names != self._rule.options:
            kept = self._rule.value if self._rule.value in names else None
            self._rule.param.update(options=names, value=kept or (names[0] if names and not rules.issues else None))
        self._try.disabled = self._rule.value is None
        self._forget()

    def _forget(self) -> None:
        """Remove a result that does not belong to the chosen rule as it is written now."""
        self._try.disabled = self._rule.value is None
        if self._tried and self._tried != self._asked():
            self._tried = ()
            self._result.clear()

    def _asked(self) -> tuple[Any, ...]:
        """The chosen rule as it is written, and the days."""
        found = next((one for one in parse_rules(self._written).rules if one.name == self._rule.value), None)
        return None if found is None else found.model_copy(update={"line": 0}), int(self._days.value)

    def _store(self, *, over: bool = False) -> None:
        bucket, text, was = self._page.bucket, self._written, self._was
        self._save.loading = True
        self._page.load(lambda: _store(bucket, text, None if over else was), self._kept)

    def _kept(self, found: tuple[str, CqsError | None]) -> None:
        self._save.loading = False
        stored, fault = found
        if isinstance(fault, _ChangedError):
            self._contradict(stored)
            return
        if fault is not None:
            self._told.object = f'<p class="wrong" role="alert"><b>Not saved.</b> {escape(str(fault))}</p>'
            return
        self._was = stored
        self._conflict.clear()
        keep_draft(self._page.bucket.url, self._written, self._was)
        self._check()
        self._say(f"Saved at {when(now(), self._page.settings.timezone)[11:]}.")
        self._saved()

    def _contradict(self, theirs: str) -> None:
        """The file was changed elsewhere: both texts are kept, and the user chooses one."""
        told = f'<p class="wrong" role="alert"><b>Not saved.</b> {KEY} changed meanwhile; your text is still below.</p>'
        mine = _button("Overwrite it with mine", lambda: self._store(over=True))
        stored = _button("Take the stored one", self._reload, variant="text")
        shown = html(f"{told}{difference_html(theirs, self._written)}", stylesheets=[_CSS])
        keep_draft(self._page.bucket.url, self._written, self._was)
        self._conflict[:] = [shown, bar(mine, stored)]

    def _reload(self) -> None:
        """Discard the draft."""
        bucket = self._page.bucket

        def show(found: tuple[str, bool]) -> None:
            self._was = found[0] if found[1] else ""
            keep_draft(bucket.url, self._was, self._was)
            self._conflict.clear()
            self._put(found[0])

        self._page.load(lambda: read_text(bucket), show)

    def _start(self) -> None:
        bucket, text, name, days = self._page.bucket, self._written, str(self._rule.value), self._days.value
        if days not in self._days.options:
            raise UsageError(f"{str(days)[:20]!r} days are not offered; choose one of the list")
        asked = self._asked()
        self._try.loading = True
        self._page.load(lambda: (asked, _try(bucket, text, name, days)), self._show)

    def _show(self, answer: tuple[tuple[Any, ...], dict[str, Any] | CqsError]) -> None:
        asked, found = answer
        self._try.loading = False
        if asked != self._asked():
            return
        self._tried = asked
        if isinstance(found, CqsError):
            self._result[:] = [failure(f"{self._rule.value} cannot be tried", found)]
            return
        zone = self._page.settings.timezone
        rows = [
            [_local(row["at"], zone), row["account"], _local(row["until"], zone) or "still"] for row in found["fired"]
        ]
        times = "once" if found["times"] == 1 else f"{found['times']} times"
        told = f"It would have fired <b>{times}</b> in {int(self._days.value)} days: <b>{escape(found['rule'])}</b>."
        said = html(f"<p>{told} Times in {escape(zone_name(zone))}.</p>", stylesheets=[_CSS])
        self._result[:] = [said, *([plain_table(["Fired", "For", "Over"], rows[-50:])] if rows else [])]


class _ChangedError(UsageError):
    """The file is another than the one that was read."""


def _button(label: str, call: Callable[[], Any], variant: str = "outlined", *, disabled: bool = False) -> Any:
    button = pmui.Button(label=label, variant=variant, size="small", disabled=disabled, margin=0)
    button.on_click(lambda _: call())
    return button


def _store(bucket: Bucket, text: str, was: str | None) -> tuple[str, CqsError | None]:
    """Save the draft unless the file has changed since it was `was`; returns the stored text."""
    if (size := len(text.encode(errors="replace"))) > LARGEST:
        return was or "", UsageError(f"the text is {size:,} bytes long; rules fit into {LARGEST:,}")
    try:
        current, stored = read_text(bucket)
        if was is not None and (current if stored else "") != was:
            return current if stored else "", _ChangedError(f"{KEY} changed meanwhile")
        bucket.write(KEY, text.encode(errors="replace"))
    except CqsError as error:
        return was or "", error
    return text, None


def _try(bucket: Bucket, text: str, name: str, days: int) -> dict[str, Any] | CqsError:
    moment = now()
    try:
        return tried(parse_rules(text).rule(name), context_of(bucket, moment), moment - days * _DAY, moment)
    except CqsError as error:
        return error


def _told(rules: Rules, *, stored: bool, changed: bool) -> str:
    count = f"{len(rules.rules)} rules would be in force" + (
        "" if stored else "; nothing is saved: these are the defaults"
    )
    state = "" if not changed else "; not saved yet" if not rules.issues else "; fix this to save:"
    wrong = "".join(f"<li><b>line {one.line}</b> {escape(one.reason)}</li>" for one in rules.issues)
    return f'<p class="fine">{count}{state}</p>' + (f'<ul class="wrong" role="alert">{wrong}</ul>' if wrong else "")


def _local(text: str | None, zone: str | None) -> str | None:
    import datetime as dt

    return when(int(dt.datetime.fromisoformat(text).timestamp() * 1000), zone) if text else None
