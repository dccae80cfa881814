"""The rule editor: one text, as a form and as TOML, checked at each change; rules are tried before they are saved."""

from __future__ import annotations

import math
import time
from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_core import CqsError, UsageError
from cqs_core.files import NewerFormat
from cqs_core.time.clock import now
from cqs_monitor.alerts.rule_reader import KEY
from cqs_monitor.alerts.rule_text import RuleBlock, add_rule, change_rule, remove_rule, rule_blocks, unused_name
from cqs_monitor.alerts.rules_file import LARGEST, Rules, parse_rules, read_text
from cqs_monitor.views.alert_draft import Draft, difference_html, keep_draft, read_draft
from cqs_monitor.views.alert_text import CSS, kinds_html
from cqs_monitor.views.rule_form import RuleForm
from cqs_monitor.views.rule_trial import RuleTrial
from cqs_panel import DOUBLE_CLICK, ONE_LINE, WIDE, bar, beside, html, operator_only, section, stack, when

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cqs_core import Bucket
    from cqs_monitor.alerts.rule import Rule
    from cqs_panel import PageState

_CSS = """
p,li{font-size:13px;margin:2px 0;overflow-wrap:anywhere} ul{margin:4px 0;padding-left:18px}
.saved{color:var(--cqs-up)} pre{font-size:11px;max-height:200px;overflow:auto;margin:4px 0}
.wrong b{color:var(--cqs-warning)} .fine{color:var(--cqs-muted);font-size:12px}
"""
_MONO = {"& textarea": {"fontFamily": "var(--cqs-mono)", "fontSize": "12px", "lineHeight": "18px"}}
_FORM, _TEXT = "Form", "TOML"
_NEW = {"kind": "no_trades", "over": "3d"}


class RuleEditor(pn.viewable.Viewer):
    """The text of the rules in two forms, its mistakes, and what the chosen rule would have done.

    Args:
        page: that shows it.
        saved: called when the rules changed.
    """

    def __init__(self, page: PageState, saved: Callable[[], None]) -> None:
        super().__init__()
        self._page, self._saved = page, saved
        self._was = ""
        self._rules, self._blocks = Rules(), tuple[RuleBlock, ...]()
        self._dropped = -math.inf
        self._choosing = False
        self._text = pmui.TextAreaInput(label=KEY, value="", rows=20, max_length=LARGEST, sx=_MONO, **WIDE)
        self._text.param.watch(lambda _: self._typed(), "value_input")
        self._told = html("", stylesheets=[_CSS])
        self._conflict = pn.Column(**WIDE)
        shown = _TEXT if page.query.get("rules") == "toml" else _FORM
        self._which = pmui.RadioButtonGroup(options=[_FORM, _TEXT], value=shown, size="small", margin=0, sx=ONE_LINE)
        self._which.param.watch(lambda _: self._turn(), "value")
        self._rule = pmui.Select(label="Rule", options={}, size="small", width=230, margin=0)
        self._rule.param.watch(lambda _: self._choose(), "value")
        self._new = _button("New rule", self._add)
        self._remove = _button("Remove this rule", self._drop, variant="text", disabled=True)
        self._form = RuleForm(self._change, page.settings.timezone)
        self._trial = RuleTrial(page)
        self._save = _button("Save", self._store, variant="contained", disabled=True)
        self._discard = _button("Discard changes", self._reload, variant="text", disabled=True)
        operator_only(self._text, self._save, self._discard, self._new, self._remove)
        bucket = page.bucket
        page.load(lambda: (*read_text(bucket), _draft_or_fault(bucket.url)), self._open)

    def __panel__(self) -> Any:
        self._forms = pn.Column(bar(self._rule, self._new, self._remove), self._form, **WIDE)
        self._texts = pn.Column(self._text, **WIDE)
        self._turn()
        both = pn.Column(self._forms, self._texts, **WIDE)
        buttons = bar(self._save, self._discard)
        note = "a form and the file's text, checked at each change"
        return beside(
            section("Rules", bar(self._which), self._told, self._conflict, both, buttons, note=note),
            stack(self._trial, section("", html(kinds_html(), stylesheets=[CSS]))),
            columns="3fr 2fr",
        )

    def offer(self, accounts: Sequence[str], channels: Sequence[str]) -> None:
        """Accounts and channels that rules may name."""
        self._form.offer(accounts, channels)

    @property
    def _written(self) -> str:
        return str(self._text.value_input or "")

    def _turn(self) -> None:
        """Show the form or the text."""
        text = self._which.value == _TEXT
        self._forms.visible, self._texts.visible = not text, text
        self._page.remember(rules="toml" if text else None)

    def _open(self, found: tuple[str, bool, Draft | NewerFormat | None]) -> None:
        """The stored text, or the unsaved draft if there is one."""
        text, stored, draft = found
        self._was = text if stored else ""
        if draft is None or isinstance(draft, NewerFormat) or draft.text == text:
            self._put(text)
            if isinstance(draft, NewerFormat):
                self._say(f"{draft}. It stays as it is; what you write here is not kept until you save it.")
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
        """Show mistakes, and the chosen rule as it is written now; only valid rules can be saved."""
        text = self._written
        rules = parse_rules(text)
        changed = text != self._was
        self._told.object = _told(rules, stored=bool(self._was), changed=changed)
        self._save.disabled = not changed or bool(rules.issues)
        self._discard.disabled = not changed
        self._rules, self._blocks = rules, tuple(rule_blocks(text))
        self._offer_rules(self._rule.value or 0)

    def _offer_rules(self, index: int) -> None:
        """The rules of the text in the list; the same place stays chosen."""
        options = {_label(i, block, self._blocks): i for i, block in enumerate(self._blocks)}
        value = min(index, len(self._blocks) - 1) if self._blocks else None
        self._choosing = True
        try:
            if options != self._rule.options or value != self._rule.value:
                self._rule.param.update(options=options, value=value)
        finally:
            self._choosing = False
        self._remove.disabled = value is None
        self._choose()

    def _choose(self) -> None:
        """Show the chosen rule in the form, and offer it to be tried."""
        if self._choosing:
            return
        block = self._block
        fields = block.fields if block is not None else None
        self._form.visible = fields is not None
        if fields is not None:
            self._form.show(fields)
        rule = next((one for one in self._rules.rules if block is not None and one.line == block.line), None)
        self._trial.offer(rule, _untriable(block, rule))

    @property
    def _block(self) -> RuleBlock | None:
        index = self._rule.value
        return self._blocks[index] if isinstance(index, int) and 0 <= index < len(self._blocks) else None

    def _change(self, fields: Mapping[str, Any]) -> None:
        if (block := self._block) is not None and block.fields is not None:
            self._rewrite(change_rule(self._written, block, fields))

    def _add(self) -> None:
        self._rewrite(add_rule(self._written, {**_NEW, "name": unused_name("new rule", self._blocks)}))
        self._offer_rules(len(self._blocks) - 1)

    def _drop(self) -> None:
        before, self._dropped = self._dropped, time.monotonic()  # a second click would remove the next rule
        if (block := self._block) is not None and self._dropped - before > DOUBLE_CLICK:
            self._rewrite(remove_rule(self._written, block))

    def _rewrite(self, text: str) -> None:
        self._text.value = self._text.value_input = text  # the second is watched: it keeps the draft, and checks

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


def _told(rules: Rules, *, stored: bool, changed: bool) -> str:
    count = f"{len(rules.rules)} rules would be in force" + (
        "" if stored else "; nothing is saved: these are the defaults"
    )
    state = "" if not changed else "; not saved yet" if not rules.issues else "; fix this to save:"
    wrong = "".join(f"<li><b>line {one.line}</b> {escape(one.reason)}</li>" for one in rules.issues)
    return f'<p class="fine">{count}{state}</p>' + (f'<ul class="wrong" role="alert">{wrong}</ul>' if wrong else "")


def _label(index: int, block: RuleBlock, blocks: Sequence[RuleBlock]) -> str:
    """The rule's name; with its line where another one has the same."""
    twin = any(one.name == block.name for i, one in enumerate(blocks) if i != index)
    return f"{block.name} (line {block.line})" if twin else block.name


def _untriable(block: RuleBlock | None, rule: Rule | None) -> str:
    if block is None:
        return "There is no rule yet."
    if block.fields is None:
        return "Its text is not TOML; mend it under TOML."
    if rule is None:
        return "It is switched off." if block.fields.get("enabled") is False else "Mend its mistakes first."
    return rule.name


def _draft_or_fault(bucket: str) -> Draft | NewerFormat | None:
    """The draft, or why this version cannot read it: the rules can be edited all the same."""
    try:
        return read_draft(bucket)
    except NewerFormat as error:
        return error
