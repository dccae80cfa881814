"""Lets a message of the server wait until the browser has built the parts that it is about.

Bokeh builds the view of each model of a page, and waits for what has to be loaded meanwhile, as for the scripts of a
component that is there for the first time. A view hears of changes to its model only once all views within it are
built, so a change that came in between was lost: a chart stayed without candles, a notice of damage was never seen.
Here messages wait, in their order, until nothing is being built.
"""

from __future__ import annotations

BUILDING_JS = """
{
  const MOST = 20000  // ms without a step; a view that fails while it is built is never finished
  const {View} = Bokeh.require("core/view"), {Document} = Bokeh.require("document")
  const building = new Set(), waiting = []
  const {initialize, connect_signals, remove} = View.prototype, apply = Document.prototype.apply_json_patch
  let asked = false, since = 0
  const flush = () => {
    asked = false
    const late = performance.now() - since > MOST
    if (late) building.clear()
    while (waiting.length && !building.size) {
      const [self, given] = waiting.shift()
      try { apply.apply(self, given) } catch (error) { console.error(error) }  // the next ones are sound
    }
    if (waiting.length) setTimeout(soon, 200)  // not all say that they are done
  }
  const soon = () => { if (!asked) { asked = true; setTimeout(flush) } }  // what is built is drawn before
  const step = () => { since = performance.now() }
  const built = (view) => {
    if (!building.delete(view)) return
    step()
    if (!building.size) soon()
  }
  View.prototype.initialize = function() {
    step()
    building.add(this)
    return initialize.call(this)
  }
  View.prototype.connect_signals = function() { built(this); return connect_signals.call(this) }
  View.prototype.remove = function() { built(this); return remove.call(this) }
  Document.prototype.apply_json_patch = function(...given) {
    if (!building.size && !waiting.length) return apply.apply(this, given)
    waiting.push([this, given])
    soon()
  }
}
"""
"""To run when Bokeh is loaded, and before it shows a page."""
