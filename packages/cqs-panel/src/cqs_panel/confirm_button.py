"""A button that asks before it acts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_panel.login.session import operator_only

if TYPE_CHECKING:
    from collections.abc import Callable


class ConfirmButton(pn.viewable.Viewer):
    """A button that gives way to a question, which is a button of its own; a click on that acts.

    One button with two labels would not do: a browser that has not drawn the question yet could answer it.

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
        self._first.on_click(lambda _: self._show(self._question))
        self._question.on_click(lambda _: self._answered())
        operator_only(self._first, self._question)
        self._row = pn.Row(self._first, margin=0)

    def __panel__(self) -> Any:
        return self._row

    def _show(self, button: Any) -> None:
        self._row[:] = [button]

    def _answered(self) -> None:
        self._show(self._first)
        self._act()
