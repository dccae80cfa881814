"""The Plugins page: installed plugins, what they provide, and what failed."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from cqs_core import plugins
from cqs_panel.layout import stack
from cqs_panel.sections import empty, section
from cqs_panel.tables import plain_table

if TYPE_CHECKING:
    from cqs_panel.state import PageState

_LIBRARIES = ("panel", "panel-material-ui", "bokeh", "duckdb", "pandas", "numpy")


def build(page: PageState) -> Any:
    shown = stack()
    rows: list[list[list[str]]] = []

    def update(*_: object) -> None:
        """Problems also appear while other views are open."""
        if (page.shown or not rows) and rows != (known := _known()):
            rows[:] = known
            shown[:] = _sections(page, *known)

    page.param.watch(update, "shown")
    update()
    return shown


def _known() -> list[list[list[str]]]:
    """Installed plugins, and failures."""
    host = plugins()
    for collect in (host.views, host.cards, host.overlays):
        collect()
    rows = [[p["name"], p["version"], _gives(p["hooks"]), p["state"]] for p in host.describe()]
    return [rows, [[p.plugin, p.where, p.error] for p in host.problems]]


def _sections(page: PageState, rows: list[list[str]], problems: list[list[str]]) -> list[Any]:
    failures = plain_table(["Plugin", "Where", "What"], problems) if problems else empty("None", "Every plugin works.")
    return [
        section("Installed", plain_table(["Plugin", "Version", "Gives", "State"], rows)),
        section("Problems", failures),
        section("Where this runs", plain_table(["What", "Which"], _surroundings(page))),
    ]


def _gives(hooks: list[str]) -> str:
    return ", ".join(hook.removeprefix("register_") for hook in hooks) or "–"


def _surroundings(page: PageState) -> list[list[str]]:
    rows = [["Bucket", page.bucket.url], ["Python", sys.version.split()[0]]]
    return rows + [[name, version(name)] for name in _LIBRARIES]
