"""Which views there are, and what stands in place of those that are not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqs_core import UnknownName, plugins
from cqs_panel.view import View

if TYPE_CHECKING:
    from cqs_panel.state import PageState


def installed_views() -> list[View]:
    """The views of all plugins; one entry with the error for each plugin whose views could not be had."""
    found = list(plugins().views().values())
    broken = [p for p in plugins().problems if p.where == "register_views"]
    return found + [_broken(p.plugin, p.error) for p in broken]


def _broken(plugin: str, said: str) -> View:
    def build(_: PageState) -> Any:
        raise RuntimeError(said)

    return View(slug=f"plugin-{plugin}", title=plugin, icon="error_outline", order=800, build=build)


def missing(slug: str, known: list[str]) -> View:
    """What the address names and is not there; `known` are the slugs that are."""

    def build(_: PageState) -> Any:
        raise UnknownName("view", slug, known)

    return View(slug=slug, title="This page", icon="help_outline", order=999, build=build)
