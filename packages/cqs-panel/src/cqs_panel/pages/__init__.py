"""The shell's own pages."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from cqs_panel.view import View

if TYPE_CHECKING:
    from cqs_panel.shell.dashboard import Dashboard
    from cqs_panel.state import PageState


def _of_shell(page: PageState) -> Any:
    raise NotImplementedError(f"{page.slug} is built by the shell, which has what it shows")


_OVERVIEW = View(slug="overview", title="Overview", icon="dashboard", order=0, build=_of_shell)
_SETTINGS = View(slug="settings", title="Settings", icon="settings", order=905, build=_of_shell)
VIEWS = [
    _OVERVIEW,
    View(slug="jobs", title="Jobs", icon="hourglass_empty", order=900, build="cqs_panel.pages.jobs:build"),
    _SETTINGS,
    View(slug="plugins", title="Plugins", icon="extension", order=910, build="cqs_panel.pages.plugins:build"),
]


def views_of(shell: Dashboard) -> list[View]:
    """The pages that one dashboard builds itself: the overview and the settings."""
    from cqs_panel.pages import overview, settings

    pages = ((_OVERVIEW, overview.build), (_SETTINGS, settings.build))
    return [replace(view, build=partial(build, shell)) for view, build in pages]
