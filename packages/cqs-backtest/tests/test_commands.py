"""The commands: their JSON, and what they refuse with exit code 2."""

import pytest
from handmade import store_hours

from cqs_backtest.runs import listing


def test_the_json_of_a_run(cqs):
    code, made, err = cqs("backtest", "run", "volatility_breakout", "--symbols", "BTC,ETH", "--json")
    assert (code, err) == (0, "")
    assert set(made) == {"performance", "equity", "trades", "badges", "luck", "run"}
    assert len(made["equity"]) == 300
    assert made["equity"][0] == ["2024-01-01T00:00:00+00:00", 10_000_000]
    names = "symbol entry_time exit_time entry_price exit_price quantity pnl return_pct fees reason"
    assert list(made["trades"][0])[:10] == names.split()
    assert made["badges"]["lookahead"] == "ok"
    assert made["badges"]["parity"] == "ok"
    assert made["badges"]["gaps"] == 0
    assert made["badges"]["left_out"] == []


def test_bars_that_were_left_out_are_told_with_their_reason(cqs, bucket):
    store_hours(bucket, "XRP/KRW", 40, 30, 200)
    store_hours(bucket, "SOL/KRW", 40)
    args = ("backtest", "run", "buy_and_hold", "--symbols", "XRP,SOL", "--benchmark", "XRP")
    _, made, _ = cqs(*args, "--json")
    [row] = made["badges"]["left_out"]
    assert {k: row[k] for k in ("symbol", "bars", "first", "last", "source", "reasons")} == {
        "symbol": "XRP/KRW",
        "bars": 2,
        "first": "2024-01-02T00:00:00+00:00",
        "last": "2024-01-09T00:00:00+00:00",
        "source": "1h",
        "reasons": {"never_fetched": 2},
    }
    assert len(made["equity"]) == 40
    _, out, _ = cqs(*args)
    assert "XRP/KRW: 2 incomplete bars" in out
    assert "2 bars are left out of upbit XRP/KRW 1d, the first at 2024-01-02T00:00 UTC" in " ".join(out.split())
    assert cqs("backtest", "list", "--json")[1][0]["left_out"] == [row]


def test_the_report_tells_bars_that_were_left_out(cqs, bucket, tmp_path):
    pytest.importorskip("cqs_panel", reason="needs the extra: cqs-backtest[panel]")
    store_hours(bucket, "XRP/KRW", 40, 30, 200)
    made = cqs("backtest", "run", "buy_and_hold", "--symbols", "XRP", "--json")[1]
    cqs("backtest", "report", made["run"], "--output", str(tmp_path / "report.html"))
    [row] = made["badges"]["left_out"]
    assert row["note"] in (tmp_path / "report.html").read_text()


def test_a_position_open_at_the_end_has_no_exit(cqs):
    _, made, _ = cqs("backtest", "run", "buy_and_hold", "--symbols", "BTC", "--json")
    (trade,) = made["trades"]
    assert (trade["exit_time"], trade["exit_price"], trade["reason"]) == (None, None, "open")
    assert made["performance"]["win_rate"] is None
    assert made["performance"]["num_trades"] == 0


def test_engines_agree_on_the_command_line(cqs):
    args = ("backtest", "run", "momentum", "--symbols", "BTC,ETH", "--set", "top_n=1", "--no-keep", "--json")
    fast, reference = (cqs(*args, "--engine", engine)[1] for engine in ("fast", "bt"))
    assert fast["equity"][-1][1] == pytest.approx(reference["equity"][-1][1], rel=1e-9)
    assert len(fast["trades"]) == len(reference["trades"])


def test_people_read_a_table(cqs):
    code, out, _ = cqs("backtest", "run", "volatility_breakout", "--symbols", "BTC")
    assert code == 0
    assert "Max drawdown" in out
    assert "slippage 5 bps a side" in out
    assert "kept as" in out


def test_runs_are_listed_newest_first(cqs, bucket):
    assert cqs("backtest", "list", "--json")[1] == []
    for fee in ("0.001", "0.002"):
        cqs("backtest", "run", "buy_and_hold", "--symbols", "BTC", "--fee", fee)
    rows = cqs("backtest", "list", "--json")[1]
    assert [row["id"] for row in rows] == [made["id"] for made in listing(bucket)]
    assert len(rows) == 2
    assert cqs("backtest", "show", rows[0]["id"], "--json")[1]["id"] == rows[0]["id"]


def test_strategies_are_listed_with_their_parameters(cqs):
    code, rows, _ = cqs("strategies", "--json")
    assert code == 0
    by_name = {row["name"]: row for row in rows}
    assert set(by_name) >= {
        "volatility_breakout",
        "momentum",
        "mean_reversion",
        "opening_range_breakout",
        "buy_and_hold",
    }
    noise = by_name["volatility_breakout"]["parameters"][0]
    assert (noise["name"], noise["default"], noise["min"], noise["max"], noise["step"]) == (
        "noise_ratio",
        0.5,
        0.1,
        0.9,
        0.05,
    )
    assert all(parameter["doc"] for row in rows for parameter in row["parameters"])


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["volatility_brakeout", "--symbols", "BTC"], "did you mean 'volatility_breakout'"),
        (["volatility_breakout", "--symbols", "BTC", "--set", "noise=1"], "did you mean 'noise_ratio'"),
        (["volatility_breakout", "--symbols", "BTC", "--set", "noise_ratio=2"], "from 0.1 to 0.9"),
        (["volatility_breakout", "--symbols", "BTC", "--set", "noise_ratio=x"], "from 0.1 to 0.9"),
        (["volatility_breakout", "--symbols", "BTC", "--set", "noise_ratio"], "NAME=VALUE"),
        (["volatility_breakout", "--symbols", "DOGE"], "DOGE/KRW"),
        (["volatility_breakout", "--symbols", "BTC", "--interval", "2d"], "unknown interval"),
        (["volatility_breakout", "--symbols", "BTC", "--start", "2024-05-01", "--end", "2024-04-01"], "swap them"),
        (["volatility_breakout", "--symbols", "BTC", "--end", "2024-01-10"], "needs 20 before its first order"),
        (["volatility_breakout", "--symbols", "BTC", "--engine", "vast"], "did you mean 'fast'"),
        (["volatility_breakout", "--symbols", "BTC", "--capital", "0"], "capital is 0"),
        (["volatility_breakout", "--symbols", "BTC", "--impact", "0.6"], "engine 'fast' knows no market impact"),
        (["volatility_breakout", "--symbols", "BTC", "--engine", "bt", "--impact", "-1"], "impact is -1"),
        (["volatility_breakout", "--symbols", "BTC", "--fee", "-1"], "fee is -1"),
        (["volatility_breakout", "--symbols", ""], "no symbols"),
        (["./my_rule.py:MyRule", "--symbols", "BTC"], "there is no file"),
        (["volatility_breakout", "--symbols", "BTC/USDT"], "BTC/USDT"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(cqs, bucket, args, message):
    code, out, err = cqs("backtest", "run", *args)
    assert code == 2
    assert out == ""
    assert message in err
    assert len(err.strip().splitlines()) == 1
    assert not listing(bucket)


def test_a_rule_that_asks_for_more_than_all_is_refused(cqs, tmp_path):
    rule = tmp_path / "greedy.py"
    rule.write_text(
        "from cqs_core import Orders, Strategy\nimport numpy as np\n"
        "class Greedy(Strategy):\n    def orders(self, candles):\n"
        "        return Orders(enter=np.ones(candles.shape, bool), weight=1.5)\n"
    )
    code, _, err = cqs("backtest", "run", f"{rule}:Greedy", "--symbols", "BTC")
    assert code == 2
    assert "weight must be between 0 and 1" in err


def test_a_missing_reference_market_is_named(cqs, tmp_path):
    from handmade import WAVE, store

    from cqs_core import Bucket
    from cqs_core.cli import run_command

    (tmp_path / "other").mkdir()
    store(Bucket(str(tmp_path / "other")), "ETH/KRW", WAVE)
    args = ["backtest", "run", "volatility_breakout", "--symbols", "ETH", "--bucket", str(tmp_path / "other")]
    assert run_command(args) == 2


def test_comparing_one_run_is_refused(cqs):
    assert cqs("backtest", "compare", "x")[0] == 2
