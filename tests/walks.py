"""Walks through the pages of the dashboard, by clicks on the menu."""

from __future__ import annotations

from typing import Any

from plots import settle

PAGES = (
    *("overview", "data", "backtest", "runs", "optimize", "validate", "monitor"),
    *("compare", "alerts", "models", "sql", "jobs", "settings", "plugins"),
)
_FAULTS = """() => {
  const all = (root, out = []) => { for (const el of root.querySelectorAll("*")) { out.push(el)
    if (el.shadowRoot) all(el.shadowRoot, out) } return out }
  return all(document).filter((el) => el.classList.contains("fault") && el.checkVisibility())
    .map((el) => el.textContent) }"""


def click(page: Any, slug: str) -> None:
    """Click a page in the menu."""
    page.locator(f'.sidebar [href="?view={slug}"]').first.click()


def follow(page: Any, address: str) -> None:
    """Go to an address, such as `?view=data`, within the session, as a link in the page does."""
    page.evaluate(
        """(address) => { const link = document.createElement("a"); link.href = address
            document.body.append(link); link.click(); link.remove() }""",
        address,
    )


def go(page: Any, slug: str) -> None:
    """Click a page in the menu, and wait until it is whole."""
    click(page, slug)
    arrive(page, slug)


def arrive(page: Any, slug: str) -> None:
    """Wait until the address names a page, and the page is whole."""
    page.wait_for_function(
        "(slug) => new URLSearchParams(location.search).get('view') === slug && document.title.length > 0", arg=slug
    )
    settle(page, of=slug)


def faults(page: Any) -> list[str]:
    """The errors that a page shows."""
    return page.evaluate(_FAULTS)


def first_builds(pages: tuple[str, ...] = PAGES) -> list[list[str]]:
    """Walks that each visit every page once, and together have every ordered pair of them as neighbors.

    Williams' design: rows of a square of even size, in which each pair of neighbors comes once. For an odd number of
    pages one column stands for none, and is left out.
    """
    n = len(pages) + len(pages) % 2
    zigzag = [(i + 1) // 2 if i % 2 else n - i // 2 for i in range(n)]
    rows = [[(step + shift) % n for step in zigzag] for shift in range(n)]
    return [[pages[i] for i in row if i < len(pages)] for row in rows]


def around(pages: tuple[str, ...] = PAGES) -> list[str]:
    """One walk over every ordered pair of pages."""
    walk = [pages[0]]
    for i, page in enumerate(pages):
        if walk[-1] != page:
            walk.append(page)
        for other in pages[i + 1 :]:
            walk += [other, page]
    return walk
