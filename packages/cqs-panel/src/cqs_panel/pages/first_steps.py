"""What a new user does first, on the overview: one button a step, until all are done or the user hides them."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from cqs_panel.layout import stack
from cqs_panel.location import STEPS_COOKIE, hides_steps
from cqs_panel.sections import html, section

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cqs_panel.state import PageState
    from cqs_panel.view import Step, View

_CSS = """
.steps{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(240px,100%),1fr));gap:12px}
.step{border:1px solid var(--cqs-line);border-radius:8px;padding:14px 16px;display:flex;flex-direction:column;gap:4px;
  font-size:13px}
.step b{font-size:14px} .step span{color:var(--cqs-muted);flex:1}
.step a{align-self:flex-start;margin-top:8px;background:var(--cqs-accent);color:var(--cqs-paper);border-radius:8px;
  padding:7px 16px;text-decoration:none;font-weight:500} .step a:hover{filter:brightness(1.1)}
.step.done{opacity:.75} .step.done b::after{content:" ✓";color:var(--cqs-up)}
"""


def first_steps(page: PageState, read: Callable[[], Sequence[tuple[View, Step]]], keep: Callable[[str], None]) -> Any:
    """The steps; hidden where there is nothing to do.

    Args:
        page: the overview.
        read: reads them, in a thread.
        keep: keeps a cookie in this browser.
    """
    import panel_material_ui as pmui

    text = html("", stylesheets=[_CSS])
    shown = stack(visible=False)
    hidden = [hides_steps()]

    def show(found: Sequence[tuple[View, Step]]) -> None:
        text.object = steps_html(page, found)
        wanted = not hidden[0] and not all(step.done for _, step in found)
        if wanted and not len(shown):  # most users have done them
            shown.append(section("First steps", text, actions=[hide_button()]))
        shown.visible = wanted

    def hide_button() -> Any:
        hide = pmui.Button(label="Hide", variant="text", size="small", margin=0)
        hide.on_click(dismiss)
        return hide

    def dismiss(_: Any) -> None:
        keep(f"{STEPS_COOKIE}=hidden")  # before they go: a reload as soon as they are gone finds the cookie
        hidden[0], shown.visible = True, False

    if not hidden[0]:
        page.load(read, show, quiet=True)
        page.on_job(lambda _: page.load(read, show, quiet=True))
    return shown


def steps_html(page: PageState, found: Sequence[tuple[View, Step]]) -> str:
    """One tile a step; those that are done have no button."""
    return f'<div class="steps">{"".join(_step(page, i, *one) for i, one in enumerate(found, 1))}</div>'


def _step(page: PageState, number: int, view: View, step: Step) -> str:
    address = escape(page.link(view.slug, **step.query))
    button = "" if step.done else f'<a href="{address}">{escape(step.label)}</a>'
    done = " done" if step.done else ""
    title, text = escape(step.title), escape(step.text)
    return f'<div class="step{done}"><b>{number}. {title}</b><span>{text}</span>{button}</div>'
