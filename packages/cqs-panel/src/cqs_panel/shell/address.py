"""The bridge to the browser: address bar, back button, title, and the theme that it remembers."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from panel.custom import JSComponent

THEME_COOKIE = "cqs_theme"
NARROW = 600  # pixels below which the page is a phone's; Material's own limit


class Address(JSComponent):
    """Writes the address and hears the back button, by messages: a property would echo and be sent twice.

    `panel.state.location` does neither: it ignores popstate, and adds a history entry with every update.
    """

    _esm = """
export function render({model}) {
  const tell = (type) => model.send_msg({type, search: window.location.search, width: window.innerWidth,
    dark: window.matchMedia("(prefers-color-scheme: dark)").matches})
  const popped = () => tell("popped")
  window.addEventListener("popstate", popped)
  model.on("msg:custom", (event) => {
    const said = event.data ?? event
    if (said.search !== undefined && said.search !== window.location.search)
      window.history[said.push ? "pushState" : "replaceState"](null, "", said.search || window.location.pathname)
    if (said.title) document.title = said.title
    if (said.theme) document.documentElement.dataset.cqsTheme = said.theme
    if (said.cookie) document.cookie = `${said.cookie}; path=/; max-age=31536000; SameSite=Lax`
    if (said.top) for (const el of document.body.children)
      el.shadowRoot?.querySelector(".main-content")?.scrollTo(0, 0)
  })
  model.on("remove", () => window.removeEventListener("popstate", popped))
  tell("opened")
}
"""

    def write(self, slug: str, query: dict[str, str], *, push: bool) -> None:
        """Put a view and its query into the address bar, as a new entry of the history or in place of the current."""
        self._send_msg({"search": search(slug, query), "push": push})

    def tell(self, **said: Any) -> None:
        """Set the window's `title`, the `theme` of our CSS, a `cookie`, or scroll to the `top`."""
        self._send_msg(said)


def search(slug: str, query: dict[str, str]) -> str:
    """The address of a view.

    >>> search("data", {"market": "BTC/KRW"})
    '?view=data&market=BTC%2FKRW'
    """
    return "?" + urlencode({"view": slug, **query})


def parse(search: str) -> tuple[str | None, dict[str, str]]:
    """View and query of an address; the view is None where the address names none.

    >>> parse("?view=data&market=BTC%2FKRW")
    ('data', {'market': 'BTC/KRW'})
    """
    query = dict(parse_qsl(search.removeprefix("?")))
    return query.pop("view", None), query
