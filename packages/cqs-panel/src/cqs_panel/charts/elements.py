"""HoloViews elements that a plugin gives as an overlay, as layers over candles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_core import DataError
from cqs_panel.charts.appearance import holoviews
from cqs_panel.charts.layers import checked
from cqs_panel.view import Band, Line, Marks

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from cqs_panel.view import Layer

_KNOWN = "Curve, Scatter (group Buy or Sell), HLine, VSpan, VSpans, or an Overlay of them"


def layers_of(found: Any, start: int, end: int) -> list[Layer]:
    """What an overlay returned, checked: layers, elements, or one element alone.

    Args:
        found: by the overlay.
        start: ms UTC of what is visible, for lines without ends.
        end: as above.

    Raises:
        DataError: it cannot be drawn over candles.
    """
    given = [found] if _is_element(found) else found
    return [layer for one in given for layer in (_layers(one, start, end) if _is_element(one) else [checked(one)])]


def _is_element(one: Any) -> bool:
    """Asked of the type's module, so that HoloViews is not imported for others."""
    return type(one).__module__.startswith("holoviews.")


def _layers(element: Any, start: int, end: int) -> Iterator[Layer]:
    hv = holoviews()
    try:
        if isinstance(element, hv.Overlay | hv.NdOverlay):
            for part in element:
                yield from _layers(part, start, end)
            return
        yield from map(checked, _drawn(hv, element, start, end))
    except DataError:
        raise
    except Exception as error:  # noqa: BLE001 - HoloViews fails in many ways for data that do not fit
        raise DataError(f"HoloViews {type(element).__name__} cannot be drawn over candles ({error})") from None


def _drawn(hv: Any, element: Any, start: int, end: int) -> Iterator[Any]:
    name = str(element.label)
    if isinstance(element, hv.Curve):
        yield Line(name, _times(element.dimension_values(0)), element.dimension_values(1))
    elif isinstance(element, hv.Scatter) and element.group in ("Buy", "Sell"):
        ts, price = _times(element.dimension_values(0)), element.dimension_values(1)
        yield Marks(name, ts, price, "buy" if element.group == "Buy" else "sell")
    elif isinstance(element, hv.HLine):
        yield Line(name, np.array([start, end]), np.full(2, float(element.data)))
    elif isinstance(element, hv.VSpan):
        first, last = _times(np.asarray(element.data[:2]))
        yield Band(name, int(first), int(last))
    elif isinstance(element, hv.VSpans):
        for first, last in zip(*(_times(element.dimension_values(i)) for i in (0, 1)), strict=True):
            yield Band(name, int(first), int(last))
    else:
        raise DataError(f"HoloViews {type(element).__name__} cannot be drawn over candles; give {_KNOWN}")


def _times(values: Any) -> npt.NDArray[np.int64]:
    """Times as ms UTC; numbers are ms already."""
    array = np.asarray(values)
    if array.dtype.kind in "iuf":
        return array.astype(np.int64)
    if array.dtype.kind == "O":
        array = np.array([_naive(one) for one in array.tolist()], "datetime64[ms]")
    return array.astype("datetime64[ms]").astype(np.int64)


def _naive(time: Any) -> Any:
    """In UTC, without a zone, as numpy has it."""
    import datetime as dt

    return time.astimezone(dt.UTC).replace(tzinfo=None) if getattr(time, "tzinfo", None) else time
