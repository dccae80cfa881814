"""Fixtures `chromium`, `dashboard`, `visit`. Without a browser tests are skipped aloud; where CI is set they fail."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from cqs_core import UsageError
from cqs_core.testing import forked
from cqs_panel.testing.browser import Visit, open_visit
from cqs_panel.testing.server import ForkedServer, Server
from cqs_panel.testing.shared_browser import SharedBrowser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

__all__ = ["chromium", "dashboard", "visit"]

_BROWSER = pytest.StashKey[SharedBrowser]()


@pytest.fixture(scope="module")
def chromium(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A headless Chromium of Playwright, the same one for all modules.

    Until the module's last test, Playwright's event loop runs in this thread, and no asynchronous test can.
    """
    shared = _shared(request.config)
    from playwright.sync_api import Error

    with ExitStack() as using:
        try:
            browser = using.enter_context(shared.used())
        except Error as error:
            _without(f"no Chromium was found ({str(error).splitlines()[0]})")
        yield browser


def _shared(config: pytest.Config) -> SharedBrowser:
    if _BROWSER not in config.stash:
        try:
            config.stash[_BROWSER] = SharedBrowser()
        except ImportError:
            _without("Playwright is not installed")
        config.add_cleanup(config.stash[_BROWSER].close)
    return config.stash[_BROWSER]


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """`dashboard(bucket, plugins=[file], num_procs=1)` starts one for this module and returns its URL.

    `plugins` are files of Python with hooks that are not installed; installed plugins are seen in any case.
    If no variable names the user's folders of cqs, it gets its own folders.
    """
    running: dict[str, Server] = {}
    home = tmp_path_factory.mktemp("user")
    folders = {f"CQS_{name}_DIR": str(home / name.lower()) for name in ("DATA", "STATE", "CACHE")}
    with ExitStack() as closing:

        def start(bucket: Path | str, plugins: Sequence[Path] = (), num_procs: int = 1, **environment: str) -> str:
            key = repr((str(bucket), plugins, num_procs, environment))
            if key not in running:
                own = {name: path for name, path in folders.items() if name not in os.environ}
                kind = ForkedServer if forked.applies(os.environ | environment) else Server
                try:
                    server = kind(bucket, plugins, num_procs, own | environment)
                except UsageError as error:
                    pytest.fail(str(error), pytrace=False)
                running[key] = closing.enter_context(server)
            return running[key].url

        yield start


@pytest.fixture
def visit(chromium: Any) -> Iterator[Callable[..., Visit]]:
    """`visit(url, width=1400, height=900, dark=False)` opens a window.

    Afterwards none of them may have asked another host for anything, nor have had a fault of JavaScript.
    """
    visits: list[Visit] = []

    def go(url: str, width: int = 1400, height: int = 900, *, dark: bool = False, **context: Any) -> Visit:
        visits.append(open_visit(chromium, url, width=width, height=height, dark=dark, **context))
        return visits[-1]

    yield go
    for one in visits:
        one.page.context.close()
    foreign, faults = [url for one in visits for url in one.foreign], [fault for one in visits for fault in one.faults]
    assert not foreign, f"asked other hosts: {foreign}"
    assert not faults, f"JavaScript failed: {faults}"


def _without(why: str) -> NoReturn:
    said = f"needs a browser: {why}"
    if os.environ.get("CI"):
        pytest.fail(said)
    pytest.skip(said)
