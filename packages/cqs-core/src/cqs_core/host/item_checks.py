"""Checks of the items that plugins return from hooks."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Checked = bool | str
"""True if it is accepted; else False, or what is wrong with it."""


def _text(item: Any, *names: str, empty: bool = True) -> str:
    """The first attribute that is not one line of text."""
    for name in names:
        value = getattr(item, name, None)
        if not isinstance(value, str) or not value.isprintable() or not (value or empty):
            return f"whose {name} is {value!r}; it must be one line of text"
    return ""


def _number(item: Any, name: str) -> str:
    value = getattr(item, name, None)
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return "" if good else f"whose {name} is {value!r}; it must be a number"


def _call(item: Any, name: str) -> str:
    value = getattr(item, name, None)
    return "" if callable(value) else f"whose {name} is {value!r}; it must be something to call"


def _target(item: Any, name: str) -> str:
    """A function, or a text that names one, `module:function`: it is imported when it is needed."""
    value = getattr(item, name, None)
    if isinstance(value, str):
        named = all(part.isidentifier() for part in value.replace(":", ".", 1).split(".")) and ":" in value
        return "" if named else f"whose {name} is {value!r}; write 'module:function'"
    return _call(item, name)


def _is_command(item: Any) -> Checked:
    if not (isinstance(item, Sequence) and len(item) == 2 and all(isinstance(part, str) and part for part in item)):
        return False
    where, about = item
    return bool(re.fullmatch(r"[\w.]+:[\w.]+", where) and about.isprintable())


def _is_exchange(item: Any) -> Checked:
    from cqs_core.host.exchange import Exchange

    if not (isinstance(item, type) and issubclass(item, Exchange)):
        return False
    unfit = _first(_call(item, name) for name in ("markets", "page", "first", "volumes", "price"))
    return unfit or _attribute_fault(item) or True


def _attribute_fault(item: Any) -> str:
    """The fault of the attributes of an exchange's class."""
    from cqs_core.time.intervals import INTERVALS

    if not isinstance(item.quote, str) or not re.fullmatch(r"[A-Z0-9]{1,16}", item.quote):
        return f"whose quote is {item.quote!r}; write a currency such as 'USDT'"
    if isinstance(item.intervals, str) or not item.intervals or not set(item.intervals) <= set(INTERVALS):
        return f"whose intervals are {item.intervals!r}; give some of {', '.join(INTERVALS)}"
    if item.id_form not in ("", "QUOTE-BASE", "BASE-QUOTE", "BASEQUOTE"):
        return f"whose id_form is {item.id_form!r}; it must be QUOTE-BASE, BASE-QUOTE, BASEQUOTE or empty"
    if not (item.history is None or (type(item.history) is int and item.history > 0)):
        return f"whose history is {item.history!r}; it must be a number of candles, or None"
    return _text(item, "title")


def _first(faults: Iterable[str]) -> str:
    return next(filter(None, faults), "")


def _is_strategy(item: Any) -> Checked:
    from cqs_core.trading.strategy import Strategy

    if not (isinstance(item, type) and issubclass(item, Strategy)):
        return False
    item.parameters()
    return _text(item, "title") or True


def _is_engine(item: Any) -> Checked:
    from cqs_core.trading.engine import Engine

    return isinstance(item, Engine) and not isinstance(item, type) and callable(item.execute)


def _is_candle_format(item: Any) -> Checked:
    from cqs_core.host.candle_format import CandleFormat

    return isinstance(item, CandleFormat) and (_call(item, "table") or _call(item, "columns") or True)


def _is_log_format(item: Any) -> Checked:
    from cqs_core.host.log_format import LogFormat

    if not isinstance(item, LogFormat):
        return False
    calls = (_call(item, name) for name in ("kind", "owns", "trades", "positions", "state", "heartbeat"))
    return _first(calls) or _text(item, "title") or _conventions(item) or True


def _conventions(item: Any) -> str:
    """The fault of the attributes that say how figures are counted."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    if not isinstance(item.currency, str) or not re.fullmatch(r"[A-Z0-9]{1,16}", item.currency):
        return f"whose currency is {item.currency!r}; write a currency such as 'USDT'"
    if not isinstance(item.day_start, str) or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", item.day_start):
        return f"whose day_start is {item.day_start!r}; write a time of day such as '09:00'"
    if not _number(item, "fee") and not 0 <= item.fee < 1:
        return f"whose fee is {item.fee!r}; write a fraction such as 0.001"
    try:
        ZoneInfo(item.zone)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError, AttributeError):
        return f"whose zone is {item.zone!r}; write an IANA name such as 'Europe/Berlin'"
    return _first(_number(item, name) for name in ("fee", "min_order", "version"))


def _is_alert_kind(item: Any) -> Checked:
    if not isinstance(item, type) or not callable(getattr(item, "measure", None)):
        return False
    scope = getattr(item, "scope", None)
    if scope not in ("bot", "account", "market"):
        return f"whose scope is {scope!r}; it must be 'bot', 'account' or 'market'"
    fields = getattr(item, "model_fields", None)
    if not isinstance(fields, dict) or "over" not in fields:
        return "which has no field 'over', the threshold"
    return _call(item, "model_validate") or _text(item, "about", empty=False) or True


def _is_channel(item: Any) -> Checked:
    from cqs_core.host.alert_channel import AlertChannel

    return isinstance(item, AlertChannel) and not isinstance(item, type) and callable(item.send)


def _is_table(item: Any) -> Checked:
    from cqs_core.host.sql_table import SqlTable

    if not isinstance(item, SqlTable):
        return False
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", item.name) or item.name.lower() == "candles":
        return "whose name SQL cannot use; take letters, digits and '_', and not 'candles'"
    if not (isinstance(item.columns, Mapping) and item.columns):
        return f"whose columns are {item.columns!r}; give DuckDB types by name"
    return _target(item, "rows") or _text(item, "doc") or True


def _is_variable(item: Any) -> Checked:
    from cqs_core.host.variable import SECTIONS, Variable

    if not isinstance(item, Variable):
        return False
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", item.name):
        return "whose name is not letters, digits and '_'"
    if item.section not in SECTIONS:
        return f"whose section is {item.section!r}; it must be one of {', '.join(SECTIONS)}"
    checked = item.check is None or callable(item.check)
    return _text(item, "about", empty=False) or _text(item, "default") or (True if checked else _call(item, "check"))


def _is_health_check(item: Any) -> Checked:
    from cqs_core.host.health import HealthCheck

    return isinstance(item, HealthCheck) and (_target(item, "run") or _text(item, "doc") or True)


def _is_step(item: Any) -> Checked:
    from cqs_core.host.demo import DemoStep

    return isinstance(item, DemoStep) and (_text(item, "title") or _number(item, "order") or _call(item, "run") or True)


def _is_view(item: Any) -> Checked:
    said = _text(item, "title", empty=False) or _text(item, "icon") or _number(item, "order") or _target(item, "build")
    return said or True


def _is_card(item: Any) -> Checked:
    said = _text(item, "title") or _number(item, "order") or _target(item, "build")
    width = getattr(item, "width", None)
    if not said and width not in (3, 4, 6, 8, 12):
        said = f"whose width is {width!r}; it must be 3, 4, 6, 8 or 12"
    return said or True


def _is_overlay(item: Any) -> Checked:
    return _text(item, "title", empty=False) or _target(item, "layers") or True


def _is_indicator(item: Any) -> Checked:
    said = _text(item, "title", empty=False) or _target(item, "compute") or _number(item, "memory")
    usual = getattr(item, "parameters", None)
    if not said and not isinstance(usual, Mapping):
        said = f"whose parameters are {usual!r}; give their usual values by name"
    if not said and not all(isinstance(name, str) and name.isidentifier() for name in usual or {}):
        said = f"whose parameters are {usual!r}; their names must be those of arguments"
    return said or _first(_usual_fault(name, value) for name, value in (usual or {}).items()) or True


def _is_feed(item: Any) -> Checked:
    return _target(item, "obstacle") or _target(item, "join") or True


def _usual_fault(name: str, value: Any) -> str:
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0
    return "" if good else f"whose parameter {name} is {value!r}; it must be a number above 0"


KINDS: Mapping[str, tuple[str, Callable[[Any], Checked]]] = {
    "register_commands": ('a pair ("module:attribute", "help")', _is_command),
    "register_exchanges": ("a subclass of cqs_core.Exchange", _is_exchange),
    "register_strategies": ("a subclass of cqs_core.Strategy", _is_strategy),
    "register_engines": ("an engine: an object with `name` and `execute`", _is_engine),
    "register_candle_formats": ("a cqs_core.CandleFormat", _is_candle_format),
    "register_log_formats": ("a cqs_core.LogFormat", _is_log_format),
    "register_alert_kinds": ("a subclass of cqs_monitor.AlertKind", _is_alert_kind),
    "register_channels": ("a channel: an object with `name` and `send`", _is_channel),
    "register_tables": ("a cqs_core.SqlTable", _is_table),
    "register_variables": ("a cqs_core.Variable", _is_variable),
    "register_health_checks": ("a cqs_core.HealthCheck", _is_health_check),
    "register_demo": ("a cqs_core.DemoStep", _is_step),
    "register_views": ("a cqs_panel.View", _is_view),
    "register_cards": ("a cqs_panel.Card", _is_card),
    "register_overlays": ("a cqs_panel.Overlay", _is_overlay),
    "register_indicators": ("a cqs_panel.Indicator", _is_indicator),
    "register_feeds": ("a cqs_panel.LiveFeed", _is_feed),
}
"""By hook: what an item must be, in words, and its check."""
HOOKS = tuple(KINDS)
