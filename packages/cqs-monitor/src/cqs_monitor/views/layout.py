"""How the monitor's pages are laid out: a grid on wide screens, one column on a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn

from cqs_panel import NO_BUTTON, stack

if TYPE_CHECKING:
    from cqs_panel import PageState

__all__ = ["ONE_LINE", "WHOLE", "bar", "beside", "seconds_between", "stack"]

WHOLE = {"sizing_mode": "stretch_width", "margin": 0}
ONE_LINE = {"& button": {"whiteSpace": "nowrap"}}
"""For groups of buttons."""

_BAR = """
:host{display:flex!important;flex-wrap:wrap;gap:8px 12px;align-items:center}
"""


def beside(*objects: Any, columns: str = "1fr 1fr") -> Any:
    """Side by side where there is room; `columns` are CSS tracks."""
    tracks = " ".join(f"minmax(0,{track})" for track in columns.split())
    css = f"""
:host{{display:grid!important;grid-template-columns:{tracks};gap:12px;align-items:start}}
@media(max-width:1000px){{:host{{grid-template-columns:minmax(0,1fr)}}}}
"""
    return pn.Column(*objects, stylesheets=[css, NO_BUTTON], **WHOLE)


def bar(*objects: Any) -> Any:
    """Controls in a row that wraps."""
    return pn.Row(*objects, stylesheets=[_BAR], **WHOLE)


def seconds_between(page: PageState) -> float:
    """How often a page reads the logs: every 5 s, or as `?every=30` in its address says, from 1 s to an hour."""
    try:
        return min(max(float(page.query.get("every", 5)), 1.0), 3600.0)
    except ValueError:
        return 5.0
