"""A lake and a run that an earlier version wrote are read, and the run can be made again from them."""

import shutil
from pathlib import Path

import pytest

from cqs_backtest.runs import listing, read
from cqs_backtest.runs.reproducing import verify
from cqs_core import Bucket

BEFORE = Path(__file__).parent / "written_before"


@pytest.fixture
def old(tmp_path) -> Bucket:
    shutil.copytree(BEFORE, tmp_path / "old")
    return Bucket(tmp_path / "old")


def test_a_run_written_before_is_listed_and_loaded(old):
    [run] = listing(old)
    stored = read(old, "20261129T212435-volatility-breakout-52f3b4")
    assert run["id"] == stored.id
    assert len(stored.equity) == 40
    assert stored.equity[-1] == pytest.approx(9921642.043028131)
    assert len(stored.trades_frame()) == 5


def test_a_run_written_before_is_made_again_from_the_lake_of_then(old):
    """Code and libraries may have changed since; candles have not."""
    because = verify(old, "20261129T212435")["because"]
    assert not [why for why in because if why.startswith(("data:", "it cannot be made again"))]
