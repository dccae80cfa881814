"""The dashboard of cqs: what views are written against. Names are imported on use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cqs_panel.state import PageState
    from cqs_panel.view import Band, Card, Layer, Line, Marks, Overlay, View

__all__ = ["Band", "Card", "Layer", "Line", "Marks", "Overlay", "PageState", "View"]

_HOME = {
    "PageState": "state",
    **dict.fromkeys(("Band", "Card", "Layer", "Line", "Marks", "Overlay", "View"), "view"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
