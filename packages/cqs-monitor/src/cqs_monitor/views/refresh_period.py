"""How often the monitor's pages read the logs again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cqs_panel import PageState


def seconds_between(page: PageState) -> float:
    """Every 5 s, or as `?every=30` in the page's address says, from 1 s to an hour."""
    try:
        return min(max(float(page.query.get("every", 5)), 1.0), 3600.0)
    except ValueError:
        return 5.0
