"""Handlers of browser events may fail in any way; Panel passes only an `Exception` to its handler."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from panel.reactive import Syncable

from cqs_core.isolation import foreign

if TYPE_CHECKING:
    from collections.abc import Callable

_METHODS = ("_change_event", "_process_bokeh_event")  # through these go all events of widgets and of Bokeh's models


def guard_events() -> None:
    """A SystemExit or KeyboardInterrupt of a callback becomes an error that its page shows; once a process."""
    for name in _METHODS:
        method = getattr(Syncable, name)
        if not hasattr(method, "__wrapped__"):
            setattr(Syncable, name, _guarded(method))


def _guarded(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def guarded(self: Any, *args: Any) -> Any:
        with foreign():
            return method(self, *args)

    return guarded
