"""Calls of plugins of others: in a thread, for a limited time."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from cqs_core.host.plugin_problem import tell
from cqs_core.isolation import TimedOut, limited

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")


def call_watched(plugin: str, where: str, call: Callable[[], _T], slow: float, limit: float, given_up: set[str]) -> _T:
    """The plugin's result; a plugin that does not return in time joins `given_up`, and is not asked again.

    Raises:
        TimedOut: it did not come back, now or earlier.
    """
    if plugin in given_up:
        raise TimedOut("not asked: it did not return before")
    late = f"plugin {plugin!r} ({where}) takes longer than {slow:g} s; {_remedy(plugin)}"
    try:
        return limited(call, limit, slow, lambda: tell(late))
    except TimedOut as error:
        given_up.add(plugin)
        tell(f"plugin {plugin!r} ({where}) {error}, so it is left out; {_remedy(plugin)}")
        raise


def _remedy(plugin: str) -> str:
    return f"`cqs plugins disable {plugin}`, or CQS_DISABLE={plugin}, leaves it out"
