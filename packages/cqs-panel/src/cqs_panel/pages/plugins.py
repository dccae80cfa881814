"""The Plugins page: installed plugins, what they provide, and what failed."""

from __future__ import annotations

import sys
from html import escape
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from cqs_core import plugins
from cqs_panel.layout import HALF, PAIRS_WHERE_LARGE, stack
from cqs_panel.sections import empty, html, section
from cqs_panel.tables import plain_table

if TYPE_CHECKING:
    from cqs_panel.state import PageState

_CSS = """
article{border-bottom:1px solid var(--cqs-line);padding:10px 0;font-size:13px;overflow-wrap:anywhere}
article:last-child{border-bottom:0} p{margin:4px 0} .muted,summary{color:var(--cqs-muted);font-size:12px}
summary{cursor:pointer} pre{max-height:320px;overflow:auto;font-size:12px;margin:6px 0 0;padding:8px;border-radius:6px;
  background:var(--cqs-hover)}
button{font:inherit;font-size:12px;color:var(--cqs-accent);background:none;border:1px solid var(--cqs-line);
  border-radius:6px;padding:2px 10px;margin-top:6px;cursor:pointer}
"""
# a page of plain http has no clipboard: there, the text is selected and copied the old way
_COPY = (
    '<button onclick="const range = document.createRange(); range.selectNodeContents(this.nextElementSibling);'
    "const chosen = getSelection(); chosen.removeAllRanges(); chosen.addRange(range);"
    "(navigator.clipboard ? navigator.clipboard.writeText(this.nextElementSibling.textContent)"
    " : Promise.resolve(document.execCommand('copy')))"
    ".then(() => { this.textContent = 'Copied' }, () => { this.textContent = 'Selected: press Ctrl-C' })\">"
    "Copy</button>"
)
_LIBRARIES = ("panel", "panel-material-ui", "bokeh", "duckdb", "pandas", "numpy")


def build(page: PageState) -> Any:
    shown = stack(stylesheets=[PAIRS_WHERE_LARGE])
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
    """Installed plugins, failures, and how many more there were."""
    host = plugins()
    for collect in (host.views, host.cards, host.overlays, host.indicators):
        collect()
    rows = [[p["name"], p["version"], _hooks(p["hooks"]), p["state"]] for p in host.describe()]
    more = [[name, str(count)] for name, count in host.unlisted.items()]
    return [rows, [[p.plugin, p.where, p.error, p.traceback] for p in host.problems], more]


def _sections(page: PageState, rows: list[list[str]], problems: list[list[str]], more: list[list[str]]) -> list[Any]:
    failures = _problems(problems, more) if problems else empty("None", "Every plugin works.")
    return [
        section("Installed", plain_table(["Plugin", "Version", "Hooks", "State"], rows)),
        section("Problems", failures, styles=HALF),
        section("Where this runs", plain_table(["What", "Which"], _surroundings(page)), styles=HALF),
    ]


def _problems(problems: list[list[str]], more: list[list[str]]) -> Any:
    """What failed, with the traceback to copy, and how to go on without the plugin."""
    return html("".join([*map(_problem, problems), *map(_more, more)]), stylesheets=[_CSS])


def _more(row: list[str]) -> str:
    plugin, count = map(escape, row)
    return f"<article><b>{plugin}</b><p>Other problems, not listed: {count}</p></article>"


def _problem(row: list[str]) -> str:
    plugin, where, error, traceback = map(escape, row)
    details = f"<details><summary>Traceback</summary>{_COPY}<pre tabindex=0>{traceback}</pre></details>"
    without = f"Leave it out: <code>cqs plugins disable {plugin}</code>, or <code>CQS_DISABLE={plugin}</code>."
    said = f"<b>{plugin}</b> · {where}<p>{error}</p><p class=muted>{without}</p>"
    return f"<article>{said}{details if traceback else ''}</article>"


def _hooks(hooks: list[str]) -> str:
    return ", ".join(hook.removeprefix("register_") for hook in hooks) or "–"


def _surroundings(page: PageState) -> list[list[str]]:
    rows = [["Bucket", page.bucket.url], ["Python", sys.version.split()[0]]]
    return rows + [[name, version(name)] for name in _LIBRARIES]
