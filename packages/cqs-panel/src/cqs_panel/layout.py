"""How the parts of a page are arranged: full width, side by side where there is room, in rows that wrap."""

from __future__ import annotations

from typing import Any

WIDE = {"sizing_mode": "stretch_width", "margin": 0}
"""For Panel layouts and widgets that take the full width."""
FIELD = WIDE | {"margin": (6, 0)}
"""For fields of a form."""
WRAPS = ":host{flex-wrap:wrap;gap:4px 8px}"
GROWS = {"flex": "1 1 220px", "width": "auto", "min-width": "min(220px, 100%)"}
NO_BUTTON = ".scroll-button{position:absolute!important}"
"""Panel's Column ends with a hidden button for scrolling, which would leave one more gap before it."""
_SCROLLS = """
{overflow-x:auto;max-width:100%;background-repeat:no-repeat;background-attachment:local,local,scroll,scroll;
  --cqs-shade:color-mix(in srgb,var(--cqs-text) 26%,transparent);
  background-image:linear-gradient(to right,var(--cqs-paper) 40%,transparent),
    linear-gradient(to left,var(--cqs-paper) 40%,transparent),
    linear-gradient(to right,var(--cqs-shade),transparent),linear-gradient(to left,var(--cqs-shade),transparent);
  background-size:36px 100%,36px 100%,12px 100%,12px 100%;background-position:0 0,100% 0,0 0,100% 0}
"""
ONE_LINE = {"& button": {"whiteSpace": "nowrap"}}
"""For groups of buttons, as `sx`."""

_BAR = ":host{display:flex!important;flex-wrap:wrap;gap:8px 12px;align-items:center}"
_STACK = ":host{gap:var(--cqs-gap,12px)}"

PAIRS_WHERE_LARGE = """
@media(min-width:2000px){:host{display:grid!important;grid-template-columns:repeat(2,minmax(0,1fr));align-items:start}
  div{grid-column:var(--cqs-column,1/-1)}}
"""
"""For a stack: on large screens the objects with `HALF` stand side by side, all others take the full width."""
HALF = {"--cqs-column": "auto"}
"""For `styles`."""


def scrolls(selector: str) -> str:
    """CSS for what may be wider than its place: it scrolls, and a shade at an edge says that there is more."""
    return f"{selector}{_SCROLLS.strip()}"


def stack(*objects: Any, **params: Any) -> Any:
    """Objects one below the other, with the gap that all cards have; `params` are those of `panel.Column`."""
    import panel as pn

    sheets = [_STACK, NO_BUTTON, *params.pop("stylesheets", [])]
    return pn.Column(*objects, **{**WIDE, "stylesheets": sheets, **params})


def beside(*objects: Any, columns: str = "1fr 1fr") -> Any:
    """Objects side by side where there is room, else one below the other; `columns` are CSS tracks."""
    import panel as pn

    tracks = " ".join(f"minmax(0,{track})" for track in columns.split())
    css = f"""
:host{{display:grid!important;grid-template-columns:{tracks};gap:var(--cqs-gap,12px);align-items:start}}
@media(max-width:1000px){{:host{{grid-template-columns:minmax(0,1fr)}}}}
"""
    return pn.Column(*objects, stylesheets=[css, NO_BUTTON], **WIDE)


def bar(*objects: Any) -> Any:
    """Controls in a row that wraps; those with a width get it where there is room."""
    import panel as pn

    for one in objects:
        if getattr(one, "width", None) and one.sizing_mode in (None, "fixed"):
            # Panel makes a row at least as wide as the widths of its parts together, which would never wrap.
            flex = {"flex": f"0 1 {one.width}px", "width": "auto"}
            one.param.update(width=None, sizing_mode="stretch_width", styles={**one.styles, **flex})
    return pn.Row(*objects, stylesheets=[_BAR], **WIDE)


def fill(column: Any, *objects: Any) -> None:
    """Replace the objects of a column. An empty column is hidden, or it would leave a gap in its stack."""
    column[:] = list(objects)
    column.visible = bool(objects)
