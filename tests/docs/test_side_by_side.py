"""The page *Side by side*: its four scripts run, and agree."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import documents

PAGE = "from-python/side-by-side"
SCRIPTS = {block.title: block.text for block in documents.blocks(PAGE, "python")}
LIBRARIES = {"vectorbt": "vectorbt", "backtesting_py": "backtesting", "bt": "bt"}

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def bars():
    """Made-up days."""
    chance = np.random.default_rng(7)
    close = 100 * np.exp(np.cumsum(chance.normal(0.0005, 0.03, 1_096)))
    opens = np.concatenate([[100], close[:-1]]) * np.exp(chance.normal(0, 0.002, 1_096))
    columns = {
        "open": opens,
        "high": np.maximum(opens, close) * 1.01,
        "low": np.minimum(opens, close) * 0.99,
        "close": close,
        "volume": 1.0,
    }
    return pd.DataFrame(columns, pd.date_range("2022-01-01", periods=1_096, tz="UTC", name="timestamp"))


def result(script, bars):
    names = {"__name__": "side_by_side"}
    exec(compile(SCRIPTS[script], script, "exec"), names)
    return names["run"](bars)


@pytest.fixture(scope="module")
def ours(bars):
    return result("cqs", bars)


@pytest.mark.parametrize("script", sorted(LIBRARIES))
def test_the_others_agree(script, bars, ours):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # theirs
        pytest.importorskip(LIBRARIES[script], reason="of the group benchmarks: uv sync --group benchmarks")
        theirs = result(script, bars)
    assert theirs[0] == pytest.approx(ours[0], abs=1e-6)
    assert theirs[1] == ours[1] > 20


def test_the_lines_are_counted_right():
    [told] = [cells[1:] for cells in documents.rows(PAGE, "Side by side") if cells[0].startswith("lines")]
    assert [int(cell) for cell in told] == [
        sum(bool(line.strip()) for line in SCRIPTS[name].splitlines())
        for name in ("cqs", "vectorbt", "backtesting_py", "bt")
    ]
