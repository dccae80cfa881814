"""Gives every window the definitions of the components that are shown in it.

A component with JavaScript of its own has a data model, which the browser must know before its first instance comes. A
page brings the definitions of all that are imported when it is opened. Panel sends a later one with the first instance
in the process, and not at all where a thread imported it: then all other windows that were open by then said "could not
resolve type", and the part with the component stayed empty. Here it goes out once to each window that does not have it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet

from bokeh.model import DataModel, Model
from panel.custom import ReactiveESM

import cqs_panel.charts.chart_bar  # noqa: F401 - most pages have one: known from the start, it is not sent twice
from cqs_panel.drawing import unread

if TYPE_CHECKING:
    from bokeh.document import Document

_KNOWN: WeakKeyDictionary[Document, WeakSet[type[Model]]] = WeakKeyDictionary()
_get_properties = ReactiveESM._get_properties  # noqa: SLF001 - Panel has no setting for it


def note_known(document: Document) -> None:
    """Remember which definitions the page of this document brings; call it when the browser gets the document."""
    _KNOWN[document] = WeakSet(one for one in Model.model_class_reverse_map.values() if issubclass(one, DataModel))


def _with_definition(component: Any, document: Document | None) -> dict[str, Any]:
    kind, known = type(component), _KNOWN.get(document) if document is not None else None
    if unread(document):  # the page brings it
        kind._data_model__initialized = True  # noqa: SLF001 - Panel's flag for "need not be sent"
    elif known is not None:
        kind._data_model__initialized = kind._data_model in known  # noqa: SLF001 - as above
        known.add(kind._data_model)  # noqa: SLF001
    found: dict[str, Any] = _get_properties(component, document)
    return found


ReactiveESM._get_properties = _with_definition  # noqa: SLF001
