"""A log compared with the strategy, with the real strategy and engine, on candles of the demo and on real ones."""

from __future__ import annotations

import datetime as dt
import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cqs_core import Bucket, Lake, Series, UnknownName, UsageError
from cqs_core.cli import run_command
from cqs_core.testing.candles import flat_table
from cqs_core.testing.command import cqs_json
from cqs_core.time.clock import iso
from cqs_core.time.intervals import DAY, HOUR, floor, length
from cqs_core.trading import read_costs
from cqs_monitor import Logs
from cqs_monitor.compare.comparison import ComparisonRequest
from cqs_monitor.compare.kept_comparison import kept_comparison
from cqs_monitor.compare.strategy_setup import find_setup
from cqs_monitor.performance.reader import Figures

HEAD = b"timestamp,date,action,symbol,price,quantity,amount,profit_pct,profit_krw\r\n"
RULE = ("--strategy", "volatility_breakout")


@pytest.fixture(scope="module", name="demo")
def _demo(demo, tmp_path_factory):
    """A copy of the demo's bucket, and the JSON of the command that made it."""
    folder = shutil.copytree(demo, tmp_path_factory.mktemp("demo") / "bucket")
    return folder, json.loads(demo.with_suffix(".json").read_text())


def test_the_demos_bots_deviate_five_times_and_compare_finds_exactly_these(demo):
    folder, said = demo
    bots = said["bots"]
    assert sorted(bots["made"]) == ["extra", "late", "missed", "price", "size"]
    main = cqs_json("monitor", "compare", "--bucket", folder, "--account", "Main", *RULE)
    assert sorted(one["kind"] for one in main["deviations"]) == sorted(bots["made"])
    assert (len(main["missed"]), len(main["extra"])) == (1, 1)
    assert sum(bool(one["differs"]) for one in main["matched"]) == 3
    other = cqs_json("monitor", "compare", "--bucket", folder, "--account", "메인", *RULE)
    assert (other["missed"], other["extra"], other["deviations"]) == ([], [], [])


def test_the_bridge_of_the_demo_adds_up(demo):
    folder, _ = demo
    for account in ("Main", "메인"):
        parts = cqs_json("monitor", "compare", "--bucket", folder, "--account", account, *RULE)["bridge"]
        live = parts.pop("live")
        assert set(parts) == {"backtest", "missed", "extra", "price", "size", "fees"}
        assert sum(parts.values()) == pytest.approx(live, abs=1e-6)


def test_one_file_of_the_demo_is_damaged_and_told(demo):
    folder, said = demo
    problems = cqs_json("monitor", "pnl", "--bucket", folder)["problems"]
    assert [problem["file"] for problem in problems] == said["bots"]["damaged"]
    assert len(problems) == 1


def test_what_the_demos_bots_hold_is_what_their_trades_leave(demo):
    folder, _ = demo
    assert cqs_json("monitor", "reconcile", "--bucket", folder) == []
    for account in cqs_json("monitor", "positions", "--bucket", folder).values():
        assert account["state"] == "ok"
        assert all(held["last_source"] == "candle" and held["value"] > 0 for held in account["positions"])


def test_saved_costs_are_what_compare_says_and_are_the_only_thing_written(demo):
    folder, _ = demo
    before = {entry.key: entry.tag for entry in Bucket(folder).list()}
    cqs_json("monitor", "compare", "--bucket", folder, "--account", "메인", *RULE)
    assert {entry.key: entry.tag for entry in Bucket(folder).list()} == before
    said = cqs_json("monitor", "compare", "--bucket", folder, "--account", "메인", *RULE, "--save-costs")
    costs = read_costs(Bucket(folder), "메인")
    assert costs.slippage_bps == said["slippage_bps"]
    assert 3 < costs.slippage_bps < 5  # the demo's bots are 0 to 8 basis points worse
    after = {entry.key: entry.tag for entry in Bucket(folder).list()}
    assert len(after.keys() - before.keys()) == 1
    assert before.items() <= after.items()


def test_a_backtest_runs_with_what_an_account_was_measured_to_cost(demo, capsys):
    folder, _ = demo
    cqs_json("monitor", "compare", "--bucket", folder, "--account", "Main", *RULE, "--save-costs")
    measured = read_costs(Bucket(folder), "Main").slippage_bps
    asked = [
        "backtest",
        "run",
        "volatility_breakout",
        "--symbols",
        "BTC",
        "--bucket",
        str(folder),
        "--no-keep",
        "--json",
    ]
    told = []
    for bps in ("account:Main", repr(measured)):
        assert run_command([*asked, "--slippage-bps", bps]) == 0
        told.append(json.loads(capsys.readouterr().out)["performance"])
    assert told[0] == pytest.approx(told[1])
    assert run_command([*asked, "--slippage-bps", "account:nobody"]) == 2
    assert "--save-costs" in capsys.readouterr().err
    assert run_command([*asked, "--slippage-bps", "much"]) == 2


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("--account", "main", *RULE), "did you mean 'Main'"),
        (("--account", "Main", "--strategy", "volatility_brekout"), "did you mean 'volatility_breakout'"),
        (("--account", "Main", *RULE, "--set", "noise_ratio=9"), "from 0.1 to 0.9"),
        (("--account", "Main", *RULE, "--set", "noise_ratio"), "NAME=VALUE"),
        (("--account", "Main", *RULE, "--symbols", "DOGE"), "cqs fetch"),
        (("--account", "Main", *RULE, "--start", "2026-02-01", "--end", "2026-01-01"), "swap them"),
        (("--account", "Main", *RULE, "--start", "2019-01-01", "--end", "2019-02-01"), "candles"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_line(demo, capsys, args, told):
    folder, _ = demo
    assert run_command(["monitor", "compare", "--bucket", str(folder), *args]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert told in said.err
    assert len(said.err.splitlines()) == 1


@pytest.fixture
def real(tmp_path, shared_data):
    """A bucket with real daily candles, and an account that bought BTC on every entry of the rule by hand."""
    bucket = Bucket(tmp_path)
    for base in ("BTC", "ETH"):
        table = pq.read_table(shared_data / f"candles/upbit/{base}-KRW_1d.parquet")
        table = table.set_column(0, "ts", table["ts"].cast(pa.timestamp("ms", "UTC")))
        first, last = (int(table["ts"][i].cast(pa.int64()).as_py()) for i in (0, -1))
        Lake(bucket).append(Series("upbit", f"{base}/KRW", "1d"), table, first, last + 86_400_000, "import")
    return tmp_path


def rows_of(trade):
    """A run's trade as two rows of a log, each with its day."""
    symbol, quantity, price = trade["symbol"].partition("/")[0], trade["quantity"], trade["entry_price"]
    bought = dt.datetime.fromisoformat(trade["entry_time"]) + dt.timedelta(hours=9, minutes=1)
    yield bought, f"BUY,{symbol},{price!r},{quantity!r},{price * quantity!r},,"
    if trade["exit_time"]:
        out = trade["exit_price"]
        sold = dt.datetime.fromisoformat(trade["exit_time"]) + dt.timedelta(hours=9, seconds=2)
        profit = f"{100 * (out / price - 1)!r},{(out - price) * quantity!r}"
        yield sold, f"SELL,{symbol},{out!r},{quantity!r},{out * quantity!r},{profit}"


def test_a_log_made_of_the_backtests_own_fills_is_matched_whole_on_real_candles(real):
    args = ("--symbols", "BTC,ETH", "--start", "2024-01-01", "--end", "2024-12-31", "--capital", "10000000")
    run = cqs_json("backtest", "run", "volatility_breakout", "--bucket", real, *args, "--slippage-bps", "0")
    days = {}
    for at, rest in (row for trade in run["trades"] for row in rows_of(trade)):
        days.setdefault(at.date().isoformat(), []).append(f"{at:%Y-%m-%dT%H:%M:%S}+09:00,{at.date()},{rest}\r\n")
    header = "timestamp,date,action,symbol,price,quantity,amount,profit_pct,profit_krw\r\n"
    for day, lines in days.items():
        path = real / "logs" / "Main" / f"trades_{day}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(header + "".join(sorted(lines)), newline="")
    said = cqs_json("monitor", "compare", "--bucket", real, "--account", "Main", *RULE, *args)
    assert (said["missed"], said["extra"], said["deviations"]) == ([], [], [])
    assert len(said["matched"]) == len(run["trades"])
    bridge = said["bridge"]
    assert bridge["live"] == pytest.approx(bridge["backtest"], abs=1)
    assert bridge["backtest"] == pytest.approx(run["performance"]["final_equity"] - 10_000_000, abs=1)
    assert said["slippage_bps"] == pytest.approx(0, abs=1e-6)


def test_bars_that_the_backtest_did_not_see_are_told(demo, tmp_path):
    folder = shutil.copytree(demo[0], tmp_path / "bucket")
    lake, daily, hourly = Lake(str(folder)), *(Series("upbit", "BTC/KRW", interval) for interval in ("1d", "1h"))
    lake.delete(daily)
    last = next(one.last for one in lake.status() if one.series == hourly)
    missing = floor("1d", last) - 20 * DAY
    lake.delete(hourly, missing, missing + 5 * HOUR)
    asked = ("--account", "Main", *RULE, "--symbols", "BTC", "--start", iso(missing - 30 * DAY)[:10])
    notes = cqs_json("monitor", "compare", "--bucket", folder, *asked)["notes"]
    assert notes[0].startswith("The rule did not see all bars: 1 bar is left out of upbit BTC/KRW 1d")


def test_a_comparison_is_made_once_until_rows_candles_or_the_question_change(demo, tmp_path):
    bucket = Bucket(str(shutil.copytree(demo[0], tmp_path / "bucket")))
    logs, lake = Logs(bucket), Lake(bucket)
    figures = Figures(logs.refresh())

    def compared(account="Main", **parameters):
        nonlocal figures
        figures = figures.followed_by(logs.refresh())
        asked = ComparisonRequest(account, find_setup("volatility_breakout", parameters))
        return kept_comparison(bucket, figures, asked)

    first = compared()
    assert compared() is first
    assert compared(noise_ratio=0.7) is not first
    assert compared("메인") is not first
    bucket.write("logs/.heartbeat", b"1")
    other = "logs/메인/trades_2030-01-01.csv"
    bucket.write(other, HEAD + b"2030-01-01T10:00:00+09:00,2030-01-01,BUY,BTC,1.0,1.0,1.0,,\r\n")
    assert compared() is first

    series = next(one for one in lake.series() if one.market == "BTC/KRW")
    end = max(one.end for one in lake.objects(series))
    step = length(series.interval)
    lake.append(series, flat_table(1, end, interval=series.interval), end, end + step)
    newer = compared()
    assert newer is not first
    assert compared() is newer

    bucket.write(
        other.replace("메인", "Main"), HEAD + b"2030-01-01T10:00:00+09:00,2030-01-01,BUY,BTC,1.0,1.0,1.0,,\r\n"
    )
    assert compared() is not newer


def test_what_cannot_be_compared_is_asked_again(demo):
    bucket = Bucket(str(demo[0]))
    figures = Figures(Logs(bucket).refresh())
    setup = find_setup("volatility_breakout", {})
    for wanted in (UnknownName, UsageError):
        asked = ComparisonRequest("nobody" if wanted is UnknownName else "Main", setup, symbols=("NONE",))
        for _ in range(2):
            with pytest.raises(wanted):
                kept_comparison(bucket, figures, asked)
