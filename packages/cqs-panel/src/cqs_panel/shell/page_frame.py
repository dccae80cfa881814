"""The guarded place of one view: it is built on first show, and what goes wrong shows there and nowhere else."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
from bokeh.document import Document

from cqs_core import BucketError
from cqs_panel.layout import WIDE
from cqs_panel.patience import patient
from cqs_panel.remedy_buttons import remedies
from cqs_panel.sections import SKELETON_CSS, failure, html, section, skeleton_html
from cqs_panel.view import View, loaded

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqs_panel.state import PageState
    from cqs_panel.view import Card

_WAITING = """
:host{position:static}
.bar{position:absolute;top:0;left:0;width:100%;height:3px;overflow:hidden;z-index:1}
.run{height:3px;border-radius:2px;background:var(--cqs-accent);width:30%;animation:run 1.1s ease-in-out infinite}
@keyframes run{from{transform:translateX(-100%)}to{transform:translateX(340%)}}
"""
_BAR = '<div class="bar"><div class="run" role="progressbar" aria-label="Loading"></div></div>'
_ON_PHONE = "@media(max-width:700px){:host{grid-column:1/-1!important;grid-row:auto!important}}"
_ON_LARGE = {8: 6, 6: 4, 4: 3, 3: 2}
"""Columns of twelve that a card takes where a window is 2000 pixels wide."""
_HEADINGS = {
    "loading": "this could not be loaded",
    "update": "this could not be updated",
    "job": "the job's result",
    "later": "a part could not be shown",
}


class PageFrame(pn.viewable.Viewer):
    """A view, or a card of the overview, in its guard."""

    def __init__(self, of: View | Card, page: PageState, report: Callable[[str, BaseException], None]) -> None:
        super().__init__()
        self.of, self.page, self._report = of, page, report
        self._name = of.title or getattr(of, "name", "This").rpartition(".")[2].capitalize()
        self._late: dict[object, Any] = {}
        self._body = pn.Column(**WIDE)
        blocks = skeleton_html(5 if isinstance(of, View) else 1)
        self._waiting = html(f"{_BAR}{blocks}", stylesheets=[SKELETON_CSS, _WAITING])
        self._shown_faults: dict[object, tuple[str, Any]] = {}
        self._faults: Any = None
        self._pending = 0
        self.built = self._failed = self._has_read = False
        self.on_idle: Callable[[], None] = _nothing
        self.tried = False  # whether it was drawn off-screen first: a failure in the whole page would blank it
        self._root = pn.Column(self._body, self._waiting, **WIDE, css_classes=["cqs-frame", *self._marked()])

    def __panel__(self) -> Any:
        return self._root

    @property
    def idle(self) -> bool:
        """Whether it is built, and nothing that it waits for is under way."""
        return self.built and not self._pending

    @property
    def faulty(self) -> bool:
        """Whether it shows an error."""
        return self._failed or bool(self._shown_faults)

    def _marked(self) -> list[str]:
        return [f"cqs-view-{self.of.slug}"] if isinstance(self.of, View) else []

    def build(self) -> None:
        """Build the content, once; a second call builds again after a failure."""
        self.built, self._failed, self._has_read = True, False, False
        self._body.visible = True
        self._shown_faults.clear()
        self._lay_out_faults()
        try:
            with patient():
                shown = pn.panel(loaded(self.of.build)(self.page), sizing_mode="stretch_width")
                if self.tried and not pn.state.loaded:
                    _try(shown)
                self._body[:] = [self._titled(shown)]
                if not isinstance(self.of, View):
                    self._hide_with(shown)
        except Exception as error:  # noqa: BLE001 - a view may fail in any way; the others live on
            self._failed = True
            self._report("build", error)
            self._body[:] = [failure(f"{self._name} could not be shown", error, retry=self.build)]
        self._arrive()

    def _titled(self, shown: Any) -> Any:
        """A card with a title in its section; a view has its title above the page."""
        return shown if isinstance(self.of, View) or not self.of.title else section(self.of.title, shown)

    def _hide_with(self, shown: Any) -> None:
        """A card that hides what it has built leaves its place to the others, unless it shows an error."""

        def follow(*_: Any) -> None:
            self._root.visible = shown.visible or self.faulty

        shown.param.watch(follow, "visible")
        follow()

    def span(self, columns: int, rows: int = 1) -> None:
        """Take this many of twelve columns of a grid; all on a phone, half on a tablet, fewer on a large screen."""
        wide = f":host{{grid-column:span {columns};grid-row:span {rows}}}"
        half = f"@media(max-width:1100px){{:host{{grid-column:span {max(6, columns)}}}}}"
        fewer = f"@media(min-width:2000px){{:host{{grid-column:span {_ON_LARGE.get(columns, columns)}}}}}"
        self._root.stylesheets = [wide, half, fewer, _ON_PHONE]

    def fail(self, where: str, error: BaseException, key: object = None) -> None:
        """Show an error above what there is, once, until what failed under this key succeeds.

        Args:
            where: the failed step: `loading`, `update`.
            error: why it failed.
            key: identifies what failed; a success of another key leaves this error in place.
        """
        self._report(where, error)
        key = where if key is None else key
        self._in_time(key)
        known, message = self._shown_faults.get(key), repr(error)
        if known is None or known[0] != message:
            said = _HEADINGS.get(where, f"{where} failed")
            shown = failure(f"{self._name}: {said}", error, actions=remedies(self.page, error))
            shown.margin = (0, 0, 12, 0)
            self._shown_faults[key] = message, shown
            self._root.visible = True
            self._lay_out_faults()
        if isinstance(error, BucketError) and not self._has_read:
            self._body.visible = False  # forms and cards without anything in them would look like an empty bucket

    def late(self, key: object, error: Exception) -> None:
        """Say that something has been loading for long, until what has this key is there or has failed."""
        if self.tried:  # ours waits for a slow bucket
            self._report("loading", error)
        heading = f"<b>{escape(self._name)}: this takes long</b>"
        said = f'<div class="fault" role="alert">{heading}<span>{escape(str(error))}</span></div>'
        self._late[key] = html(said)
        self._lay_out_faults()

    def _in_time(self, key: object) -> None:
        if self._late.pop(key, None):
            self._lay_out_faults()

    def arrived(self, key: object) -> None:
        """Something was read and is shown: what there is counts again, and its error goes."""
        self._has_read = True
        if not self._body.visible:
            self._body.visible = True
        self.recover(key)

    def recover(self, key: object) -> None:
        """Take an error away, when what failed has succeeded since."""
        self._in_time(key)
        if self._shown_faults.pop(key, None):
            self._lay_out_faults()

    def _lay_out_faults(self) -> None:
        """Every error once, however many fail for it, below a line on what takes long."""
        shown = [*[*self._late.values()][-1:], *dict(self._shown_faults.values()).values()]
        if shown or self._faults is not None:
            if self._faults is None:  # few frames ever need it
                self._faults = pn.Column(**WIDE)
                self._root.insert(0, self._faults)
            self._faults[:] = shown

    def busy(self, change: int) -> None:
        """Count work under way: a bar runs above the view while there is any."""
        self._pending += change
        self._arrive()

    def _arrive(self) -> None:
        """Take the skeleton away when the view is built, and what it loads first is there."""
        if self._waiting.visible == self.idle:
            self._waiting.param.update(object=_BAR, visible=not self.idle)  # not removed: Bokeh would walk the page
        if self.idle:
            self.on_idle()


def _nothing() -> None:
    """Nothing waits for it."""


def _try(shown: Any) -> None:
    """Draw it in a hidden document."""
    root = shown.get_root(Document())
    shown._cleanup(root)  # noqa: SLF001 - Panel has no public way to take back a drawing
    pn.state._views.pop(root.ref["id"], None)  # noqa: SLF001 - as above
