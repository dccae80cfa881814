"""Results of hooks: how each item is named, and what it must be to be accepted."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cqs_core.errors import DataError

_MOST = 10_000  # items of one hook
_NAME = re.compile(r"\w(?:[\w.-]{0,62}\w)?")
_NAMES = {
    "register_exchanges": "id",
    "register_strategies": "id",
    "register_engines": "name",
    "register_candle_formats": "name",
    "register_log_formats": "name",
    "register_alert_kinds": "name",
    "register_channels": "name",
    "register_views": "slug",
    "register_cards": "name",
    "register_overlays": "name",
    "register_tables": "name",
    "register_variables": "name",
    "register_health_checks": "name",
    "register_demo": "name",
}


@dataclass
class Merged:
    """What all plugins returned from one hook.

    Attributes:
        items: by name.
        owners: the plugin of each, by name.
    """

    items: dict[str, Any] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)

    def take(self, name: str, item: Any, plugin: str) -> str:
        """Add an item, unless its name is taken: then the plugin that has it is returned.

        A generic class for any exchange gives way to a specific one, and never replaces anything.
        """
        key = unicodedata.normalize("NFKC", name).casefold()  # names that differ less look the same to users
        known = self._names.get(key)
        if known is not None:
            if getattr(item, "generic", False) is True:
                return ""
            if getattr(self.items[known], "generic", False) is not True:
                return self.owners[known]
            del self.items[known], self.owners[known]
        self._names[key], self.items[name], self.owners[name] = name, item, plugin
        return ""


def answers(hook: str, function: Callable[[], Any]) -> list[tuple[str, Any] | DataError]:
    """What a plugin's implementation of a hook gives, see `named`."""
    return list(named(hook, function()))


def named(hook: str, given: Any) -> Iterator[tuple[str, Any] | DataError]:
    """What a plugin returned from a hook, by name; None is fine. A useless item is replaced by an error."""
    if given is None:
        return
    _refuse_single(hook, given)
    pairs = given.items() if hook == "register_commands" else ((getattr(i, _NAMES[hook], None), i) for i in given)
    for count, (name, item) in enumerate(pairs):
        if count == _MOST:
            raise DataError(f"it gives more than {_MOST:,} items; give fewer")
        fault = _fault_of_name(hook, name, item) or _fault(hook, name, item)
        yield DataError(fault) if fault else (name, item)


def _refuse_single(hook: str, given: Any) -> None:
    if hook == "register_commands":
        if not isinstance(given, Mapping):
            raise DataError(f'it returned {_shown(given)}; return {{name: ("module:attribute", "help")}}')
    elif isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
        what = "classes" if _KINDS[hook][0].startswith("a subclass") else "objects"
        raise DataError(f"it returned {_shown(given)}; return a list of {what}")


def _fault_of_name(hook: str, name: Any, item: Any) -> str:
    """Names are typed, printed, and parts of addresses and of keys in the bucket."""
    if not (isinstance(name, str) and name):
        return f"{_shown(item)} has no name; set its {_NAMES.get(hook, 'name')!r}"
    if not _NAME.fullmatch(name) or ".." in name:
        what = _NAMES.get(hook, "name")
        return f"{what} {name!r} is refused; use up to 64 letters, digits, '_', '-' and single '.'"
    return ""


def _fault(hook: str, name: str, item: Any) -> str:
    wanted, check = _KINDS[hook]
    if (fault := check(item)) is True:
        return ""
    return f"{name!r} is {_shown(item)}, {fault or f'which is not {wanted}'}"


def _shown(item: Any) -> str:
    try:
        return repr(item)
    except Exception:  # noqa: BLE001 - a repr may fail in any way, and that is not the item's fault
        return f"a {type(item).__name__}"


Verdict = bool | str
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


def _is_command(item: Any) -> Verdict:
    if not (isinstance(item, Sequence) and len(item) == 2 and all(isinstance(part, str) and part for part in item)):
        return False
    where, about = item
    return bool(re.fullmatch(r"[\w.]+:[\w.]+", where) and about.isprintable())


def _is_exchange(item: Any) -> Verdict:
    from cqs_core.host.exchange import Exchange

    if not (isinstance(item, type) and issubclass(item, Exchange)):
        return False
    unfit = _first(_call(item, name) for name in ("markets", "page", "first", "volumes", "price"))
    return unfit or _attribute_fault(item) or True


def _attribute_fault(item: Any) -> str:
    """What is wrong with the attributes of an exchange's class."""
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


def _is_strategy(item: Any) -> Verdict:
    from cqs_core.trading.strategy import Strategy

    if not (isinstance(item, type) and issubclass(item, Strategy)):
        return False
    item.parameters()
    return _text(item, "title") or True


def _is_engine(item: Any) -> Verdict:
    from cqs_core.trading.engine import Engine

    return isinstance(item, Engine) and not isinstance(item, type) and callable(item.execute)


def _is_candle_format(item: Any) -> Verdict:
    from cqs_core.host.candle_format import CandleFormat

    return isinstance(item, CandleFormat) and (_call(item, "table") or _call(item, "columns") or True)


def _is_log_format(item: Any) -> Verdict:
    from cqs_core.host.log_format import LogFormat

    if not isinstance(item, LogFormat):
        return False
    calls = (_call(item, name) for name in ("kind", "owns", "trades", "positions", "state", "heartbeat"))
    return _first(calls) or _text(item, "title") or _conventions(item) or True


def _conventions(item: Any) -> str:
    """What is wrong with the attributes that say how figures are counted."""
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


def _is_alert_kind(item: Any) -> Verdict:
    if not isinstance(item, type) or not callable(getattr(item, "measure", None)):
        return False
    scope = getattr(item, "scope", None)
    if scope not in ("bot", "account", "market"):
        return f"whose scope is {scope!r}; it must be 'bot', 'account' or 'market'"
    fields = getattr(item, "model_fields", None)
    if not isinstance(fields, dict) or "over" not in fields:
        return "which has no field 'over', the threshold"
    return _call(item, "model_validate") or _text(item, "about", empty=False) or True


def _is_channel(item: Any) -> Verdict:
    from cqs_core.host.alert_channel import AlertChannel

    return isinstance(item, AlertChannel) and not isinstance(item, type) and callable(item.send)


def _is_table(item: Any) -> Verdict:
    from cqs_core.host.sql_table import SqlTable

    if not isinstance(item, SqlTable):
        return False
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", item.name) or item.name.lower() == "candles":
        return "whose name SQL cannot use; take letters, digits and '_', and not 'candles'"
    if not (isinstance(item.columns, Mapping) and item.columns):
        return f"whose columns are {item.columns!r}; give DuckDB types by name"
    return _target(item, "rows") or _text(item, "doc") or True


def _is_variable(item: Any) -> Verdict:
    from cqs_core.host.variable import SECTIONS, Variable

    if not isinstance(item, Variable):
        return False
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", item.name):
        return "whose name is not letters, digits and '_'"
    if item.section not in SECTIONS:
        return f"whose section is {item.section!r}; it must be one of {', '.join(SECTIONS)}"
    checked = item.check is None or callable(item.check)
    return _text(item, "about", empty=False) or _text(item, "default") or (True if checked else _call(item, "check"))


def _is_health_check(item: Any) -> Verdict:
    from cqs_core.host.health import HealthCheck

    return isinstance(item, HealthCheck) and (_target(item, "run") or _text(item, "doc") or True)


def _is_step(item: Any) -> Verdict:
    from cqs_core.host.demo import DemoStep

    return isinstance(item, DemoStep) and (_text(item, "title") or _number(item, "order") or _call(item, "run") or True)


def _is_view(item: Any) -> Verdict:
    said = _text(item, "title", empty=False) or _text(item, "icon") or _number(item, "order") or _target(item, "build")
    return said or True


def _is_card(item: Any) -> Verdict:
    said = _text(item, "title") or _number(item, "order") or _target(item, "build")
    width = getattr(item, "width", None)
    if not said and width not in (3, 4, 6, 8, 12):
        said = f"whose width is {width!r}; it must be 3, 4, 6, 8 or 12"
    return said or True


def _is_overlay(item: Any) -> Verdict:
    return _text(item, "title", empty=False) or _target(item, "layers") or True


_KINDS: Mapping[str, tuple[str, Callable[[Any], Verdict]]] = {
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
}

HOOKS = tuple(_KINDS)
