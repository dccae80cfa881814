"""Leaves out style sheets that do nothing where they are.

Panel gives each component the sheets for all of its widgets: four links and two texts. A row, a column or a piece of
HTML has nothing that they style, and a page is mostly made of these: the browser would load some three hundred links,
and work out all styles anew with many of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import panel as pn
from bokeh.models import ImportedStyleSheet
from panel.io.loading import LOADING_INDICATOR_CSS_CLASS
from panel.reactive import Syncable

if TYPE_CHECKING:
    from collections.abc import Iterable

_LAYOUTS = (pn.Row, pn.Column)
_OF_WIDGETS = ("/theme/material_variables.css", "/theme/material.css")
_OF_LOADING = ("/css/loading.css",)
_OF_SCROLLING = ("/css/listpanel.css",)
_NO_BUTTON = ".scroll-button{display:none}"
"""A column ends with a button for scrolling; the sheet for scrolling would hide it."""
_process = Syncable._process_param_change  # noqa: SLF001 - Panel has no setting for it


def needed(sheets: Iterable[Any], *, layout: bool, scrolls: bool, waits: bool) -> list[Any]:
    """Choose the sheets that a row, a column or a piece of HTML needs.

    Args:
        sheets: of Bokeh, or texts of CSS.
        layout: whether it is a row or a column.
        scrolls: whether that scrolls.
        waits: whether it shows that it is loading.
    """
    idle = (*_OF_WIDGETS, *(() if waits else _OF_LOADING), *(() if scrolls else _OF_SCROLLING))
    kept = [one for one in sheets if not _path(one).endswith(idle) and (waits or not _spins(one))]
    return [_NO_BUTTON, *kept] if layout and not scrolls else kept


def _path(sheet: Any) -> str:
    return urlsplit(str(sheet.url)).path if isinstance(sheet, ImportedStyleSheet) else ""


def _spins(sheet: Any) -> bool:
    """Whether this is the text with the picture of Panel's spinner."""
    return isinstance(sheet, str) and sheet.lstrip().startswith(f":host(.{LOADING_INDICATOR_CSS_CLASS})")


def _processed(component: Any, params: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(component, (*_LAYOUTS, pn.pane.HTML)):
        return dict(_process(component, params))
    layout, classes = isinstance(component, _LAYOUTS), params.get("css_classes") or component.css_classes or ()
    scrolls, waits = layout and bool(component.scroll), LOADING_INDICATOR_CSS_CLASS in classes
    if "css_classes" in params and (scrolls or waits) and "stylesheets" not in params:  # more than before
        params = {**params, "stylesheets": component.stylesheets}
    properties = dict(_process(component, params))
    if "stylesheets" in properties:
        properties["stylesheets"] = needed(properties["stylesheets"], layout=layout, scrolls=scrolls, waits=waits)
    return properties


Syncable._process_param_change = _processed  # noqa: SLF001
