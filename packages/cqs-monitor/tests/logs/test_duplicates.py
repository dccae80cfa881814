"""Logs in two places, copies of folders, rows that come twice: each trade counts once, and the rest is told."""

from __future__ import annotations

import pytest
from logfiles import BUY, HEAD, SELL, buy, day, sell

from cqs_monitor.logs.duplicates import is_backup, originals
from cqs_monitor.logs.history import Logs
from cqs_monitor.performance.summary import summaries

NAME = "trades_2025-10-21.csv"
LATER = sell("2025-10-22T09:00:01.5", "BTC", 110.0, 50.0, 100.0)


def realised(bucket) -> int:
    return round(summaries(Logs(bucket).refresh().rows)[1]["KRW"].realised)


def found(bucket):
    snapshot = Logs(bucket).refresh()
    return snapshot.accounts, snapshot.table.num_rows, {p.file: p.reason for p in snapshot.problems}


def test_both_places_are_read_and_an_account_may_be_in_both(bucket, put):
    put("bot-logs/Main/trades_2025-10-20.csv", HEAD + BUY)
    put("bot-logs/Old/trades_2025-10-22.csv", day(LATER))
    put(f"logs/Main/{NAME}", HEAD + SELL)
    accounts, rows, problems = found(bucket)
    assert (accounts, rows, problems) == (("Main", "Old"), 3, {})
    assert Logs(bucket).refresh().only("Main")["sell"].to_pylist() == [False, True]
    assert realised(bucket) == 105263 + 500


@pytest.mark.parametrize("foreign", ["logs/nginx/access.log", "logs/.heartbeat", "logs/readme.txt", "logs/a/b.csv"])
def test_foreign_objects_hide_nothing(bucket, put, foreign):
    put(foreign, b"x")
    put(f"bot-logs/Main/{NAME}", HEAD + SELL)
    assert found(bucket) == (("Main",), 1, {})


def test_what_was_written_last_says_what_is_held(bucket, put):
    import os

    held = b'{"BTC": {"quantity": 2.0, "entry_price": 100.0}}'
    os.utime(put("logs/Main/positions.json", b"{}"), (1, 1))
    put("bot-logs/Main/positions.json", held)
    assert Logs(bucket).refresh().held("Main").held[0].quantity == 2.0


def test_files_directly_below_the_prefix_are_an_account_of_their_own(bucket, put):
    put(f"logs/{NAME}", HEAD + SELL)
    put("logs/positions.json", b"{}")
    put("logs/Main/trades_2025-10-22.csv", day(LATER))
    accounts, rows, problems = found(bucket)
    assert (accounts, rows, problems) == (("Main", "logs"), 2, {})
    assert Logs(bucket).refresh().held("logs").state == "ok"


COPIES = ["Main/Main", "Main.bak", "backup/Main", "Main_backup_20251021", "Main (1)", "Main-old", "a/Main", "백업", "~"]


@pytest.mark.parametrize("copy", COPIES)
def test_a_copy_of_a_folder_is_recognised_counted_once_and_told(bucket, put, copy):
    if copy == "~":
        copy = "Main~"
    for folder in ("logs/Main", f"logs/{copy}"):
        put(f"{folder}/{NAME}", HEAD + BUY + SELL)
        put(f"{folder}/positions.json", b'{"BTC": {"quantity": 2.0, "entry_price": 100.0}}')
    accounts, rows, problems = found(bucket)
    assert (accounts, rows) == (("Main",), 2)
    assert problems == {f"logs/{copy}/": "a copy of 'Main': all its 2 rows are there; counted once"}
    assert list(Logs(bucket).refresh().positions) == ["Main"]


def test_a_copy_across_the_two_places_is_one_account(bucket, put):
    for place in ("logs", "bot-logs"):
        put(f"{place}/Main/{NAME}", HEAD + BUY + SELL)
    accounts, rows, problems = found(bucket)
    assert (accounts, rows) == (("Main",), 2)
    assert "2 rows that bot-logs/Main" in problems[f"logs/Main/{NAME}"]


def test_a_backup_that_has_more_than_what_is_left_keeps_the_rest(bucket, put):
    put(f"logs/Main/{NAME}", HEAD + SELL)
    put(f"logs/Main.bak/{NAME}", HEAD + BUY + SELL)
    accounts, rows, problems = found(bucket)
    assert (accounts, rows) == (("Main", "Main.bak"), 2)
    assert "1 row that logs/Main/" in problems[f"logs/Main.bak/{NAME}"]


def test_accounts_that_made_the_same_trade_are_no_copies_until_many_rows_are_equal(bucket, put):
    for account in ("account 1", "account 10", "b"):
        put(f"logs/{account}/{NAME}", HEAD + SELL)
    assert found(bucket)[:2] == (("account 1", "account 10", "b"), 3)
    many = [buy(f"2025-10-21T09:00:{i:02}.5", "BTC", 100.0, 50.0) for i in range(12)]
    for account in ("x", "renamed"):
        put(f"logs/{account}/{NAME}", day(*many))
    accounts, rows, problems = found(bucket)
    assert (accounts, rows) == (("account 1", "account 10", "b", "x"), 15)
    assert problems == {"logs/renamed/": "a copy of 'x': all its 12 rows are there; counted once"}


def test_rows_twice_in_a_file_are_counted_once_and_told(bucket, put):
    put(f"logs/Main/{NAME}", HEAD + BUY + SELL + BUY + SELL + SELL)
    _, rows, problems = found(bucket)
    assert rows == 2
    assert problems == {f"logs/Main/{NAME}": "3 rows more than once, equal to the microsecond; counted once"}
    assert realised(bucket) == 105263


def test_rows_that_differ_in_a_microsecond_or_a_number_are_two(bucket, put):
    put(f"logs/Main/{NAME}", HEAD + SELL + SELL.replace(b"625003", b"625004") + SELL.replace(b"291.0", b"291.00001"))
    assert found(bucket)[1:] == (3, {})


def test_names_say_whose_copy_a_folder_is():
    assert is_backup("Main.bak")
    assert not is_backup("Goldbach")
    assert not is_backup("<script>alert(1)<")
    assert "Main" in originals("Main/Main")
    assert "account 1" not in originals("account 10")


def test_what_only_a_copy_holds_is_not_counted_and_named_with_the_reason(bucket, put):
    for folder in ("logs/Main", "logs/Main.bak", "logs/Main (1)"):
        put(f"{folder}/{NAME}", HEAD + BUY + SELL)
    held = '{"BTC": {"quantity": 2.0, "entry_price": 100.0}, "ETH": {"quantity": 1.0, "entry_price": 5.0}}'
    put("logs/Main.bak/positions.json", held.encode())
    put("logs/Main (1)/positions.json", b"{}")
    snapshot = Logs(bucket).refresh()
    assert (snapshot.accounts, snapshot.positions) == (("Main",), {})
    told = {p.file: p.reason for p in snapshot.problems if p.file.endswith(".json")}
    reason = "BTC, ETH not counted as held: 'Main.bak' is a copy of 'Main', whose positions count"
    assert told == {"logs/Main.bak/positions.json": reason}
