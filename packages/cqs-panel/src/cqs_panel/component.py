"""The base of components whose code is JavaScript as browsers run it."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from panel.custom import JSComponent

from cqs_panel.drawing import when_drawn

if TYPE_CHECKING:
    from bokeh.document import Document


class Component(JSComponent):
    """A JSComponent that the browser runs as it is, and whose messages wait for the browser.

    Panel translates the code of each component in the browser, for it may be TypeScript, before the page is drawn. It
    leaves out what is marked as a bundle.
    """

    _esm = "export function render() {}"
    _bundle_path: ClassVar[None] = None  # Panel would look for files of that name beside every module

    def _get_properties(self, doc: Document | None) -> dict[str, Any]:
        found: dict[str, Any] = super()._get_properties(doc)
        return found | {"bundle": _name(type(self).__name__, found["esm"])}

    def _send_msg(self, data: Any) -> None:
        """Send a message; Panel would drop it where the browser does not have the page yet."""
        when_drawn(lambda: super(Component, self)._send_msg(data))


@cache
def _name(of: str, code: str) -> str:
    """What the browser keeps the code under."""
    return f"{of}-{hashlib.sha256(code.encode()).hexdigest()[:16]}"
