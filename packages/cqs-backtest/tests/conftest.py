"""What the tests of this package share: both engines, and the real candles where they are."""

import sys
from pathlib import Path

import pytest

from cqs_backtest.engines.bt.engine import BtEngine
from cqs_backtest.engines.fast.engine import FastEngine

sys.path.insert(0, str(Path(__file__).parent))  # for handmade.py: tests are imported one by one

from real_candles import REAL, real_frame


@pytest.fixture(params=[FastEngine(), BtEngine()], ids=lambda engine: engine.name)
def engine(request):
    return request.param


@pytest.fixture(autouse=True)
def no_settings(monkeypatch, tmp_path):
    """The machine's own settings stay out of the tests."""
    for name in (
        "CQS_BUCKET",
        "GCS_BUCKET",
        "CQS_EXCHANGE",
        "CQS_QUOTE",
        "CQS_DAY_START",
        "CQS_FEE",
        "CQS_SLIPPAGE_BPS",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CQS_DATA_DIR", str(tmp_path / "user"))
    monkeypatch.setenv("CQS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("CQS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def real():
    """`real("upbit", "BTC/KRW", "1d")` as a DataFrame of real candles."""
    if not REAL.is_dir():
        pytest.skip(f"no real candles: {REAL} is absent")
    return real_frame


@pytest.fixture
def bucket(tmp_path):
    """A bucket whose lake has 300 days of BTC and ETH against KRW."""
    from handmade import WAVE, store

    from cqs_core import Bucket

    folder = tmp_path / "bucket"
    folder.mkdir()
    bucket = Bucket(str(folder))
    for market, factor in (("BTC/KRW", 1.0), ("ETH/KRW", 2.0)):
        store(bucket, market, WAVE * [factor, factor, factor, factor, 1])
    return bucket


@pytest.fixture
def cqs(bucket, capsys):
    """`cqs("backtest", "list", "--json")` on that bucket: exit code, JSON or text of stdout, stderr."""
    import json

    from cqs_core.cli import run_command

    def run(*args):
        code = run_command([*args, "--bucket", bucket.url])
        out, err = capsys.readouterr()
        return code, json.loads(out) if "--json" in args and code == 0 else out, err

    return run
