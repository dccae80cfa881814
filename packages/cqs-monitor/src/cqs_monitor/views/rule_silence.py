"""Silences the rule of a form until a time: for an hour, for the rest of the day, or until a date."""

from __future__ import annotations

import datetime as dt
from html import escape
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import panel as pn
import panel_material_ui as pmui

from cqs_core.time.clock import midnight, now
from cqs_monitor.alerts.rule import read_moment
from cqs_monitor.alerts.silences import silence_fields
from cqs_panel import NO_BUTTON, WIDE, html, operator_only, user_name, when, zone_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

GRID = """
:host{display:grid!important;grid-template-columns:repeat(auto-fill,minmax(min(200px,100%),1fr));gap:14px 12px;
  padding-top:8px}
"""
"""For fields of a rule: as many columns as fit."""
_OFF, _TODAY, _UNTIL = "not silenced", "today", "until …"
_HOURS = {"for 1 hour": 1, "for 4 hours": 4, "for 24 hours": 24}
_CHOICES = [_OFF, *_HOURS, _TODAY, _UNTIL]


class RuleSilence(pn.viewable.Viewer):
    """Whether a rule is silenced, until when, and by whom.

    Args:
        changed: called with the fields of the rule, as TOML has them.
        timezone: IANA name; None is the machine's.
    """

    def __init__(self, changed: Callable[[Mapping[str, Any]], None], timezone: str | None) -> None:
        super().__init__()
        self._changed, self._timezone = changed, timezone
        self._zone = ZoneInfo(timezone) if timezone else None
        self._quiet = False
        self._choice = pmui.Select(label="Silence", options=_CHOICES, value=_OFF, size="small", **WIDE)
        self._choice.param.watch(lambda event: self._chosen(str(event.new)), "value")
        self._at = pmui.DatetimePicker(
            label=f"Until, {zone_name(timezone)}", value=None, enable_seconds=False, size="small", **WIDE
        )
        self._at.visible = False
        self._at.param.watch(lambda event: self._picked(event.new), "value")
        operator_only(self._choice, self._at)
        self._told = html("")

    def __panel__(self) -> Any:
        return pn.Column(pn.Column(self._choice, self._at, stylesheets=[GRID, NO_BUTTON], **WIDE), self._told, **WIDE)

    def show(self, fields: Mapping[str, Any]) -> None:
        """Show what a rule says; a silence that has ended is none."""
        until = _moment(fields.get("silenced_until"))
        lasts = until is not None and until > now()
        by = fields.get("silenced_by")
        self._told.object = f'<span class="note">{escape(self._words(until, str(by or "")))}</span>'
        self._quiet = True
        try:
            self._choice.value = _UNTIL if lasts else _OFF
            self._at.visible = lasts
            self._at.value = self._local(until) if lasts and until is not None else None
        finally:
            self._quiet = False

    def _words(self, until: int | None, by: str) -> str:
        if until is None:
            return "Silenced, a rule is watched and nothing is sent. The silence ends by itself."
        named = f" by {by}" if by else ""
        if until <= now():
            return f"A silence{named} ended at {when(until, self._timezone)}."
        return f"Silenced until {when(until, self._timezone)}{named}; then what still fires is sent."

    def _chosen(self, choice: str) -> None:
        self._at.visible = choice == _UNTIL
        if self._quiet or choice == _UNTIL:
            return
        self._silence(None if choice == _OFF else self._end(choice))

    def _picked(self, at: Any) -> None:
        if self._quiet or not isinstance(at, dt.datetime):
            return
        self._silence(int(at.replace(tzinfo=at.tzinfo or self._zone).timestamp() * 1000))

    def _silence(self, until: int | None) -> None:
        self._changed(silence_fields(until, user_name(), self._zone))

    def _end(self, choice: str) -> int:
        """When a silence that begins now ends, ms UTC."""
        if choice in _HOURS:
            return now() // 60_000 * 60_000 + _HOURS[choice] * 3_600_000
        tomorrow = self._local(now()).date() + dt.timedelta(days=1)
        return midnight(tomorrow, self._timezone)

    def _local(self, ts: int) -> dt.datetime:
        """The time on the user's clock, without its zone."""
        return dt.datetime.fromtimestamp(ts / 1000, tz=dt.UTC).astimezone(self._zone).replace(tzinfo=None)


def _moment(value: Any) -> int | None:
    try:
        return None if value is None else read_moment(value)
    except ValueError:
        return None
