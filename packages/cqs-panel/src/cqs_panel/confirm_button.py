"""Buttons that a double click does not press by accident: one that asks before it acts, and those that appear late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_panel.login.session import operator_only

if TYPE_CHECKING:
    from collections.abc import Callable

DOUBLE_CLICK = 0.8
"""Seconds in which a second click may belong to the first."""
_IGNORES = f":host{{animation:cqs-new {DOUBLE_CLICK}s}}@keyframes cqs-new{{from,to{{pointer-events:none}}}}"


def ignore_double_clicks(*buttons: Any) -> None:
    """Let buttons take no click for 0.8 s after they appear.

    For those that come where another button was: the second click of a double click on that one would press them. It
    is the browser that ignores it, so a slow connection makes no difference.
    """
    for button in buttons:
        button.stylesheets = [*button.stylesheets, _IGNORES]


class ConfirmButton(pn.viewable.Viewer):
    """A button that gives way to a question, which is a button of its own, and to Cancel; a click on the question acts.

    One button with two labels would not do: a browser that has not drawn the question yet could answer it. Nor can a
    double click answer it.

    Args:
        label: of the button.
        question: whether to do it.
        act: called once it is answered; the first button is back then.
        look: options that both buttons have, as `panel_material_ui.Button` takes them. Viewers cannot click.
    """

    def __init__(self, label: str, question: str, act: Callable[[], Any], **look: Any) -> None:
        super().__init__()
        self._act = act
        look = {"size": "small", "margin": 0, **look}
        self._first = pmui.Button(label=label, **look)
        self._question = pmui.Button(label=question, **{**look, "color": "error"})
        self._cancel = pmui.Button(label="Cancel", **{**look, "icon": None, "variant": "text"})
        self._first.on_click(lambda _: self._show(self._question, self._cancel))
        self._question.on_click(lambda _: self._answered())
        self._cancel.on_click(lambda _: self._show(self._first))
        ignore_double_clicks(self._first, self._question, self._cancel)
        operator_only(self._first, self._question)
        self._row = pn.Row(self._first, margin=0)

    def __panel__(self) -> Any:
        return self._row

    def _show(self, *buttons: Any) -> None:
        self._row[:] = list(buttons)

    def _answered(self) -> None:
        self._show(self._first)
        self._act()
