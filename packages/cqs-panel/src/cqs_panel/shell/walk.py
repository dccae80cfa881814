"""Bokeh's walk through all models of a page, without looking at what cannot hold one.

With each change of a layout Bokeh finds all models of a page again, by reading every property that could refer to one.
Most were never set, and to read the default of one takes ten times as long as to read a value. A default that is a
plain value refers to nothing; so here only those are read that were set, or whose default is made when it is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from bokeh.core.has_props import HasProps
from bokeh.model import util

if TYPE_CHECKING:
    from collections.abc import Callable

_Names = tuple[frozenset[str], tuple[str, ...]]
_NAMES: WeakKeyDictionary[type[HasProps], _Names] = WeakKeyDictionary()
_visit = util.visit_value_and_its_immediate_references


def visit(value: Any, visitor: Callable[[Any], None]) -> None:
    """Call with each model that a model (or a container) refers to, without going into these."""
    if not isinstance(value, HasProps):
        _visit(value, visitor)
        return
    referring, made = _names(value)
    known = value._property_values  # noqa: SLF001 - there is no public way to see what was set
    for name in [name for name in known if name in referring]:
        _visit(known[name], visitor)
    for name in made:
        if name not in known:
            _visit(getattr(value, name), visitor)


def _names(value: HasProps) -> _Names:
    """The properties of its class that may refer to models; and of these, those whose default is made when read."""
    kind = type(value)
    if kind not in _NAMES:
        referring = frozenset(value.properties_with_refs())
        _NAMES[kind] = referring, tuple(name for name in referring if _makes_default(value, name))
    return _NAMES[kind]


def _makes_default(value: HasProps, name: str) -> bool:
    return bool(value.lookup(name).has_unstable_default(value))


util.visit_immediate_value_references = visit
