"""The overview: the cards of all packages, on a grid of twelve columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqs_core import plugins
from cqs_panel.layout import NO_BUTTON, WIDE
from cqs_panel.pages.first_steps import first_steps
from cqs_panel.sections import empty

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cqs_panel.shell.dashboard import Dashboard
    from cqs_panel.shell.page_frame import PageFrame
    from cqs_panel.state import PageState
    from cqs_panel.view import Card

_FIRST = 4  # cards that are built with the page; the others follow at once, on a phone when they come into view
_GRID = """
:host{display:grid!important;grid-template-columns:repeat(12,minmax(0,1fr));gap:var(--cqs-gap,12px);align-items:start;
  grid-auto-flow:dense}
"""
_ALL = [":host{grid-column:1/-1}"]


def build(shell: Dashboard, page: PageState) -> Any:
    import panel as pn

    cards = sorted(plugins().cards().values(), key=lambda card: (card.order, card.name))
    if not cards:
        return empty("Nothing to show yet", "Packages put their cards here. Which are installed?", "cqs plugins")
    frames = [_frame(shell, card, page) for card in cards]
    for frame in frames[:_FIRST]:
        frame.build()
    for frame in frames[_FIRST:]:
        if shell.narrow:
            page.later(frame.build, frame.__panel__())
        else:
            shell.build_soon(frame)
    steps = first_steps(page, shell.first_steps, lambda cookie: shell.bridge.send(cookie=cookie))
    steps.stylesheets = [*steps.stylesheets, *_ALL]
    return pn.Column(steps, *frames, stylesheets=[NO_BUTTON, _GRID], **WIDE)


def _frame(shell: Dashboard, card: Card, page: PageState) -> PageFrame:
    frame = shell.frame(card, page.slug, dict(page.query), plugins().owner("register_cards", card.name))
    page.param.watch(lambda event: setattr(frame.page, "shown", event.new), "shown")
    page.param.watch(lambda event: setattr(frame.page, "query", dict(event.new)), "query")
    frame.page.param.watch(lambda event: page.remember(**_changes(event.old, event.new)), "query")
    frame.page.shown = page.shown
    frame.span(card.width, card.rows)
    return frame


def _changes(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str | None]:
    """What a card wrote into its query; None where it removed a value."""
    return {name: new.get(name) for name in {**old, **new} if old.get(name) != new.get(name)}
