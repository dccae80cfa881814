"""Commands of the monitor for people and scripts: figures by hand, exit codes, one line for what is wrong."""

from __future__ import annotations

import json

import pytest
from logfiles import buy, day, sell
from usdtbot import fills, installed

from cqs_core.cli import run_command

usdt_bot = pytest.fixture(installed)


@pytest.fixture
def cqs(folder, capsys):
    """Runs `cqs monitor …` on the bucket: exit code, stdout and stderr."""

    def run(*args: str, code: int = 0):
        assert run_command(["monitor", *args, "--bucket", str(folder)]) == code
        shown = capsys.readouterr()
        return shown.out, shown.err

    return run


@pytest.fixture
def logs(put):
    """A purchase sold in two parts, one with a gain and one with a loss; another purchase that is held."""
    put("logs/Main/trades_2025-10-20.csv", day(buy("2025-10-20T10:00:00", "BTC", 100.0, 100.0)))
    rows = [
        sell("2025-10-21T10:00:00", "BTC", 120.0, 50.0, 100.0),
        sell("2025-10-21T12:00:00", "BTC", 95.0, 50.0, 100.0),
        buy("2025-10-21T13:00:00", "ETH", 50.0, 10.0),
    ]
    put("logs/Main/trades_2025-10-21.csv", day(*rows))
    put("logs/Main/positions.json", b'{"ETH": {"quantity": 10.0, "entry_price": 50.0}}')


def test_stats_are_what_a_hand_counts(cqs, logs):
    found = json.loads(cqs("stats", "--json")[0])["accounts"]["Main"]
    assert found["realised"] == pytest.approx(750.0)
    assert (found["sells"], found["wins"], found["losses"], found["win_rate"]) == (2, 1, 1, 50.0)
    assert found["profit_factor"] == pytest.approx(4.0)
    assert (found["average_win"], found["average_loss"]) == pytest.approx((1000.0, -250.0))
    assert found["drawdown"] == pytest.approx(-250.0)
    assert found["by_symbol"] == pytest.approx({"BTC": 750.0})
    assert found["by_hour"] == pytest.approx({"10": 1000.0, "12": -250.0})
    table, _ = cqs("stats")
    assert "50.0 %" in table
    assert "1 / 1" in table
    assert "total, KRW" in table


def test_pnl_is_a_table_with_its_conventions_above(cqs, logs):
    shown, problems = cqs("pnl")
    assert "KRW by day, gross of fees; KST calendar days, as the bot wrote them" in shown
    assert "2025-10-21" in shown
    assert "+750" in shown
    assert problems == ""
    assert "trading days from 09:00 KST" in cqs("pnl", "--day-start", "09:00", "--net")[0]


def test_accounts_beyond_six_are_in_the_total(cqs, put):
    for n in range(8):
        put(f"logs/a{n}/trades_2025-10-21.csv", day(sell(f"2025-10-21T10:00:0{n}", "BTC", 110.0, 10.0, 100.0)))
    shown, _ = cqs("pnl")
    assert "2 more accounts are in the total" in shown
    assert "+800" in shown


def test_damaged_rows_are_named_and_the_first_ten_are_shown(cqs, put):
    put("logs/Main/trades_2025-10-21.csv", day(*[b"torn\r\n"] * 12))
    _, problems = cqs("pnl")
    assert problems.count("logs/Main/trades_2025-10-21.csv:") == 10
    assert "and 2 more; --json has them all" in problems
    assert len(json.loads(cqs("pnl", "--json")[0])["problems"]) == 12


def test_positions_say_what_has_no_price(cqs, logs):
    shown, _ = cqs("positions")
    assert "no candle" in shown
    assert "unrealised in all: unknown without ETH, of which there is no price since the entry" in shown
    found = json.loads(cqs("positions", "--json")[0])["Main"]
    assert (found["state"], found["left_out"], found["unrealised"]) == ("ok", ["ETH"], None)


def test_reconcile_finds_what_is_neither_sold_nor_held(cqs, logs, put):
    assert "1 accounts: what they hold is what their trades leave" in cqs("reconcile")[0]
    put("logs/Main/positions.json", b"{}")
    (finding,) = json.loads(cqs("reconcile", "--json")[0])
    assert (finding["kind"], finding["symbol"], finding["logged"], finding["held"]) == ("orphan_buy", "ETH", 10.0, 0.0)
    assert "Main  orphan_buy  2025-10-21T04:00:00" in cqs("reconcile")[0]


def test_two_currencies_have_a_table_each(cqs, logs, put, usdt_bot):
    put("logs/Dollar/fills.csv", fills("2025-10-20 23:30:00 sell BTC/USDT 110 2 20"))
    shown, _ = cqs("pnl", "--by", "month")
    heads = sorted(line for line in shown.splitlines() if " by month, " in line)
    assert heads == [
        "KRW by month, gross of fees; KST calendar days, as the bot wrote them",
        "USDT by month, gross of fees; UTC calendar days, as the bot wrote them",
    ]


def test_rules_are_checked_tried_and_listed(cqs, logs, put):
    put("config/alerts.toml", b'[[rule]]\nname = "loss"\nkind = "daily_loss"\nover = 100\n[[rule]]\nkind = "chrun"\n')
    shown, problems = cqs("alerts", "check", code=2)
    assert "1 rules in force, 1 mistakes" in shown
    assert problems == "config/alerts.toml:6: unknown kind 'chrun'; did you mean 'churn'?\n"
    shown, _ = cqs("alerts", "try", "loss", "--start", "2025-10-01", "--end", "2025-10-31")
    assert "loss would have fired 0 times" in shown
    put("config/alerts.toml", b'[[rule]]\nname = "loss"\nkind = "drawdown"\nover = 100\n')
    found = json.loads(cqs("alerts", "try", "loss", "--start", "2025-10-01", "--end", "2025-10-31", "--json")[0])
    assert [row["at"] for row in found["fired"]] == ["2025-10-21T03:00:00+00:00"]
    assert "no config/alerts.toml" not in cqs("alerts")[1]
    kinds = {row["kind"]: row for row in json.loads(cqs("alerts", "kinds", "--json")[0])}
    assert (kinds["heartbeat"]["default"], kinds["heartbeat"]["past"]) == (420.0, False)
    assert "further fields" in cqs("alerts", "kinds")[0]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("alerts", "try", "nothing"), "unknown rule 'nothing'"),
        (("pnl", "--day-start", "9"), "'9' is not a time of day; write 09:00"),
        (("pnl", "--by", "year"), "'year'"),
        (("alerts", "history", "--limit", "0"), "'--limit'"),
    ],
)
def test_what_is_wrong_is_one_line(cqs, logs, words, reason):
    shown, problem = cqs(*words, code=2)
    assert shown == ""
    assert reason in problem
    assert len(problem.strip().splitlines()) == 1 or problem.startswith("Usage")
