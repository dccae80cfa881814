"""Lets a message of the server wait until the browser has built the parts that it is about.

Bokeh builds the view of each model of a page, and waits for what has to be loaded meanwhile, as for the scripts of a
component that is there for the first time. A view hears of changes to its model only once all views within it are
built, so a change that came in between was lost: a chart stayed without candles, a notice of damage was never seen.
Here messages wait, in their order, until nothing is being built.

A view that fails while it is built is never finished. So messages wait no longer once nothing has been built for a
while. That is counted in looks, not by the clock: a browser that stands still takes no look, and loses no message.
"""

from __future__ import annotations

BUILDING_JS = """
{
  const MOST = 100, PAUSE = 200  // looks without anything built in between, and ms from one to the next
  const {View} = Bokeh.require("core/view"), {Document} = Bokeh.require("document")
  const building = new Set(), waiting = []
  const {initialize, connect_signals, remove} = View.prototype, apply = Document.prototype.apply_json_patch
  let asked = false, looking = false, looks = 0
  const flush = () => {
    asked = false
    if (looks >= MOST) building.clear()
    while (waiting.length && !building.size) {
      const [self, given] = waiting.shift()
      try { apply.apply(self, given) } catch (error) { console.error(error) }  // the next ones are sound
    }
    if (building.size) look()
  }
  const look = () => {  // not all say that they are done
    if (looking) return
    looking = true
    setTimeout(() => { looking = false; looks += 1; soon() }, PAUSE)
  }
  const soon = () => { if (!asked) { asked = true; setTimeout(flush) } }  // what is built is drawn before
  const built = (view) => {
    if (!building.delete(view)) return
    looks = 0
    if (!building.size) soon()
  }
  View.prototype.initialize = function() {
    looks = 0
    building.add(this)
    look()
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
