"""Charts that many windows show, drawn once a process.

HoloViews takes about five times as long to draw a chart as Bokeh takes to make a copy of its figures.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from bokeh.core.serialization import Deserializer, Serializer
from bokeh.models import ColumnDataSource
from bokeh.util.serialization import make_id

from cqs_panel.theme import tones

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from bokeh.core.serialization import Buffer, ObjectRefRep, Ref
    from bokeh.model import Model

_MOST = 64  # charts
_lock = threading.Lock()
_kept: OrderedDict[Hashable, _Drawing] = OrderedDict()


class _Drawing(NamedTuple):
    """Figures as Bokeh sends them, and the data of their sources as they are: sent ones are not compared with others.

    Attributes:
        data: by the id of the source.
    """

    figures: Any
    buffers: list[Buffer]
    data: dict[str, dict[str, Any]]


def drawn_once(key: Hashable, draw: Callable[[], list[Any]]) -> list[Any]:
    """The figures that `draw` returns, or a copy of those that it returned for the same key and colors.

    Args:
        key: of all that the chart shows.
        draw: returns Bokeh figures; anything else is not kept.
    """
    colors = tones()
    key = key, colors.up, colors.down
    with _lock:
        found = _kept.get(key)
        if found is not None:
            _kept.move_to_end(key)
    if found is not None:
        return cast("list[Any]", _Copy(found.data).decode(found.figures, found.buffers))
    drawn = draw()
    if all(hasattr(one, "renderers") for one in drawn):
        _keep(key, drawn)
    return drawn


def _keep(key: Hashable, drawn: list[Any]) -> None:
    sources = {model for one in drawn for model in one.select(ColumnDataSource)}
    serializer = Serializer()
    drawing = _Drawing(serializer.encode(drawn), serializer.buffers, {one.id: dict(one.data) for one in sources})
    with _lock:
        _kept[key] = drawing
        if len(_kept) > _MOST:
            _kept.popitem(last=False)


class _Copy(Deserializer):
    """Gives each model an id of its own: a page may show a chart twice."""

    def __init__(self, data: dict[str, dict[str, Any]]) -> None:
        super().__init__()
        self._data = data
        self._ids: dict[str, Any] = {}

    def _decode_object_ref(self, obj: ObjectRefRep) -> Model:
        fresh = self._ids[obj["id"]] = make_id()
        made = super()._decode_object_ref(cast("ObjectRefRep", {**obj, "id": fresh}))
        if isinstance(made, ColumnDataSource):
            made.data = dict(self._data[obj["id"]])
        return made

    def _decode_ref(self, obj: Ref) -> Model:
        return super()._decode_ref({"id": self._ids.get(obj["id"], obj["id"])})
