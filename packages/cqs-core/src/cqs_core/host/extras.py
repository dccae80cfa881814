"""Says which extra of a package is missing."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

from cqs_core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable


def needing_panel(attribute: Callable[[str], Any], package: str) -> Callable[[str], Any]:
    """The `__getattr__` of a package's charts, which says what to install where they cannot be drawn.

    Args:
        attribute: the module's own `__getattr__`.
        package: the one with the extra `panel`, such as `cqs-backtest`.

    Raises:
        UsageError: the extra is not installed.
    """

    def get(name: str) -> Any:
        if not name.startswith("__") and importlib.util.find_spec("cqs_panel") is None:
            raise UsageError(f"charts need HoloViews, which is not installed; pip install '{package}[panel]'")
        return attribute(name)

    return get
