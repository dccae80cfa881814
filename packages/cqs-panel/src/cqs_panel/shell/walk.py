"""Bokeh's walk through all models of a page, without looking again at what did not change.

With each change of a layout Bokeh finds all models of a page again, by reading every property that could refer to one.
Most were never set, and to read the default of one takes ten times as long as to read a value. A default that is a
plain value refers to nothing; so here only those are read that were set, or whose default is made with each model.
And what a model refers to is kept until one of its properties is set: a page of many views is walked through in the
time that its new part takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from bokeh.core.has_props import HasProps
from bokeh.document.models import DocumentModelManager
from bokeh.model import Model, util
from bokeh.util.datatypes import MultiValuedDict

from cqs_panel.shell.default_values import made_with

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_Names = tuple[frozenset[str], tuple[str, ...]]
_NAMES: WeakKeyDictionary[type[HasProps], _Names] = WeakKeyDictionary()
_KEPT = "_cqs_references"
_visit = util.visit_value_and_its_immediate_references
_trigger = Model.trigger


def visit(value: Any, visitor: Callable[[Any], None]) -> None:
    """Call with each model that a model (or a container) refers to, without going into these."""
    if not isinstance(value, HasProps):
        _visit(value, visitor)
        return
    referring, made = _names(value)
    known = value._property_values  # noqa: SLF001 - there is no public way to see which values were set
    for name in [name for name in known if name in referring]:
        _visit(known[name], visitor)
    for name in made:
        if name not in known:
            _visit(getattr(value, name), visitor)


def references(model: Model) -> list[Model]:
    """The models that a model refers to, as they were when one of its properties was set last."""
    kept: list[Model] | None = model.__dict__.get(_KEPT)
    if kept is None:
        kept = []
        visit(model, kept.append)
        model.__dict__[_KEPT] = kept
    return kept


def reached(roots: Iterable[Model]) -> set[Model]:
    """These models and all that they refer to."""
    found: set[Model] = set()
    waiting = list(roots)
    while waiting:
        model = waiting.pop()
        if model not in found:
            found.add(model)
            waiting += references(model)
    return found


def recompute(models: DocumentModelManager) -> None:
    """Attach to the document what its roots refer to since, and detach what they do not refer to any more."""
    document = models._document()  # noqa: SLF001 - as Bokeh does it; so with all below
    if document is None:
        return
    new, old = reached(document.roots), set(models._models.values())  # noqa: SLF001
    for model in old - new:
        models._seen_model_ids.add(model.id)  # noqa: SLF001
        model._detach_document()  # noqa: SLF001
    for model in new - old:
        model._attach_document(document)  # noqa: SLF001
        models._new_models.add(model)  # noqa: SLF001
    models._models = {model.id: model for model in new}  # noqa: SLF001
    models._models_by_name = _by_name(new)  # noqa: SLF001


def _by_name(models: set[Model]) -> MultiValuedDict[str, Model]:
    named: MultiValuedDict[str, Model] = MultiValuedDict()
    for model in models:
        if (name := model._property_values.get("name")) is not None:  # noqa: SLF001 - models have no name by default
            named.add_value(name, model)
    return named


def _forgetting(model: Model, *args: Any, **kwargs: Any) -> None:
    model.__dict__.pop(_KEPT, None)
    _trigger(model, *args, **kwargs)


def _names(value: HasProps) -> _Names:
    """The properties of its class that may refer to models; and of these, those whose default is made with it."""
    kind = type(value)
    if kind not in _NAMES:
        referring = frozenset(value.properties_with_refs())
        _NAMES[kind] = referring, tuple(name for name in made_with(value) if name in referring)
    return _NAMES[kind]


util.visit_immediate_value_references = visit
Model.trigger = _forgetting
DocumentModelManager.recompute = recompute
