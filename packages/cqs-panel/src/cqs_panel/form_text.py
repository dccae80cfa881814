"""A form as text: what each field says, in the place and about as high as the field that will stand there."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import param

from cqs_panel.address_form import to_text
from cqs_panel.sections import html

if TYPE_CHECKING:
    from collections.abc import Iterable

_CSS = """
.fields{display:flex;flex-wrap:wrap;gap:12px 8px;margin:4px 6px 6px 0;font-size:14px;line-height:20px}
.fields div{flex:1 1 100%;min-width:0;box-sizing:border-box;height:53px} .value{overflow-wrap:anywhere}
.box,.date{position:relative;padding:16px 13px 0} .fields .date{flex:1 1 30%}
:is(.box,.date) .name{position:absolute;top:-8px;left:13px;font-size:10px;color:var(--cqs-muted)}
.name.alone.alone{position:static;font-size:14px;color:var(--cqs-muted)}
.fields .slider{height:50px;display:flex;gap:4px;color:var(--cqs-muted)} .slider .value{font-weight:700}
.fields .buttons{height:22px} .fields .switch{height:38px;display:flex;gap:8px;align-items:center}
"""
BUTTONS = '<div class="buttons"></div>'
"""The room of a row of buttons."""


def form_text(fields: Iterable[str]) -> Any:
    """Fields, each from `field_text`, from top to bottom."""
    return html(f'<div class="fields">{"".join(fields)}</div>', stylesheets=[_CSS])


def field_text(known: param.Parameter[Any], value: Any, label: str = "") -> str:
    """One field as HTML.

    Args:
        known: the parameter.
        value: of it.
        label: of the field; by default the parameter's.
    """
    kind, said = _kind(known), _said(known, value)
    name = escape(label or str(known.label)) + (":" if kind == "slider" else "")
    if not said:
        return f'<div class="{kind}"><span class="name alone">{name}</span></div>'
    return f'<div class="{kind}"><span class="name">{name}</span><span class="value">{escape(said)}</span></div>'


def _kind(known: param.Parameter[Any]) -> str:
    if isinstance(known, param.Boolean):
        return "switch"
    if isinstance(known, param.CalendarDate):  # is a param.Number
        return "date"
    return "slider" if isinstance(known, param.Number) and not known.allow_None else "box"


def _said(known: param.Parameter[Any], value: Any) -> str:
    if isinstance(known, param.Boolean):
        return "on" if value else "off"
    if isinstance(known, param.Selector):
        return next((str(name) for name, one in known.names.items() if one == value), str(value))
    return to_text(value)
