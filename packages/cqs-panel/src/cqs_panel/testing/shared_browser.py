"""One Chromium for all modules of tests of a process: to start it and Playwright takes a second of processor time."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cqs_panel.testing.browser import PATIENCE, launch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser


class SharedBrowser:
    """Playwright and its browser, until `close`.

    Raises:
        ImportError: Playwright is not installed.
    """

    def __init__(self) -> None:
        from playwright.sync_api import expect, sync_playwright

        expect.set_options(timeout=PATIENCE)
        self._context = sync_playwright()
        self._playwright = self._context.start()
        self._loop = asyncio._get_running_loop()  # noqa: SLF001 - as event loops do
        self._browser: Browser | None = None
        _run(None)

    @contextmanager
    def used(self) -> Iterator[Browser]:
        """The browser; a new one if the last has crashed. Meanwhile no asynchronous test can run in this thread.

        Raises:
            playwright.sync_api.Error: there is none.
        """
        _run(self._loop)
        try:
            if self._browser is None or not self._browser.is_connected():
                self._browser = launch(self._playwright)
            yield self._browser
        finally:
            _run(None)

    def close(self) -> None:
        """End the browser and Playwright."""
        _run(self._loop)
        if self._browser is not None:
            self._browser.close()
        self._playwright.stop()


def _run(loop: Any) -> None:
    """What asyncio takes for the loop that runs in this thread: Playwright's never ends, but stands still."""
    asyncio._set_running_loop(loop)  # noqa: SLF001 - as event loops do
