"""The bridge to the browser: address bar, back button, and the theme that it remembers."""

from __future__ import annotations

from typing import Any

import param

from cqs_panel.component import Component
from cqs_panel.dom import MOVED_JS
from cqs_panel.location import NARROW, search

_JS = """
const AIM = 60  // ms
export function render({model, view}) {
  // Do not send a model that the server made: Bokeh would send it back whole ("reference already known").
  const unsent = view.model.document._new_models
  unsent.add = (one) => /^p\\d+$/.test(one.id) ? unsent : Set.prototype.add.call(unsent, one)
  // Bokeh asks the browser for a CSS variable with each color and width that it draws with, in the middle of building:
  // each time all styles are worked out anew. No chart here is colored by such variables.
  window.Bokeh.require("core/visuals/visual").VisualProperties.prototype._get_css_value = () => ""
  // A hand may be slow: Bokeh drops each click and drag that is held for 300 ms before it ends or moves.
  window.Bokeh.require("core/ui_gestures").UIGestures.press_threshold = 2 ** 31 - 1  // ms, the longest timer there is
  // Material colors axes, grids and legends in the browser, where figures get their sizes. The server has no use for
  // these, and would apply and answer each change: about twenty for a chart.
  const page = view.model.document, told = page._trigger_on_change
  const unasked = ({model, attr}) => /(Axis|Grid|Legend|ColorBar|Title)$/.test(model?.type ?? "") ||
    /^(stylesheets|(inner|outer)_(width|height))$/.test(attr ?? "")
  page._trigger_on_change = function(event) {
    for (const one of event.events ?? [event]) if (unasked(one)) one.sync = false
    return told.call(this, event)
  }
  let stirred = 0
  view.model.document.on_change(() => { stirred = performance.now() })
  const seen = (el) => { const box = el?.getBoundingClientRect()
    return box !== undefined && box.height > 0 && box.top < window.innerHeight && box.bottom > 0 }
  const rest = (pause, until, el) => {  // answered when nothing came for so long, at once where the user waits for it
    const wait = Math.min(stirred + pause, until) - performance.now()
    if (wait > 0 && !seen(el)) setTimeout(rest, Math.min(wait, 50), pause, until, el)
    // what was in view may have been pushed below it meanwhile: what stands above it is still growing
    else requestIdleCallback(() => wait > 0 && !seen(el) ? rest(pause, until, el) : tell("rested"), {timeout: 300})
  }
  const keep = (cookie) => { document.cookie = `${cookie}; path=/; max-age=31536000; SameSite=Lax` }
  const dark = window.matchMedia("(prefers-color-scheme: dark)").matches
  const tell = (type, search = window.location.search) => model.send_msg({type, search, width: window.innerWidth})
  const stale = ({moves}) => moves !== undefined && moves < (window.cqsMoves ?? 0)  // as in MOVED_JS
  let over, aim  // the entry of the menu on which the pointer is; told when it rests there, before it is pressed
  const aimed = (event) => {
    const path = event.composedPath(), menu = path.some((el) => el.classList?.contains("sidebar"))
    const search = menu ? path.find((el) => el.tagName === "A")?.search : undefined
    if (search === over) return
    over = search
    clearTimeout(aim)
    if (search && event.pointerType === "mouse") aim = setTimeout(tell, AIM, "aimed", search)
  }
  window.addEventListener("pointermove", aimed)  // `pointerover` stays within its shadow root
  // The history keeps how far each entry was scrolled: Back returns there once the page is long enough again.
  const main = () => { for (const el of document.querySelectorAll("body *")) {
    const found = el.shadowRoot?.querySelector(".main-content"); if (found) return found } }
  const note = () => { const el = main()
    if (el) window.history.replaceState({cqsTop: el.scrollTop}, "") }
  let wanted = null
  const back = (until) => { const el = main()
    if (wanted === null || !el) return
    el.scrollTo(0, wanted)
    if (Math.abs(el.scrollTop - wanted) < 2 || performance.now() > until) wanted = null
    else requestAnimationFrame(() => back(until)) }
  const touched = ({type, key}) => { wanted = null
    if (type === "pointerdown" || key === "Enter") note() }  // before the page that it opens takes its place
  const hands = ["wheel", "touchstart", "keydown", "pointerdown"]
  for (const kind of hands) window.addEventListener(kind, touched, {passive: true})
  const popped = (event) => {
    moved(model, window.location.search)
    wanted = event.state?.cqsTop ?? 0
    requestAnimationFrame(() => back(performance.now() + 20000))
  }
  window.addEventListener("popstate", popped)
  model.on("msg:custom", (event) => {
    const said = event.data ?? event
    if (stale(said)) return
    if (said.search !== undefined && said.search !== window.location.search) {
      const to = said.search || window.location.pathname
      if (said.push) window.history.pushState(null, "", to)
      else window.history.replaceState(window.history.state, "", to)
    }
    if (said.theme) document.documentElement.dataset.cqsTheme = said.theme
    if (said.cookie) keep(said.cookie)
    if (said.rest) rest(said.rest, performance.now() + 800, window.Bokeh.index.find_one_by_id(said.near)?.el)
    if (said.reload) window.location.reload()
    if (said.top) { wanted = null; main()?.scrollTo(0, 0) }
  })
  model.on("remove", () => {
    window.removeEventListener("popstate", popped)
    window.removeEventListener("pointermove", aimed)
    for (const kind of hands) window.removeEventListener(kind, touched)
  })
  keep(`cqs_window=${dark ? "dark" : "light"}-${window.innerWidth}`)
  const chosen = /cqs_theme=(light|dark)/.test(document.cookie), kept = document.cookie.includes("cqs_window=")
  const other = !chosen && dark !== (model.theme === "dark"), small = window.innerWidth < NARROW && !model.narrow
  if (kept && (other || small) && !sessionStorage.getItem("cqs-asked")) {
    sessionStorage.setItem("cqs-asked", "again")  // once: a half-drawn page cannot change its theme or columns
    window.location.reload()
    return
  }
  tell("opened")
}
""".replace("NARROW", str(NARROW))


class Address(Component):
    """Writes the address and hears the back button, by messages: a property would echo and be sent twice.

    `panel.state.location` does neither: it ignores popstate, and adds a history entry with every update.
    """

    theme = param.String(default="light", doc="How the page was served.")
    narrow = param.Boolean(default=False, doc="Whether it was served to a phone.")

    _esm = f"{MOVED_JS}{_JS}"

    moves = 0
    """How often the user has gone elsewhere by the browser, as far as the session has followed."""

    def write(self, slug: str, query: dict[str, str], *, push: bool, top: bool = False) -> None:
        """Put a view and its query into the address bar, as a new entry of the history or in place of the current.

        Where the browser has moved on meanwhile, by a link or its back button, its address stays: the session is about
        to follow it. `top` scrolls to the top in the same message: later, it could undo what Back restores.
        """
        self._send_msg({"search": search(slug, query), "push": push, "top": top, "moves": self.moves})

    def send(self, **said: Any) -> None:
        """Set the `theme` of our CSS, a `cookie`; scroll to the `top`; answer after a `rest`.

        `reload` loads the page again.
        """
        self._send_msg(said)
