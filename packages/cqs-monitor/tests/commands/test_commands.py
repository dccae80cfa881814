"""What scripts see: JSON on stdout alone, exit codes, one line on stderr."""

from __future__ import annotations

import json

import pytest
from logfiles import BUY, HEAD, SELL, day, sell

from cqs_core.cli import run_command

POSITIONS = (
    b'{"BTC": {"symbol": "BTC", "quantity": 0.5, "entry_price": 1e8, "entry_time": "2025-10-20T09:00:05+09:00"}}'
)


@pytest.fixture
def cqs(folder, capsys):
    """Runs `cqs monitor …` on the bucket: exit code and JSON."""

    def run(*args: str):
        code = run_command(["monitor", *args, "--bucket", str(folder), "--json"])
        told = capsys.readouterr()
        assert told.err == ""
        return code, json.loads(told.out)

    return run


def test_pnl_has_the_form_that_was_promised(cqs, put):
    put("logs/Main/trades_2025-10-30.csv", day(sell("2025-10-30T10:00:00", "BTC", 90.0, 13336.667, 100.0), b"torn"))
    code, found = cqs("pnl", "--by", "day")
    expected = {
        "pnl": {"2025-10-30": -133366.67},
        "realised": -133366.67,
        "trades": 1,
        "sells": 1,
        "wins": 0,
        "losses": 1,
        "win_rate": 0.0,
    }
    reason = "1 column where 9 are needed; not counted"
    problems = [{"file": "logs/Main/trades_2025-10-30.csv", "line": 3, "reason": reason}]
    assert (code, found) == (0, {"accounts": {"Main": expected}, "total": expected, "problems": problems})


def test_pnl_by_week_month_trading_day_and_net(cqs, put):
    put("logs/Main/trades_2025-10-30.csv", day(sell("2025-10-30T08:00:00", "BTC", 110.0, 1000.0, 100.0)))
    assert cqs("pnl", "--by", "week")[1]["total"]["pnl"] == {"2025-W44": 10000.0}
    assert cqs("pnl", "--by", "month")[1]["total"]["pnl"] == {"2025-10": 10000.0}
    assert cqs("pnl", "--day-start", "09:00")[1]["total"]["pnl"] == {"2025-10-29": 10000.0}
    assert cqs("pnl", "--net")[1]["total"]["pnl"] == {"2025-10-30": 9945.0}


def test_positions_have_the_form_that_was_promised(cqs, put):
    put("logs/held/positions.json", POSITIONS)
    put("logs/dusty/positions.json", POSITIONS.replace(b"0.5", b"1e-9"))
    put("logs/torn/positions.json", POSITIONS[:30])
    put("logs/traded/trades_2025-10-30.csv", HEAD + BUY)
    code, found = cqs("positions")
    assert code == 0
    assert {name: one["state"] for name, one in found.items()} == {
        "held": "ok",
        "dusty": "ok",
        "torn": "unreadable",
        "traded": "absent",
    }
    held = found["held"]["positions"][0]
    assert {name: held[name] for name in ("symbol", "quantity", "entry_price", "entry_time", "dust")} == {
        "symbol": "BTC",
        "quantity": 0.5,
        "entry_price": 1e8,
        "entry_time": "2025-10-20T00:00:05+00:00",
        "dust": False,
    }
    assert held["last_price"] is None
    assert found["dusty"]["positions"][0]["dust"] is True
    assert found["torn"]["positions"] == found["traded"]["positions"] == []


def test_damage_is_a_finding_not_a_failure(cqs, put):
    put("logs/Main/trades_2025-10-21.csv", b"\xff\xfe\0garbage")
    code, found = cqs("pnl")
    assert code == 0
    assert found["problems"][0]["file"] == "logs/Main/trades_2025-10-21.csv"


def test_an_empty_bucket_is_no_failure(cqs):
    code, found = cqs("pnl")
    assert (code, found["accounts"], found["problems"]) == (0, {}, [])
    assert cqs("positions") == (0, {})
    assert cqs("reconcile") == (0, [])


def test_hostile_account_names_come_through_as_they_are(cqs, put):
    names = ["a b", "메인", "<script>alert(1)<", "=1+1", "-rf", "$(id)", "a\nb", "\x1b[31mred"]
    for name in names:
        put(f"logs/{name}/trades_2025-10-21.csv", HEAD + SELL)
    assert sorted(cqs("pnl")[1]["accounts"]) == sorted(names)


def test_people_see_no_control_characters(folder, put, capsys):
    put("logs/\x1b[31mred/trades_2025-10-21.csv", HEAD + SELL + b"bad")
    for command in ("pnl", "positions", "stats", "reconcile"):
        assert run_command(["monitor", command, "--bucket", str(folder)]) == 0
    told = capsys.readouterr()
    assert "\x1b[31mred" not in told.out + told.err
    assert "[31mred" in told.out


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["pnl", "--day-start", "9 am"], "write 09:00"),
        (["pnl", "--by", "year"], "year"),
        (["compare", "--account", "Main", "--strategy", "no_such_rule"], "no_such_rule"),
        (["nonsense"], "nonsense"),
    ],
)
def test_what_the_caller_can_fix_is_one_line_and_code_2(folder, capsys, args, told):
    assert run_command(["monitor", *args, *(["--bucket", str(folder)] if len(args) > 1 else [])]) == 2
    found = capsys.readouterr()
    assert found.out == ""
    assert told in found.err
    assert "Traceback" not in found.err


def test_nothing_is_written_to_the_bucket(folder, put, cqs):
    put("logs/Main/trades_2025-10-30.csv", HEAD + BUY + b"torn")
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    for command in ("pnl", "positions", "stats", "reconcile"):
        cqs(command)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
