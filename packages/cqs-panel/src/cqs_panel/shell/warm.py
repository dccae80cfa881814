"""Imports modules of views once the first page is shown, before the first click: with pandas that takes a second.

What is imported stays, and the garbage collector need not look through it again: with it a collection takes several
times as long, and stops every page meanwhile. What the first page holds by then is left out as well, once a process.
"""

from __future__ import annotations

import gc
import threading
from typing import TYPE_CHECKING

import narwhals.stable  # noqa: F401 - Bokeh and HoloViews import parts of it that import each other, each in a thread

from cqs_core.isolation import foreign
from cqs_panel.charts.appearance import holoviews
from cqs_panel.view import loaded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cqs_panel.view import Card, View

_first = threading.Lock()


def warm(views: Iterable[View | Card]) -> None:
    """Import what builds these, once a process, in a thread: the pages that are open go on."""
    if _first.acquire(blocking=False):
        threading.Thread(target=_import, args=(list(views),), name="cqs-warm", daemon=True).start()


def _import(views: list[View | Card]) -> None:
    for view in views:
        try:
            with foreign():
                loaded(view.build)
        except Exception:  # noqa: BLE001, S110 - it fails again, and says so, when the view is shown
            pass
        gc.freeze()
    holoviews()
    gc.freeze()
