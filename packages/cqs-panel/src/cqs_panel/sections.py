"""The blocks that a view is made of: titled sections, and what stands where there is nothing, or an error."""

from __future__ import annotations

import inspect
import traceback
from html import escape
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from cqs_panel.layout import GROWS, HALF, NO_BUTTON, PAIRS_WHERE_LARGE, WIDE, WRAPS, fill, stack

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from cqs_panel.state import PageState

_CSS = """
:host{width:100%}
.head{display:flex;align-items:baseline;gap:8px;flex-wrap:wrap}
.head h2{margin:0;font-size:14px;font-weight:700;line-height:20px}
.head h2 a{color:inherit;text-decoration:none} .head h2 a:hover{color:var(--cqs-accent)}
.note{color:var(--cqs-muted);font-size:12px}
code,pre{font-family:var(--cqs-mono)}
a{color:var(--cqs-accent)} a.plain{color:inherit;text-decoration:none;display:block;border-radius:6px}
a.plain:hover{background:var(--cqs-hover)} a:focus-visible{outline:2px solid var(--cqs-accent);outline-offset:2px}
.blank{display:flex;flex-direction:column;align-items:center;text-align:center;gap:6px;padding:36px 16px;
  color:var(--cqs-muted);font-size:13px}
.blank b{color:var(--cqs-text);font-size:15px}
.blank code{background:var(--cqs-hover);border:1px solid var(--cqs-line);border-radius:6px;padding:4px 8px;
  color:var(--cqs-text);overflow-wrap:anywhere}
.blank a{padding:5px 14px;border:1px solid;border-radius:6px;text-decoration:none;font-weight:500}
.blank a:hover{background:var(--cqs-hover)}
.fault{border-left:3px solid var(--cqs-warning);padding:2px 0 2px 12px;font-size:13px;overflow-wrap:anywhere}
.fault.info{border-color:var(--cqs-accent)} .fault.success{border-color:var(--cqs-up)}
.fault b{display:block;margin-bottom:2px}
.fault summary{cursor:pointer;color:var(--cqs-muted);font-size:12px;margin-top:6px}
.fault pre{white-space:pre-wrap;font-size:11px;max-height:320px;overflow:auto;margin:6px 0 0}
"""
_CARD = """
:host{background:var(--cqs-paper);border:1px solid var(--cqs-line);border-radius:8px;padding:var(--cqs-card,14px 16px);
  gap:var(--cqs-inside,10px);  min-width:0;box-sizing:border-box}
"""

SKELETON_CSS = """
:host{width:100%} .skeleton{display:grid;gap:12px;grid-template-columns:repeat(4,1fr);
  animation:wait 1.6s ease-in-out infinite}
.skeleton div{height:92px;border-radius:8px;background:var(--cqs-line)}
.skeleton div:nth-child(n+5){height:300px;grid-column:1/-1}
.skeleton.card{display:block} .skeleton.card div{height:var(--height)}
@keyframes wait{50%{opacity:.45}}
@media(max-width:700px){.skeleton{grid-template-columns:repeat(2,1fr)}}
@media(prefers-reduced-motion:reduce){.skeleton{animation:none}}
"""


def html(text: str, **params: Any) -> Any:
    """An HTML pane in the dashboard's style; `text` must be escaped already."""
    import panel as pn

    sheets = [_CSS, *params.pop("stylesheets", [])]
    return pn.pane.HTML(text, **{**WIDE, "stylesheets": sheets, **params})


def section(
    title: str, *objects: Any, note: str = "", actions: Sequence[Any] = (), link: str = "", **params: Any
) -> Any:
    """A titled card around some objects.

    A column and CSS, not Material's Paper: every React component that appears makes Bokeh lay out the whole page again.

    Args:
        title: plain text; empty for none.
        objects: the content, from top to bottom.
        note: plain text next to the title: units, time zone, meaning of the figures.
        actions: small widgets at the right of the title.
        link: an address, `page.link(…)`, to which the title leads.
        params: of `panel.Column`.
    """
    import panel as pn

    inside = [_head(title, note, actions, link)] if title else []
    sheets = [_CARD, NO_BUTTON, *params.pop("stylesheets", [])]
    return pn.Column(*inside, *objects, **{**WIDE, "stylesheets": sheets, **params})


def _head(title: str, note: str, actions: Sequence[Any], link: str) -> Any:
    import panel as pn

    said = f'<a href="{escape(link)}">{escape(title)} ›</a>' if link else escape(title)
    heading = html(f'<div class="head"><h2>{said}</h2><span class="note">{escape(note)}</span></div>')
    if not actions:
        return heading
    heading.styles = GROWS
    return pn.Row(heading, *actions, sizing_mode="stretch_width", align="center", margin=0, stylesheets=[WRAPS])


def empty(title: str, advice: str = "", command: str = "", *, link: tuple[str, str] | None = None) -> Any:
    """A placeholder for missing content: what is missing, and what to do next.

    Args:
        title: what is missing.
        advice: what to do.
        command: that does it.
        link: text and address of a button, `page.link(…)`, that leads to where it is done.
    """
    way = f'<a href="{escape(link[1])}">{escape(link[0])}</a>' if link else ""
    code = f"<code>{escape(command)}</code>" if command else ""
    advised = f"<span>{escape(advice)}</span>" if advice else ""
    return html(f'<div class="blank" role="status"><b>{escape(title)}</b>{advised}{way}{code}</div>')


def skeleton(blocks: int = 1, height: int = 92, *, waits: bool = False) -> Any:
    """A placeholder while content is being built: a page of blocks, or one block for a card.

    Args:
        blocks: how many.
        height: of a single one, in pixels.
        waits: whether it is made known as loading; where it is not, something else does that.
    """
    return html(skeleton_html(blocks, height, waits=waits), stylesheets=[SKELETON_CSS])


def skeleton_html(blocks: int = 1, height: int = 92, *, waits: bool = False) -> str:
    """The same for a pane that has `SKELETON_CSS` among its style sheets."""
    kind = "skeleton" if blocks > 1 else "skeleton card"
    said = 'role="progressbar" aria-label="Loading"' if waits else 'aria-hidden="true"'
    inside = "<div></div>" * blocks
    return f'<div class="{kind}" {said} style="--height:{height}px">{inside}</div>'


class Previewed(NamedTuple):
    """A part of `staged` that can be read before it can be used: the first rows of a table as text.

    Attributes:
        preview: stands there until the page rests.
        make: of the part; about as high, so that nothing below it moves.
    """

    preview: Any
    make: Callable[[], Any]


def staged(
    page: PageState,
    *objects: Any,
    first: int = 2,
    height: int = 220,
    halves: Collection[int] = (),
    **params: Any,
) -> Any:
    """A column of which the first objects are drawn at once; the others follow one by one, when the page rests.

    Args:
        page: the view that is laid out.
        objects: from top to bottom; a page should have no more before `first` than fits into a window. A function is
            called for its object when that is due: what is made late costs the first sight of the page nothing. A
            `Previewed` is shown at once by its preview.
        first: this many are built at once.
        height: pixels of the placeholder for each of the others.
        halves: places of objects that stand side by side, two in a row, on large screens.
        params: of `panel.Column`.
    """
    import panel as pn

    def place(one: Any) -> Any:
        known = isinstance(one, Previewed)
        held = pn.Column(one.preview if known else skeleton(1, height, waits=True), **WIDE)
        page.later(lambda: fill(held, made(one)), None if known else held)
        return held

    def made(one: Any) -> Any:
        make = one.make if isinstance(one, Previewed) else one
        return make() if inspect.isroutine(make) else make

    shown = [*map(made, objects[:first]), *(place(one) for one in objects[first:])]
    for at in halves:
        shown[at] = pn.panel(shown[at])  # a viewer has no styles, its layout has
        shown[at].styles = {**(shown[at].styles or {}), **HALF}
    return stack(*shown, **params, **({"stylesheets": [PAIRS_WHERE_LARGE]} if halves else {}))


def notice(text: str, severity: Literal["info", "success", "warning"] = "info") -> Any:
    """One sentence on what was done or found, as plain text.

    Not Material's Alert: it decodes its text and inserts it as HTML, so that a file's name could bring a script.
    """
    return html(f'<div class="fault {severity}" role="status"><span>{escape(text)}</span></div>')


def failure(
    where: str, error: BaseException, retry: Callable[[], None] | None = None, actions: Sequence[Any] = ()
) -> Any:
    """An error, in place: the message alone for errors of cqs, with the traceback folded below for any other.

    Args:
        where: what could not be shown or done.
        error: why.
        retry: called by a button "Try again".
        actions: more buttons, such as a remedy.
    """
    import panel as pn
    import panel_material_ui as pmui

    shown = section("", html(_error_html(where, error)))
    buttons = list(actions)
    if retry is not None:
        again = pmui.Button(label="Try again", variant="outlined", size="small", margin=0)
        again.on_click(lambda _: retry())
        buttons.append(again)
    if buttons:
        shown.append(pn.Row(*buttons, margin=(4, 0, 0, 0), styles={"gap": "8px"}))
    return shown


def _error_html(where: str, error: BaseException) -> str:
    from cqs_core import CqsError

    if isinstance(error, CqsError):
        return f'<div class="fault" role="alert"><b>{escape(where)}</b><span>{escape(str(error))}</span></div>'
    trace = escape("".join(traceback.format_exception(error)))
    said = f"<span>{escape(f'{type(error).__name__}: {error}')}</span>"
    details = f"<details><summary>Details</summary><pre>{trace}</pre></details>"
    return f'<div class="fault" role="alert"><b>{escape(where)}</b>{said}{details}</div>'
