"""The overview: the cards of all packages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqs_panel.sections import empty

if TYPE_CHECKING:
    from cqs_panel.state import PageState


def build(page: PageState) -> Any:
    return empty("Nothing here yet")
