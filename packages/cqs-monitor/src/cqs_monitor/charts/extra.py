"""Checks that the libraries for charts are installed."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

from cqs_core import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable


def needing_panel(attribute: Callable[[str], Any]) -> Callable[[str], Any]:
    """The module's `__getattr__`, which says what to install where charts cannot be drawn.

    Raises:
        UsageError: the extra `panel` is not installed.
    """

    def get(name: str) -> Any:
        if not name.startswith("__") and importlib.util.find_spec("cqs_panel") is None:
            raise UsageError("charts need HoloViews, which is not installed; pip install 'cqs-monitor[panel]'")
        return attribute(name)

    return get
