"""Results of hooks: how each item is named, and which ones are accepted."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cqs_core.errors import DataError
from cqs_core.host.item_checks import KINDS

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
    "register_indicators": "name",
    "register_feeds": "name",
    "register_tables": "name",
    "register_variables": "name",
    "register_health_checks": "name",
    "register_demo": "name",
}


@dataclass
class Merged:
    """The items that all plugins returned from one hook.

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
    """The items of a plugin's implementation of a hook; see `named`."""
    return list(named(hook, function()))


def named(hook: str, given: Any) -> Iterator[tuple[str, Any] | DataError]:
    """The items that a plugin returned from a hook, by name; None is fine. A useless item is replaced by an error."""
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
        what = "classes" if KINDS[hook][0].startswith("a subclass") else "objects"
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
    wanted, check = KINDS[hook]
    if (fault := check(item)) is True:
        return ""
    return f"{name!r} is {_shown(item)}, {fault or f'which is not {wanted}'}"


def _shown(item: Any) -> str:
    try:
        return repr(item)
    except Exception:  # noqa: BLE001 - a repr may fail in any way, and that is not the item's fault
        return f"a {type(item).__name__}"
