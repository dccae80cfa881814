"""The shell's own pages."""

from __future__ import annotations

from cqs_panel.view import View


def own_views() -> list[View]:
    """Overview, jobs and plugins."""
    from cqs_panel.pages import overview, plugins

    return [
        View(slug="overview", title="Overview", icon="dashboard", order=0, build=overview.build),
        View(slug="plugins", title="Plugins", icon="extension", order=910, build=plugins.build),
    ]
