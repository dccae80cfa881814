"""The pages of cqs-data; light, so that the hook may import it at every start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqs_panel import View

if TYPE_CHECKING:
    from cqs_panel import PageState

__all__ = ["VIEWS"]


def _data(page: PageState) -> Any:
    from cqs_data.views.data import DataView

    return DataView(page)


VIEWS = [View(slug="data", title="Data", icon="storage", order=20, build=_data)]
