"""The tools in the bar of every page: search, which bucket this is, and the bell with what views tell.

They are one component with elements of its own, not Material's: each of those would be one more that lays out the page,
and the sheets of a pane in the header would be asked for at Panel's CDN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import param

from cqs_panel.component import Component
from cqs_panel.dom import FOCUS_JS, MAKE_JS, MODAL_JS, MOVED_JS
from cqs_panel.location import search
from cqs_panel.shell.bell import BELL_JS
from cqs_panel.shell.command_palette import PALETTE_JS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_panel.view import View

_CSS = """
:host{display:flex;justify-content:flex-end;align-items:center}
.tools{display:flex;align-items:center;gap:8px;justify-content:flex-end;width:100%}
.tools button{font:inherit;font-size:13px;color:inherit;background:none;border:1px solid var(--cqs-line);
  border-radius:8px;height:34px;padding:0 10px;cursor:pointer;display:inline-flex;align-items:center;gap:8px}
.tools button:hover{background:var(--cqs-hover)}
.tools button:focus-visible{outline:2px solid var(--cqs-accent);outline-offset:2px}
.tools svg{width:18px;height:18px;fill:currentColor;flex:none}
.find{color:var(--cqs-muted)!important;min-width:190px}
.find span{flex:1;text-align:left} kbd{font:inherit;font-size:11px;border:1px solid var(--cqs-line);border-radius:5px;
  padding:0 5px}
.bucket{display:inline-flex;align-items:center;gap:6px;font-size:12px;color:var(--cqs-muted);max-width:180px;
  cursor:default}
.bucket span{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.bucket svg{width:16px;height:16px}
.bell{position:relative;border:0!important;padding:0 8px!important}
.bell b{position:absolute;top:1px;left:19px;min-width:16px;height:16px;line-height:16px;border-radius:8px;padding:0 4px;
  box-sizing:border-box;font-size:11px;text-align:center;color:#fff;background:#c62828}
.bell.unknown b{background:#8a5200}
@media(max-width:900px){.find{min-width:0;border:0!important;padding:0 8px!important}
  .find span,.find kbd,.bucket{display:none} .tools{gap:0}}
"""
BAR_CSS = """
dialog.cqs-tool{background:var(--cqs-paper);color:var(--cqs-text);border:1px solid var(--cqs-line);border-radius:12px;
  padding:0;font-size:13px;box-shadow:0 12px 48px rgba(0,0,0,.35);margin:10vh auto auto;
  width:min(620px,calc(100vw - 24px));max-height:76vh;overflow:hidden;flex-direction:column}
dialog.cqs-tool[open]{display:flex}
dialog.cqs-tool::backdrop{background:rgba(0,0,0,.3)}
dialog.cqs-bell{margin:56px 12px auto auto;width:min(420px,calc(100vw - 24px))}
.cqs-tool input[type=text]{font:inherit;font-size:15px;color:inherit;background:none;border:0;outline:0;
  padding:14px 18px;border-bottom:1px solid var(--cqs-line)}
.cqs-tool ul{list-style:none;margin:0;padding:6px;overflow-y:auto;min-height:0}
.cqs-tool li{display:flex;gap:12px;align-items:baseline;padding:7px 12px;border-radius:8px;cursor:pointer}
.cqs-tool li span{flex:1;min-width:0;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.cqs-tool li i{color:var(--cqs-muted);font-style:normal;font-size:12px;margin-left:8px}
.cqs-tool li small{color:var(--cqs-muted);font-size:12px} .cqs-tool li b{color:var(--cqs-accent);font-weight:700}
.cqs-tool li[aria-selected=true]{background:var(--cqs-tint)}
.cqs-tool li[aria-disabled=true]{cursor:default;color:var(--cqs-muted)}
.cqs-tool p{margin:0;padding:8px 18px;color:var(--cqs-muted);font-size:12px;border-top:1px solid var(--cqs-line);
  overflow-wrap:anywhere}
.cqs-bell h2{font-size:14px;margin:0;padding:14px 18px 4px}
.cqs-bell .list{overflow-y:auto;min-height:0;padding:0 8px 8px}
.cqs-bell a{display:block;padding:7px 10px;border-radius:8px;color:var(--cqs-text);text-decoration:none}
.cqs-bell a:hover{background:var(--cqs-hover)} .cqs-bell a:focus-visible{outline:2px solid var(--cqs-accent)}
.cqs-bell a small{display:block;color:var(--cqs-muted);font-size:12px;overflow-wrap:anywhere}
.cqs-bell a.all{color:var(--cqs-accent)}
.cqs-bell .fault{padding:7px 10px;color:var(--cqs-warning);overflow-wrap:anywhere}
.cqs-bell label{display:flex;gap:8px;align-items:center;padding:6px 18px;cursor:pointer}
.cqs-bell label:first-of-type{border-top:1px solid var(--cqs-line);padding-top:10px}
.cqs-bell label:last-of-type{padding-bottom:12px}
"""

_BAR_JS = """
const ICONS = {
  find: "M15.5 14h-.79l-.28-.27a6.5 6.5 0 1 0-.7.7l.27.28v.79l5 4.99L20.49 19zm-6 0a4.5 4.5 0 1 1 0-9 " +
    "4.5 4.5 0 0 1 0 9z",
  bell: "M12 22a2 2 0 0 0 2-2h-4a2 2 0 0 0 2 2zm6-6v-5c0-3.07-1.63-5.64-4.5-6.32V4a1.5 1.5 0 0 0-3 0v.68C7.64 " +
    "5.36 6 7.92 6 11v5l-2 2v1h16v-1z",
  bucket: "M10 4H4a2 2 0 0 0-2 2v12a2 2 0 0 0 2 2h16a2 2 0 0 0 2-2V8a2 2 0 0 0-2-2h-8z",
}
const icon = (name) => { const el = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  el.setAttribute("viewBox", "0 0 24 24"); el.setAttribute("aria-hidden", "true")
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path")
  path.setAttribute("d", ICONS[name]); el.append(path); return el }
const apple = /Mac|iPhone|iPad/.test(navigator.platform)

export function render({model}) {
  const go = (href) => { window.history.pushState(null, "", href); moved(model, href) }
  const find = make("button", {className: "find", type: "button", title: "Search pages, series, runs and actions"},
    icon("find"), make("span", {textContent: "Search"}), make("kbd", {textContent: apple ? "⌘ K" : "Ctrl K"}))
  find.setAttribute("aria-label", "Search")
  const bucket = make("div", {className: "bucket", title: "Bucket: " + model.bucket.full}, icon("bucket"),
    make("span", {textContent: model.bucket.short}))
  const count = make("b", {hidden: true})
  const ring = make("button", {className: "bell", type: "button"}, icon("bell"), count)
  const bell = bellOf({model, ring, count, go})
  const palette = paletteOf({model, go, bell})
  find.addEventListener("click", palette.open)
  ring.addEventListener("click", bell.open)
  model.on("msg:custom", (event) => { const said = event.data ?? event
    if (said.title !== undefined) bell.title(said.title)
    if (said.told) bell.tell(said.told)
    if (said.entries) palette.take(said.entries)
  })
  model.on("remove", () => { palette.end(); bell.end() })
  requestIdleCallback(() => setTimeout(() => model.send_msg({type: "ready"}), 1500))
  return make("div", {className: "tools"}, find, bucket, ring)
}
"""


class TopBar(Component):
    """Search, bucket and bell; also the title of the window, its icon, and notifications of the browser.

    It sends `ready` when the page rests, `entries` when the palette opens, `run` for an entry that starts a job, and
    `popped` like the back button for one that shows something.
    """

    bucket = param.Dict(default={}, doc="`short` for the bar, `full` for the tooltip.")
    pages = param.List(default=[], doc="What the palette finds at once: `[label, kind, address]`.")

    _stylesheets = (_CSS,)
    _esm = f"{MAKE_JS}{FOCUS_JS}{MODAL_JS}{MOVED_JS}{BELL_JS}{PALETTE_JS}{_BAR_JS}"

    def send(self, **said: Any) -> None:
        """Set the `title` of the page; show what views have `told`, and the palette's `entries`."""
        self._send_msg(said)

    @classmethod
    def of(cls, views: Sequence[View], url: str) -> TopBar:
        """For these pages and the bucket at a URL."""
        pages = [[view.title, "page", search(view.slug, {})] for view in views]
        return cls(bucket={"short": short(url), "full": url}, pages=pages, margin=0, sizing_mode="stretch_width")


def short(url: str) -> str:
    """A bucket's URL for the bar: the name of a folder, or of a bucket.

    >>> short("/home/anna/cqs"), short("gs://candles/team/a"), short("gs://candles")
    ('cqs', 'gs://candles/…/a', 'gs://candles')
    """
    protocol, separator, path = url.rpartition("://")
    first, *rest = path.strip("/").split("/")
    if not separator:
        return rest[-1] if rest else first or "/"
    return f"{protocol}://{first}" + (f"/{'…/' if rest[1:] else ''}{rest[-1]}" if rest else "")
