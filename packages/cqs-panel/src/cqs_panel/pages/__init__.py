"""The shell's own pages."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cqs_panel.view import View

if TYPE_CHECKING:
    from cqs_panel.shell.dashboard import Dashboard


def own_views(shell: Dashboard) -> list[View]:
    """Overview, jobs and plugins."""
    from cqs_panel.pages import jobs, overview, plugins

    return [
        View(slug="overview", title="Overview", icon="dashboard", order=0, build=partial(overview.build, shell)),
        View(slug="jobs", title="Jobs", icon="hourglass_empty", order=900, build=jobs.build),
        View(slug="plugins", title="Plugins", icon="extension", order=910, build=plugins.build),
    ]
