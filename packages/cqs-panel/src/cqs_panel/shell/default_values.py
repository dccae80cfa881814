"""Bokeh's defaults, worked out once for each property of a class instead of each time that one is read.

A model of Bokeh has about sixty properties, of which a page sets a few. Three shortcuts, each with the result that
Bokeh has:

- What a default is depends on the class alone, where no theme sets it; and it can be given to all where it is a plain
  value.
- A default that each model needs for itself is made with the model only if it is a model, too. Empty lists and
  dictionaries are made when they are read.
- To send a model, only what was set is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from bokeh.core.has_props import HasProps
from bokeh.core.property.descriptors import PropertyDescriptor, UnsetValueError
from bokeh.core.property.singletons import Intrinsic, Undefined
from bokeh.core.property.wrappers import PropertyValueContainer

if TYPE_CHECKING:
    from collections.abc import Callable

_PLAIN = (str, int, float, bool, type(None))
_KNOWN: WeakKeyDictionary[type[HasProps], dict[str, Any]] = WeakKeyDictionary()
_MADE: WeakKeyDictionary[type[HasProps], tuple[str, ...]] = WeakKeyDictionary()
_REQUIRED: WeakKeyDictionary[type[HasProps], frozenset[str]] = WeakKeyDictionary()
_ABSENT = object()
_get_default = PropertyDescriptor._get_default  # noqa: SLF001 - it has no public name
_initialize = HasProps.__init__
_query = HasProps.query_properties_with_values


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


def made_with(model: HasProps) -> tuple[str, ...]:
    """The properties whose default is made with each model of its class: those that are, or hold, other models."""
    kind = type(model)
    found = _MADE.get(kind)
    if found is None:
        own = [name for name in kind.properties() if kind.lookup(name).has_unstable_default(model)]
        found = _MADE[kind] = tuple(name for name in own if not _is_empty_container(kind.lookup(name), kind))
    return found


def initialize(model: HasProps, **properties: Any) -> None:
    """Set what is given, and make what has to be made now."""
    super(HasProps, model).__init__()
    model._property_values = {}  # noqa: SLF001 - these are HasProps's own attributes
    model._unstable_default_values = {}  # noqa: SLF001
    model._unstable_themed_values = {}  # noqa: SLF001
    for name, value in properties.items():
        if value is not Undefined and value is not Intrinsic:
            setattr(model, name, value)
    for name in made_with(model):
        if name not in properties:
            model.lookup(name)._get(model)  # noqa: SLF001 - unlike `getattr`, for those that must be set, too
    model._initialized = True  # noqa: SLF001


def values(
    model: HasProps,
    query: Callable[[PropertyDescriptor[Any]], bool],
    *,
    include_defaults: bool = True,
    include_undefined: bool = False,
) -> dict[str, Any]:
    """The values of the properties for which `query` holds; with `include_defaults=False` of those that were set."""
    if include_defaults:
        return _query(model, query, include_undefined=include_undefined)
    themed = themed_values(model) or {}
    made = model._unstable_default_values  # noqa: SLF001
    wanted = {*model._property_values, *made, *themed, *_required(model)}  # noqa: SLF001
    found = {}
    for name in [name for name in model.properties(_with_props=True) if name in wanted]:
        descriptor = model.lookup(name)
        if query(descriptor):
            value = _value(descriptor, model, include_undefined=include_undefined)
            if name in themed or name not in made or not isinstance(value, PropertyValueContainer):
                found[name] = value
    return found


def _value(descriptor: PropertyDescriptor[Any], model: HasProps, *, include_undefined: bool) -> Any:
    try:
        return descriptor.get_value(model)
    except UnsetValueError:
        if include_undefined:
            return Undefined
        raise


def _required(model: HasProps) -> frozenset[str]:
    """Properties that have no default: to leave one unset is an error."""
    kind = type(model)
    if kind not in _REQUIRED:
        found = (name for name in kind.properties() if kind.lookup(name).class_default(kind) is Undefined)
        _REQUIRED[kind] = frozenset(found)
    return _REQUIRED[kind]


def _is_empty_container(descriptor: PropertyDescriptor[Any], kind: type[HasProps]) -> bool:
    value = descriptor.property.wrap(descriptor.class_default(kind))
    return isinstance(value, PropertyValueContainer) and not value


HasProps.__init__ = initialize  # type: ignore[method-assign, assignment]
HasProps.query_properties_with_values = values  # type: ignore[method-assign, assignment]
HasProps.themed_values = themed_values  # type: ignore[method-assign, assignment]
PropertyDescriptor._get_default = default  # noqa: SLF001
