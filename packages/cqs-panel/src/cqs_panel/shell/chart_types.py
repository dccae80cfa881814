"""Whether an object is one of HoloViews, told without importing it."""

from __future__ import annotations

from typing import Any

from panel.pane import HoloViews


def know_charts_by_name() -> None:
    """Let Panel look at the module of an object's class.

    It asks for each object of a layout, and imports HoloViews for it once any thread has begun to: until that thread is
    done no page is served, and its import fails with half of a module.
    """
    HoloViews.applies = classmethod(_applies)


def _applies(_cls: type[HoloViews], obj: Any) -> bool:
    return any(one.__module__.startswith("holoviews.") for one in type(obj).__mro__)
