"""One alert rule as a form: the fields of rules and of its kind as widgets; what is empty takes its default."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_core import UsageError, plugins
from cqs_monitor.alerts.fields import shown
from cqs_monitor.alerts.rule import SEVERITIES, Rule
from cqs_monitor.views.rule_silence import GRID, RuleSilence
from cqs_panel import NO_BUTTON, WIDE, fill, html, operator_only, stack

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pydantic.fields import FieldInfo

_SHRUNK = {  # labels stay above the fields, so that hints are seen in empty ones
    "& .MuiInputLabel-root": {"transform": "translate(14px,-9px) scale(.75)", "maxWidth": "none"},
    "& legend": {"maxWidth": "100%"},
    "& label + .MuiInputBase-root .MuiInputBase-input.MuiInputBase-input::placeholder": {"opacity": ".6 !important"},
}
_HINTS = {
    "duration": "7m, 12h, 3d",
    "money": "in the account's currency",
    "percent": "5",
    "names": "A, B",
    "silence": "23:00-07:00 Asia/Seoul",
    "for": "at once",
}
_NUMBERS = ("money", "percent", "count")


class RuleForm(pn.viewable.Viewer):
    """The fields of one rule.

    Args:
        changed: called with the fields that the user changed, as TOML has them; None where one is to go.
        timezone: of times that are shown; None is the machine's.
    """

    def __init__(self, changed: Callable[[Mapping[str, Any]], None], timezone: str | None = None) -> None:
        super().__init__()
        self._changed = changed
        self._fields: Mapping[str, Any] = {}
        self._kind: str | None = None
        self._widgets: dict[str, Any] = {}
        self._quiet = False
        self._offered: dict[str, Sequence[str]] = {"account": (), "channels": ()}
        self._about = html("")
        self._grid = pn.Column(stylesheets=[GRID, NO_BUTTON], **WIDE)
        self._silence = RuleSilence(changed, timezone)

    def __panel__(self) -> Any:
        return stack(self._about, self._grid, self._silence)

    def offer(self, accounts: Sequence[str], channels: Sequence[str]) -> None:
        """Accounts and channels that a rule may name."""
        offered: dict[str, Sequence[str]] = {"account": tuple(accounts), "channels": tuple(channels)}
        if offered != self._offered:
            self._offered = offered
            self._put()

    def show(self, fields: Mapping[str, Any]) -> None:
        """Show a rule; a widget that says this already is left alone."""
        self._fields = fields
        kind = str(fields.get("kind", ""))
        anew = kind != self._kind or not self._widgets
        if anew:
            self._kind = kind
            self._build(kind)
        self._put()
        self._silence.show(fields)
        if anew:  # the widgets reach the browser with their values
            fill(self._grid, *self._widgets.values())

    def _build(self, kind: str) -> None:
        known = plugins().alert_kinds()
        self._widgets = {"name": _text("Name"), "kind": _select("Kind", [*known])}
        if (condition := known.get(kind)) is not None:
            self._widgets |= {name: _widget(name, field) for name, field in condition.model_fields.items()}
        common = {field.alias or name: field for name, field in Rule.model_fields.items()}
        for name in ("account", "severity", "for", "cooldown", "silence", "channels", "enabled"):
            self._widgets[name] = _widget(name, common[name])
        for name, widget in self._widgets.items():
            widget.param.watch(lambda event, name=name: self._heard(name, event.new), "value")
        operator_only(*self._widgets.values())
        about = f"Fires on: {condition.about}." if condition else "Choose a kind."
        self._about.object = f'<span class="note">{about} An empty field takes its default.</span>'

    def _put(self) -> None:
        """Write the fields into the widgets, without hearing of it."""
        self._quiet = True
        try:
            for name, widget in self._widgets.items():
                _put(widget, self._fields.get(name), self._offered.get(name, ()))
        finally:
            self._quiet = False

    def _heard(self, name: str, value: Any) -> None:
        if self._quiet:
            return
        if name == "kind":
            self._changed(_of_kind(self._fields, str(value)))
            return
        read = _read(name, value, self._widgets[name])
        if read != self._fields.get(name):
            self._changed({name: read})


def _of_kind(fields: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """What changes where a rule becomes one of another kind: fields that this does not have go."""
    known = plugins().alert_kinds()
    if kind not in known:
        raise UsageError(f"kind {kind[:40]!r} is not offered; choose one of the list")
    old, new = known.get(str(fields.get("kind", ""))), known[kind]
    gone = {name: None for name in (old.model_fields if old else ()) if name not in new.model_fields}
    if old is None or old.unit() != new.unit():
        gone["over"] = None
    named = {"name": kind} if fields.get("name") == fields.get("kind") else {}
    return {**gone, **named, "kind": kind}


def _unit(field: FieldInfo) -> str:
    extra = field.json_schema_extra
    return str(extra.get("unit", "")) if isinstance(extra, dict) else "days" if field.annotation is int else ""


def _widget(name: str, field: FieldInfo) -> Any:
    unit, title = _unit(field), field.title or name
    if name in ("account", "channels"):
        return pmui.MultiChoice(label=title, options=[], value=[], placeholder="all", **WIDE)
    if name == "severity":
        return _select(title, [*SEVERITIES])
    if name == "enabled":
        return pmui.Switch(label=title, value=True, margin=0)
    default = None if field.is_required() else field.default
    hint = _HINTS.get(name, _HINTS.get(unit, ""))
    if default and unit:
        hint = ", ".join(default) if unit == "names" else str(default) if unit == "days" else shown(default, unit)
    widget = _text(title, hint if default is None or not unit else f"{hint} if empty")
    widget.tags = [unit]
    return widget


def _text(title: str, hint: str = "") -> Any:
    return pmui.TextInput(label=title, value="", placeholder=hint, size="small", sx=_SHRUNK, **WIDE)


def _select(title: str, options: list[str]) -> Any:
    return pmui.Select(label=title, options=options, size="small", **WIDE)


def _put(widget: Any, value: Any, offered: Sequence[str]) -> None:
    if isinstance(widget, pmui.MultiChoice):
        names = [value] if isinstance(value, str) else [one for one in value or [] if isinstance(one, str)]
        names = [] if "*" in names else names
        options = [*dict.fromkeys((*offered, *names))]
        if (options, names) != (widget.options, widget.value):
            widget.param.update(options=options, value=names)
        return
    if isinstance(widget, pmui.Switch):
        shown_value: Any = value is not False
    elif isinstance(widget, pmui.Select):
        shown_value = value if value in widget.options else "warning" if "warning" in widget.options else None
    else:
        shown_value = _written(value)
    if widget.value != shown_value:
        widget.value = shown_value


def _written(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _read(name: str, value: Any, widget: Any) -> Any:
    """The value as TOML has it; text where it is not a number, so that the check says what is wrong."""
    if isinstance(widget, pmui.MultiChoice):
        return None if not value else value[0] if len(value) == 1 else list(value)
    if isinstance(widget, pmui.Switch):
        return None if value else False
    if name == "severity":
        return None if value == "warning" else value
    text = str(value or "").strip()
    unit = widget.tags[0] if widget.tags else ""
    if not text:
        return None
    if unit == "names":
        names = [one.strip() for one in text.split(",") if one.strip()]
        return names[0] if len(names) == 1 else names
    return _number(text) if unit in (*_NUMBERS, "days") else text


def _number(text: str) -> Any:
    try:
        number = float(text.replace(",", "").replace("_", "").removesuffix("%").strip())
    except ValueError:
        return text
    return int(number) if number.is_integer() and abs(number) < 1e15 else number
