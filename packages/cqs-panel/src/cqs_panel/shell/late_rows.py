"""Shows rows that reach a table before the browser has built it.

Panel's table is built in two steps: `render` hands the rows of that moment to Tabulator, which builds itself a little
later and then says `tableBuilt`. Panel drops rows that come in between (`setData` returns at once), and nothing asks
for them again: the table said "Nothing here yet" until its data changed for another reason. A busy browser makes the
gap longer. Here what comes too early is remembered, and set when the table is built.
"""

from __future__ import annotations

from typing import Any

from cqs_panel.component import Component


class LateRows(Component):
    """Mends Panel's table in this window: once, for all tables that are there or come later."""

    _esm = """
const NAME = "panel.models.tabulator.DataTabulator"
const built = (view) => Boolean(view.tabulator?.initialized) && !view._initializing && !view._building
const rows = ({source}) => source.get_length() ?? 0

function mend(view) {
  if (view.tabulator.getDataCount() !== rows(view.model)) void view.setData().then(() => view.postUpdate())
}

function patch(View) {
  const {setData, setMaxPage, tableBuilt} = View.prototype
  View.prototype.setData = function() {
    this.cqs_late = !built(this)
    return this.cqs_late ? Promise.resolve() : setData.call(this)
  }
  View.prototype.setMaxPage = function() {  // `tableBuilt` does it, too
    if (this.tabulator?.initialized) setMaxPage.call(this)
  }
  View.prototype.tableBuilt = function() {
    tableBuilt.call(this)
    if (this.cqs_late) void this.setData().then(() => this.postUpdate())
  }
}

export function render({view}) {
  const model = window.Bokeh.Models.get(NAME), View = model.prototype.default_view
  if (View.prototype.cqs_patched) return
  View.prototype.cqs_patched = true
  patch(View)
  for (const one of view.model.document._all_models.values()) {  // these may have missed some already
    const known = one instanceof model ? window.Bokeh.index.find_one_by_id(one.id) : null
    if (known && built(known)) mend(known)
    else if (known) known.cqs_late = true
  }
}
"""

    def __init__(self, **params: Any) -> None:
        super().__init__(**{"width": 0, "height": 0, "margin": 0, **params})
