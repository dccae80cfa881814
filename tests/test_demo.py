"""`cqs demo`: the tour that needs no account and no network."""

from __future__ import annotations

import pytest

from cli import cqs, cqs_json, refusal
from cqs_core import Bucket, Lake


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Bucket and JSON of a first demo."""
    folder = tmp_path_factory.mktemp("demo") / "bucket"
    return folder, cqs_json(
        "demo", "--once", "--bucket", folder, CQS_BUCKET="/nowhere", CQS_ENDPOINT="http://127.0.0.1:1"
    )


def test_the_demo_downloads_and_backtests(told):
    folder, said = told
    days = {f"upbit {base}/KRW 1d" for base in ("BTC", "ETH", "XRP", "SOL")}
    assert days <= set(said["fetched"])
    assert all(said["fetched"][day] > 1800 for day in days)
    assert said["backtest"]["performance"]["num_trades"] > 10
    assert Bucket(folder).demo
    assert {str(status.series) for status in Lake(str(folder)).status()} == set(said["fetched"])


def test_the_demo_publishes_for_the_neighbours(told):
    folder, _ = told
    assert {path.name for path in (folder / "data" / "processed").iterdir()} >= {"BTC_1d.parquet", "SOL_1d.parquet"}


def test_a_second_demo_keeps_the_data(told):
    folder, first = told
    again = cqs_json("demo", "--once", "--bucket", folder)
    assert sum(again["fetched"].values()) < 100
    assert again["backtest"]["performance"]["num_trades"] >= first["backtest"]["performance"]["num_trades"] - 5


def test_the_demo_prints_its_metrics_as_a_table(told):
    folder, _ = told
    out = cqs("demo", "--once", "--bucket", folder).stdout
    assert "cagr" in out.lower()
    assert "sharpe" in out.lower()


def test_the_demo_refuses_a_bucket_with_data_of_others(tmp_path):
    (tmp_path / "mine.csv").write_text("1")
    assert "no demo made" in refusal("demo", "--once", "--bucket", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.csv"]
