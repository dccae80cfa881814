"""`cqs demo`: the tour that needs no account and no network."""

from __future__ import annotations

import datetime as dt

import pytest

from cqs_core import Bucket, Lake
from cqs_core.testing.command import cqs, cqs_json, refusal


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
    assert again["sweep"]["sweep"] == first["sweep"]["sweep"]


def test_the_demo_searches_and_says_what_the_answer_is_worth(told):
    folder, said = told
    assert said["sweep"]["rows"] == said["sweep"]["trials"] == 20
    assert 0 < said["sweep"]["dsr"] < 1
    assert 0 <= said["sweep"]["pbo"] <= 1
    [run] = [row for row in cqs_json("backtest", "list", "--bucket", folder) if row["id"] == said["backtest"]["run"]]
    assert run["trials"] == 20
    assert 0 < run["dsr"] <= said["sweep"]["dsr"]  # it is one of the sets, and not the best one


def test_the_demo_prints_its_metrics_as_a_table(told):
    folder, _ = told
    out = cqs("demo", "--once", "--bucket", folder).stdout
    assert "cagr" in out.lower()
    assert "sharpe" in out.lower()
    assert "deflated Sharpe ratio" in out


def test_the_demo_refuses_a_bucket_with_data_of_others(tmp_path):
    (tmp_path / "mine.csv").write_text("1")
    assert "no demo made" in refusal("demo", "--once", "--bucket", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.csv"]


def test_the_demo_brings_three_models_and_one_is_dangerous(told):
    folder, said = told
    assert said["models"]["verdicts"] == {"v1": "imports code", "v2": "imports code", "v3": "dangerous"}
    rows = {row["version"]: row for row in cqs_json("models", "list", "--bucket", folder)}
    assert [version for version, row in rows.items() if row["latest"]] == ["v2"]
    assert (folder / "regimes" / "v2" / "upbit" / "BTC-KRW.parquet").is_file()


def test_the_demo_brings_alerts_and_its_deviations_can_be_rules(told):
    folder, _ = told
    rules = folder / "config" / "alerts.toml"
    known = rules.read_text()
    rules.write_text(
        known + '\n[[rule]]\nname = "far"\nkind = "fill_far"\nover = "0.5 %"\naccount = "Main"\ndays = 1000\n'
        '\n[[rule]]\nname = "other"\nkind = "divergence"\nover = 1\naccount = "Main"\ndays = 1000\n'
    )
    rows = {(row["rule"], row["account"]): row for row in cqs_json("monitor", "alerts", "--bucket", folder)}
    rules.write_text(known)
    assert rows["bot is silent", None]["state"] == "ok"
    assert rows["damaged files", "메인"]["state"] == "firing"
    assert rows["other", "Main"]["value"] > 1
    assert rows["far", "Main"]["value"] is not None


def test_a_fill_far_from_the_rule_is_found_on_the_past(told):
    folder, _ = told
    rules = folder / "config" / "alerts.toml"
    known = rules.read_text()
    rules.write_text('[[rule]]\nname = "far"\nkind = "fill_far"\nover = "0.5 %"\naccount = "Main"\ndays = 1000\n')
    found = cqs_json(
        "monitor", "alerts", "try", "far", "--start", "2024-12-01", "--end", "2025-01-31", "--bucket", folder
    )
    rules.write_text(known)
    assert [row["at"][:10] for row in found["fired"]] == ["2024-12-27"]


def test_the_demo_shows_every_state_of_alerts_open_positions_and_trades_of_today(told):
    folder, _ = told
    rows = cqs_json("monitor", "alerts", "--bucket", folder)
    assert {row["state"] for row in rows} == {"firing", "pending", "silenced", "unknown", "ok"}
    held = cqs_json("monitor", "positions", "--bucket", folder)
    assert all(one["positions"] for one in (held[name] for name in ("Main", "메인")))
    today = dt.datetime.now(dt.timezone(dt.timedelta(hours=9))).date().isoformat()
    for name in ("Main", "메인"):
        assert "SELL" in (folder / "logs" / name / f"trades_{today}.csv").read_text()


def test_the_bot_of_the_demo_goes_on_trading_and_its_books_add_up(told):
    from cqs_monitor.demo.bot import Bot

    folder, _ = told
    before = {
        name: cqs_json("monitor", "positions", "--bucket", folder)[name]["positions"] for name in ("Main", "메인")
    }
    bot = Bot(Bucket(folder))
    for _ in range(3):
        bot.trade()
    after = {name: cqs_json("monitor", "positions", "--bucket", folder)[name]["positions"] for name in ("Main", "메인")}
    assert after != before
    rows = cqs_json("monitor", "alerts", "--bucket", folder)
    assert {row["state"] for row in rows if row["rule"] == "positions do not add up"} == {"ok"}
