"""What hooks return: how each item is named, and what it must be to be taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from cqs_core.errors import DataError

_NAMES = {
    "register_exchanges": "id",
    "register_strategies": "id",
    "register_engines": "name",
    "register_channels": "name",
    "register_views": "slug",
    "register_cards": "name",
    "register_overlays": "name",
    "register_demo": "name",
}


def named(hook: str, given: Any) -> Iterator[tuple[str, Any]]:
    """What a plugin gave to a hook, by name; nothing at all is fine.

    Raises:
        DataError: an item has no name, or is none of its kind.
    """
    if given is None:
        return
    pairs = given.items() if hook == "register_commands" else ((getattr(i, _NAMES[hook], None), i) for i in given)
    for name, item in pairs:
        if not (isinstance(name, str) and name):
            raise DataError(f"{item!r} has no name; set its {_NAMES.get(hook, 'name')!r}")
        wanted, fits = _KINDS.get(hook, ("", _anything))
        if not fits(item):
            raise DataError(f"{name!r} is {item!r}, which is not {wanted}")
        yield name, item


def _anything(item: Any) -> bool:  # noqa: ARG001 - what pages are made of is the shell's business
    return True


def _is_command(item: Any) -> bool:
    return isinstance(item, Sequence) and len(item) == 2 and all(isinstance(part, str) and part for part in item)


def _is_exchange(item: Any) -> bool:
    from cqs_core.exchange import Exchange

    return isinstance(item, type) and issubclass(item, Exchange)


def _is_strategy(item: Any) -> bool:
    from cqs_core.strategy import Strategy

    return isinstance(item, type) and issubclass(item, Strategy)


def _is_engine(item: Any) -> bool:
    from cqs_core.engine import Engine

    return isinstance(item, Engine) and not isinstance(item, type)


def _is_channel(item: Any) -> bool:
    from cqs_core.alerts import AlertChannel

    return isinstance(item, AlertChannel) and not isinstance(item, type)


def _is_step(item: Any) -> bool:
    from cqs_core.demo import DemoStep

    return isinstance(item, DemoStep)


_KINDS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "register_commands": ('a pair ("module:attribute", "help")', _is_command),
    "register_exchanges": ("a subclass of cqs_core.Exchange", _is_exchange),
    "register_strategies": ("a subclass of cqs_core.Strategy", _is_strategy),
    "register_engines": ("an engine: an object with `name` and `execute`", _is_engine),
    "register_channels": ("a channel: an object with `name` and `send`", _is_channel),
    "register_demo": ("a cqs_core.DemoStep", _is_step),
}
