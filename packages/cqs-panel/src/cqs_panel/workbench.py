"""A form next to its results: the form stays in view, and on a phone it folds so that results come first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_panel.layout import NO_BUTTON, WIDE, fill, stack
from cqs_panel.login.session import operator_only
from cqs_panel.sections import section

if TYPE_CHECKING:
    from collections.abc import Callable

_GRID = """
:host{{display:grid!important;grid-template-columns:{width}px minmax(0,1fr);gap:12px;align-items:start}}
:host(.alone){{grid-template-columns:minmax(0,1fr)}}
@media(max-width:1000px){{:host{{grid-template-columns:minmax(0,1fr)}}}}
"""
_STICKY = """
@media(min-width:1001px){:host{position:sticky!important;top:0}}
"""
_NARROW_ONLY = "@media(min-width:1001px){:host{display:none!important}}"
_FOLDS = "@media(max-width:1000px){:host(:not(.open)){display:none!important}}"
_SCROLLS = """
@media(min-width:1001px){:host{max-height:calc(100vh - 256px);overflow-y:auto;overflow-x:hidden;padding-right:6px}}
"""
_STALE = ":host{transition:opacity .2s} :host(.stale){opacity:.45}"


class Workbench(pn.viewable.Viewer):
    """The form at the left under its button's eye, results at the right.

    Args:
        title: of the form.
        form: its fields.
        label: of the button that starts the work.
        start: called by it.
        width: of the form, in pixels.
        changes: whether the work changes something; then viewers cannot start it.
    """

    def __init__(
        self, title: str, form: Any, label: str, start: Callable[[], Any], width: int = 320, *, changes: bool = True
    ) -> None:
        super().__init__()
        self._label, self._start = label, start
        self._button = pmui.Button(label=label, color="primary", sizing_mode="stretch_width", margin=(8, 0, 0, 0))
        self._button.on_click(lambda _: self._start())
        if changes:
            operator_only(self._button)
        self._message = pn.Column(visible=False, **WIDE)
        self._fields = pn.Column(form, stylesheets=[_SCROLLS], **WIDE)
        self._card = section(title, self._fields, self._message, self._button)
        self._folding = pn.Column(self._card, stylesheets=[_FOLDS], **WIDE)
        self._fold = pmui.Button(label="", icon="tune", variant="outlined", size="small", margin=0)
        self._fold.stylesheets = [*self._fold.stylesheets, _NARROW_ONLY]
        self._fold.on_click(lambda _: self.fold(open_="open" not in self._folding.css_classes))
        self.results, self.below = stack(stylesheets=[_STALE]), stack()
        self._left = stack(self._fold, self._folding, stylesheets=[_STICKY])
        right = stack(self.results, self.below)
        self._root = pn.Column(self._left, right, stylesheets=[_GRID.format(width=width), NO_BUTTON], **WIDE)
        self.fold(open_=True)

    def __panel__(self) -> Any:
        return self._root

    def alone(self, *, yes: bool) -> None:
        """Show the results alone, while there is nothing to fill in."""
        self._left.visible = not yes
        self._root.css_classes = ["alone"] if yes else []

    def ready(self, *, yes: bool) -> None:
        """Show the button only while the form is there."""
        self._button.visible = yes

    def fold(self, *, open_: bool) -> None:
        """Show or hide the form where the screen is narrow; a wide one always shows it."""
        self._folding.css_classes = ["open"] if open_ else []
        self._fold.label = "Hide the form" if open_ else f"{self._label}: settings"

    def busy(self, *, working: bool) -> None:
        """Say in the button that the work is under way, and dim results that it will replace."""
        self._button.disabled = self._button.loading = working
        self.results.css_classes = ["stale"] if working else []

    def show_message(self, *objects: Any) -> None:
        """Show messages about the form right above its button, or take them away."""
        fill(self._message, *objects)
