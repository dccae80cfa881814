"""The bridge to the browser: address bar, back button, title, and the theme that it remembers."""

from __future__ import annotations

from typing import Any

import param
from panel.custom import JSComponent

from cqs_panel.location import search


class Address(JSComponent):
    """Writes the address and hears the back button, by messages: a property would echo and be sent twice.

    `panel.state.location` does neither: it ignores popstate, and adds a history entry with every update.
    """

    theme = param.String(default="light", doc="How the page was served.")

    _esm = """
export function render({model, view}) {
  // A model that the server made is no news to it. Bokeh would send it back whole: "reference already known".
  const unsent = view.model.document._new_models
  unsent.add = (one) => /^p\\d+$/.test(one.id) ? unsent : Set.prototype.add.call(unsent, one)
  const keep = (cookie) => { document.cookie = `${cookie}; path=/; max-age=31536000; SameSite=Lax` }
  const dark = window.matchMedia("(prefers-color-scheme: dark)").matches
  const tell = (type) => model.send_msg({type, search: window.location.search, width: window.innerWidth})
  const popped = () => tell("popped")
  window.addEventListener("popstate", popped)
  model.on("msg:custom", (event) => {
    const said = event.data ?? event
    if (said.search !== undefined && said.search !== window.location.search)
      window.history[said.push ? "pushState" : "replaceState"](null, "", said.search || window.location.pathname)
    if (said.title) document.title = said.title
    if (said.theme) document.documentElement.dataset.cqsTheme = said.theme
    if (said.cookie) keep(said.cookie)
    if (said.top) for (const el of document.body.children)
      el.shadowRoot?.querySelector(".main-content")?.scrollTo(0, 0)
  })
  model.on("remove", () => window.removeEventListener("popstate", popped))
  keep(`cqs_window=${dark ? "dark" : "light"}-${window.innerWidth}`)
  const chosen = document.cookie.includes("cqs_theme="), kept = document.cookie.includes("cqs_window=")
  if (!chosen && kept && dark !== (model.theme === "dark") && !sessionStorage.getItem("cqs-theme")) {
    sessionStorage.setItem("cqs-theme", "asked again")  // once: what is half drawn cannot change its theme
    window.location.reload()
    return
  }
  tell("opened")
}
"""

    def write(self, slug: str, query: dict[str, str], *, push: bool) -> None:
        """Put a view and its query into the address bar, as a new entry of the history or in place of the current."""
        self._send_msg({"search": search(slug, query), "push": push})

    def tell(self, **said: Any) -> None:
        """Set the window's `title`, the `theme` of our CSS, a `cookie`, or scroll to the `top`."""
        self._send_msg(said)
