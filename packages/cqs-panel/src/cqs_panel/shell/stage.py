"""Where the views stand, one of them shown: the browser lays out that one alone, and keeps the others as they are."""

from __future__ import annotations

from typing import Any, ClassVar

import panel as pn
import param
from panel.custom import Children

from cqs_panel.component import Component
from cqs_panel.layout import WIDE

_CSS = """
:host{display:block;width:100%;position:relative;filter:var(--cqs-live,none)}
.place.hidden{content-visibility:hidden;position:absolute;top:0;left:0;width:100%;height:0;overflow:hidden}
"""


class Stage(Component):
    """A place for each view. It stands between Bokeh's layout and the views, for two reasons.

    Bokeh lays out a whole page for each component that appears, changes its size or its visibility, and it does so for
    hidden ones too. Here each view is laid out by itself, with pauses, and not at all while it is hidden: it catches up
    when it is shown.

    A hidden view keeps its elements, their scroll positions and drawn canvases (`content-visibility`), so
    that it is back at once.
    """

    views = Children()
    shown = param.Integer(default=0, doc="Which view is seen, by its place among `views`.")

    _render_policy = "manual"
    _stylesheets: ClassVar[list[str]] = [_CSS]
    _esm = """
const PAUSE = 150  // ms at most between two layouts
function alone(view, hidden) {  // its own root of layout
  let anew = false, asked = false, ended = 0, took = 0
  const run = () => {
    if (!asked) return
    asked = false
    if (hidden() || !view.el.isConnected) return
    const began = performance.now()
    if (anew) view.update_layout()
    anew = false
    view.measure_layout()
    view.update_bbox()
    view._compute_layout()
    view.after_layout()
    ended = performance.now()
    took = ended - began
  }
  const soon = () => { asked = true; requestAnimationFrame(run) }
  const later = (all) => {
    anew ||= all
    if (asked) return
    asked = true  // a view that is being built asks with every part: the longer one layout took, the later is the next
    const wait = ended + Math.min(2 * took, PAUSE) - performance.now()
    if (wait > 0) setTimeout(soon, wait)
    else soon()
  }
  view.invalidate_layout = () => later(true)
  view.compute_layout = () => later(false)
  return soon
}

export function render({model, view}) {
  Object.defineProperty(view, "layoutable_views", {get: () => []})
  const root = document.createElement("div"), catch_up = []
  const show = () => {
    for (const [i, place] of [...root.children].entries()) {
      place.classList.toggle("hidden", i !== model.shown)
      place.inert = i !== model.shown
    }
    catch_up[model.shown]?.()
  }
  for (const [i, el] of model.get_child("views").entries()) {
    const place = document.createElement("div")
    place.className = "place"
    place.append(el)
    root.append(place)
    catch_up.push(alone(view.child_views[i], () => i !== model.shown))
  }
  model.on("shown", show)
  show()
  return root
}
"""

    @classmethod
    def _patch_datamodel_ref(cls, props: Any, ref: str) -> None:
        """Tag its own model; Panel would walk through all that the views hold, with each change of `shown`."""
        if (tag := f"__ref:{ref}") not in props.tags:
            props.tags.append(tag)


def place() -> Any:
    """An empty place."""
    return pn.Column(**WIDE)
