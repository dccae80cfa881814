"""The shell's own pages."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from cqs_panel.view import View

if TYPE_CHECKING:
    from cqs_panel.shell.dashboard import Dashboard
    from cqs_panel.state import PageState


def _overview(page: PageState) -> Any:
    raise NotImplementedError(f"{page.slug} is built by the shell, which has the cards")


_OVERVIEW = View(slug="overview", title="Overview", icon="dashboard", order=0, build=_overview)
VIEWS = [
    _OVERVIEW,
    View(slug="jobs", title="Jobs", icon="hourglass_empty", order=900, build="cqs_panel.pages.jobs:build"),
    View(slug="plugins", title="Plugins", icon="extension", order=910, build="cqs_panel.pages.plugins:build"),
]


def overview_of(shell: Dashboard) -> View:
    """The overview of one dashboard."""
    from cqs_panel.pages import overview

    return replace(_OVERVIEW, build=partial(overview.build, shell))
