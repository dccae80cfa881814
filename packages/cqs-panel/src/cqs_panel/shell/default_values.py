"""Bokeh's defaults, worked out once for each property of a class instead of each time that one is read.

To send a model Bokeh reads all its properties, also those that were never set; a figure has thousands. What a default
is depends on the class alone, where no theme sets it; and it can be given to all where it is a plain value.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from bokeh.core.has_props import HasProps
from bokeh.core.property.descriptors import PropertyDescriptor

_PLAIN = (str, int, float, bool, type(None))
_KNOWN: WeakKeyDictionary[type[HasProps], dict[str, Any]] = WeakKeyDictionary()
_ABSENT = object()
_get_default = PropertyDescriptor._get_default  # noqa: SLF001 - it has no public name


def themed_values(model: HasProps) -> dict[str, Any] | None:
    """The values set by a theme. Bokeh's own look-up of a mostly missing attribute is far slower."""
    found: dict[str, Any] | None = model.__dict__.get("__themed_values__")
    return found


def default(descriptor: PropertyDescriptor[Any], model: HasProps) -> Any:
    """The value of a property that was not set."""
    themed = themed_values(model)
    if themed and descriptor.name in themed:
        return _get_default(descriptor, model)
    known = _KNOWN.get(type(model))
    if known is None:
        known = _KNOWN[type(model)] = {}
    found = known.get(descriptor.name, _ABSENT)
    if found is _ABSENT:
        made: dict[str, Any] = model._unstable_default_values  # noqa: SLF001 - those made for this model
        if descriptor.name in made:
            return made[descriptor.name]
        found = _get_default(descriptor, model)
        if type(found) in _PLAIN and not descriptor.has_unstable_default(model):
            known[descriptor.name] = found
    return found


HasProps.themed_values = themed_values  # type: ignore[method-assign, assignment]
PropertyDescriptor._get_default = default  # noqa: SLF001
