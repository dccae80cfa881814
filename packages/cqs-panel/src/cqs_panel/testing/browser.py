"""A Chromium without network, and the record of a visit to a page."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_SHELL = "chromium-headless-shell"  # the same engine without what surrounds a page: two thirds of the processor time
_SHORT_LIVED = "--js-flags=--no-opt"  # pages that live for seconds never earn back the last tier of the compiler
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 60_000
"""Milliseconds after which what a test waits for is missing, on a machine however busy."""
_POLLING = 100  # ms; at each frame it would take a tenth of the time that the page needs
_COOKIE = "cqs_window"  # as in `location`
_NARROW = 600  # as in `shell.address`, which imports too much for tests without a browser
_HERE = ("127.0.0.1", "localhost", "::1", "")
_HARMLESS = (
    "favicon",
    "reading 'rowManager'",  # Panel's table, given rows before it is drawn: it takes them when it is
)


@dataclass
class Visit:
    """One window on one page.

    Attributes:
        page: Playwright's.
        requests: every URL that it asked for.
        faults: what JavaScript raised or wrote as an error.
        warnings: what it wrote as a warning; the fixture `visit` does not fail for these.
    """

    page: Page
    requests: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def foreign(self) -> list[str]:
        """Requests to another host than this machine."""
        return [url for url in self.requests if (urlsplit(url).hostname or "") not in _HERE]

    def overflow(self) -> int:
        """Pixels by which the page is wider than its window."""
        return int(self.page.evaluate(_OVERFLOW))

    def wait_to_fit(self, spare: int = 0) -> None:
        """Until the page is wider than its window by at most this many pixels.

        Raises:
            AssertionError: it stays wider.
        """
        from playwright.sync_api import TimeoutError as Late

        try:
            self.page.wait_for_function(f"(spare) => ({_OVERFLOW})() <= spare", arg=spare)
        except Late:
            raise AssertionError(f"{self.page.url} is wider than its window by {self.overflow()} pixels") from None

    def wait(self) -> None:
        """Until all of the first view is there, what comes later too, and nothing in it is loading."""
        self.page.wait_for_function(_SETTLED, polling=_POLLING)


_WALK = """
const all = (root, out = []) => { for (const el of root.querySelectorAll("*")) { out.push(el)
  if (el.shadowRoot) all(el.shadowRoot, out) } return out }
"""
_OVERFLOW = f"""() => {{ {_WALK}
  const main = all(document).find((el) => el.classList.contains("main-content"))
  return Math.max(main.scrollWidth - main.clientWidth, document.documentElement.scrollWidth - window.innerWidth) }}"""
_SETTLED = f"""() => {{ {_WALK}
  const found = all(document), frames = found.filter((el) => el.classList.contains("cqs-frame"))
  const waits = (el) => el.getAttribute("aria-label") === "Loading" || el.classList.contains("cqs-still")
  const busy = found.some((el) => waits(el) && el.checkVisibility())
  return frames.some((el) => el.checkVisibility()) && !busy }}"""
_LOADED_AGAIN = "performance.getEntriesByType('navigation')[0]?.type === 'reload'"


def launch(playwright: Playwright, *flags: str, whole: bool = False) -> Browser:
    """The system's Chromium, or Playwright's own, with further flags of its command line.

    Args:
        playwright: started.
        flags: further ones of the command line.
        whole: the browser that users have, compiler and all, to measure it; else the cheapest that draws the same.

    Raises:
        playwright.sync_api.Error: there is neither.
    """
    names, flags = (_NAMES, flags) if whole else ((_SHELL, *_NAMES), (_SHORT_LIVED, *flags))
    path = next(filter(None, map(shutil.which, names)), None)
    return playwright.chromium.launch(executable_path=path, args=[*_QUIET, *flags])


def open_visit(
    browser: Browser, url: str, *, width: int, height: int, dark: bool, known: bool = True, **context: Any
) -> Visit:
    """Open a page in its own window, and wait for its first view.

    Args:
        browser: from `launch`.
        url: of the page.
        width: of the window in pixels.
        height: of the window, in pixels.
        dark: whether the browser asks for dark pages.
        known: whether the server knows size and theme from an earlier visit. To a browser that it does not know the
            first page is served light and wide; where it is not, the page loads itself once more.
        context: further options of Playwright's `new_context`.
    """
    size: Any = {"width": width, "height": height}
    context.setdefault("reduced_motion", "reduce")  # no one watches
    window = browser.new_context(viewport=size, color_scheme="dark" if dark else "light", **context)
    window.set_default_timeout(PATIENCE)
    if known:
        window.add_cookies([{"name": _COOKIE, "value": f"{'dark' if dark else 'light'}-{width}", "url": url}])
    visit = Visit(window.new_page())
    visit.page.on("request", lambda request: visit.requests.append(request.url))
    visit.page.on("pageerror", lambda error: _note(visit, error.stack or str(error)))
    visit.page.on("console", lambda said: _note(visit, said.text) if said.type == "error" else None)
    visit.page.on("console", lambda said: visit.warnings.append(said.text) if said.type == "warning" else None)
    visit.page.goto(url)
    if not known and (dark or width < _NARROW):
        visit.page.wait_for_function(_LOADED_AGAIN)
    visit.wait()
    return visit


def _note(visit: Visit, fault: str) -> None:
    if not any(words in fault for words in _HARMLESS):
        visit.faults.append(fault)
