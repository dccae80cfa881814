"""How tests are run, those of one package as well as all."""

from __future__ import annotations

import gc
import os
import signal
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from cqs_core.testing.forked import share

if TYPE_CHECKING:
    from pathlib import Path


def pytest_configure() -> None:
    """Children get signals as users' processes do: a shell lets those that it starts in the background ignore some."""
    handlers = {signal.SIGINT: signal.default_int_handler, getattr(signal, "SIGHUP", None): signal.SIG_DFL}
    for number, handler in handlers.items():
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)
    share()
    settings.register_profile("busy", deadline=None)  # how long an example takes says more about the machine
    settings.load_profile("busy")
    gc.disable()  # a million objects stay: looking through them again and again doubles the time of the collection


def pytest_collection_finish() -> None:
    """What is imported now lives until the end: the garbage collector need not look at it again."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(optionalhook=True)  # as pytest runs without xdist, too
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Tests mostly wait for processes and browsers: two more at once than there are cores. What measures runs alone."""
    alone = "soak" in config.option.markexpr.replace("not soak", "") or any("benchmarks" in arg for arg in config.args)
    return 0 if alone else (os.cpu_count() or 1) + 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow files first, and those that drive a browser spread among them: two browsers at once slow each other down.

    The last quarter has short files only, so that all processes end at about the same time.
    """
    if unstable := [item.nodeid for item in items if " at 0x" in item.nodeid]:
        raise pytest.UsageError(f"{unstable[0]} is named by an address in memory, which differs by process; give `ids`")
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    browsers = [tests for tests in files.values() if tests[0].get_closest_marker("browser")]
    others = [tests for tests in files.values() if not tests[0].get_closest_marker("browser")]
    others.sort(key=lambda tests: tests[0].get_closest_marker("once") is None)
    every = max(1, len(others) * 3 // 4 // (len(browsers) + 1))
    for n, tests in enumerate(browsers):
        others.insert(n * (every + 1), tests)
    items[:] = [item for tests in others for item in tests]
