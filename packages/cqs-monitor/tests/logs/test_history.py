"""The logs of a bucket: what is whose, what changed, what broke."""

from __future__ import annotations

import io
import json
import os
import shutil

import pytest
from logfiles import BUY, HEAD, SELL, buy, day, sell

from cqs_core import Bucket, BucketError, UnknownName, UsageError
from cqs_monitor import Logs, get_bot_logs
from cqs_monitor.logs.problems import Problem
from cqs_monitor.logs.table import ROWS

POSITIONS = (
    b'{"BTC": {"symbol": "BTC", "quantity": 0.5, "entry_price": 1e8, "entry_time": "2025-10-20T09:00:05+09:00"}}'
)


def test_an_empty_bucket_has_no_accounts(bucket):
    assert Logs(bucket).refresh().accounts == ()


def test_accounts_are_folders_with_any_name(bucket, put):
    names = ["Main", "a b", "<script>alert(1)</script>".replace("/", "⁄"), "메인", "=cmd", "x.csv"]
    for name in names:
        put(f"logs/{name}/trades_2025-10-20.csv", HEAD + BUY)
    snapshot = Logs(bucket).refresh()
    assert sorted(snapshot.accounts) == sorted(names)
    assert all(snapshot.only(name).num_rows == 1 for name in names)


def test_the_old_prefix_is_read_where_the_new_one_is_absent(bucket, put):
    put("bot-logs/Main/trades_2025-10-20.csv", HEAD + BUY)
    snapshot = Logs(bucket).refresh()
    assert (snapshot.accounts, snapshot.table.num_rows) == (("Main",), 1)


def test_names_without_a_valid_date_are_told_and_not_read(bucket, put):
    for name in [
        "trades_2025-02-30.csv",
        "trades_2025-10-21 (1).csv",
        "trades_2025-1-2.csv",
        "trades_2025-10-21.csv.bak",
    ]:
        put(f"logs/Main/{name}", HEAD + BUY)
    put("logs/Main/trades_2025-10-22.csv.tmp", HEAD + BUY)
    put("logs/Main/positions.json.tmp", b"{")
    snapshot = Logs(bucket).refresh()
    assert snapshot.table.num_rows == 0
    assert [p.reason for p in snapshot.problems] == ["no valid date in its name; not read"] * 4
    assert snapshot.problems[0].file == "logs/Main/trades_2025-02-30.csv"


def test_problems_name_the_file_relative_to_the_bucket_and_the_line(bucket, put):
    put("logs/Main/trades_2025-10-20.csv", HEAD + BUY + b"torn\r\n" + SELL)
    expected = Problem("logs/Main/trades_2025-10-20.csv", 3, "1 column where 9 are needed; not counted")
    assert Logs(bucket).refresh().problems == (expected,)


def test_positions_are_ok_absent_or_unreadable_and_never_flat_by_mistake(bucket, put):
    put("logs/held/positions.json", POSITIONS)
    put("logs/flat/positions.json", b"{}")
    put("logs/never/trades_2025-10-20.csv", HEAD)
    broken = {
        "torn": POSITIONS[:50],
        "empty": b"",
        "list": b"[]",
        "nan": POSITIONS.replace(b"0.5", b"NaN"),
        "none": b'{"A":{}}',
    }
    for name, data in broken.items():
        put(f"logs/{name}/positions.json", data)
    snapshot = Logs(bucket).refresh()
    assert snapshot.held("held").held[0].quantity == 0.5
    states = {name: snapshot.held(name).state for name in ("held", "flat", "never")}
    assert states == {"held": "ok", "flat": "ok", "never": "absent"}
    for name in broken:
        assert (snapshot.held(name).state, snapshot.held(name).held) == ("unreadable", ())
    assert sorted(p.file for p in snapshot.problems) == sorted(f"logs/{name}/positions.json" for name in broken)


def test_state_and_heartbeat_are_read(bucket, put):
    put("logs/.heartbeat", b"1770852528.841922")
    pending = b'{"ETH": {"uuid": "u", "amount": 5000, "pre_qty": null, "created_at": 1770852500}}'
    state = b'{"buy_block_until": {"BTC": 1770852600.5}, "pending_buys": ' + pending + b"}"
    put("logs/Main/runtime_state.json", state)
    snapshot = Logs(bucket).refresh()
    assert (snapshot.heartbeat.state, snapshot.heartbeat.at) == ("ok", 1770852528842)
    assert snapshot.states["Main"].buy_blocks == {"BTC": 1770852600500}
    assert snapshot.states["Main"].pending[0].created_at == 1770852500000


def test_signs_of_life_are_found_without_opening_a_file_of_trades(bucket, put, monkeypatch):
    put("logs/.heartbeat", b"1770852528.841922")
    put("logs/Main/trades_2025-10-20.csv", HEAD + BUY)
    put("logs/Other/positions.json", POSITIONS)
    opened, plain = [], Bucket.open
    monkeypatch.setattr(Bucket, "open", lambda self, key: opened.append(key) or plain(self, key))
    logs = Logs(bucket)
    found = logs.signs()
    assert opened == ["logs/.heartbeat"]
    full = logs.refresh()
    assert (found.accounts, found.heartbeat, found.files) == (full.accounts, full.heartbeat, full.files)
    put("logs/Main/trades_2025-10-20.csv", HEAD + BUY + SELL)
    assert logs.signs().table.num_rows == 0
    assert logs.refresh().table.num_rows == 2


def test_a_heartbeat_that_is_empty_while_written_is_unreadable(bucket, put):
    put("logs/.heartbeat", b"")
    assert Logs(bucket).refresh().heartbeat.state == "unreadable"


def test_errors_are_read_where_somebody_writes_them(bucket, put):
    entry = {"ts": "2025-10-20T10:00:00+09:00", "level": "ERROR", "msg": "order refused", "module": "trader"}
    lines = json.dumps(entry | {"exc": "Traceback\nValueError: x"}).encode() + b"\n"
    put("logs/errors.jsonl", lines + b'{"ts": 1, "level"\n' + b"[1]\n")
    put("logs/Main/errors.jsonl", b"")
    snapshot = Logs(bucket).refresh()
    (error,) = snapshot.errors
    assert (error.account, error.level, error.message) == ("", "ERROR", "order refused: ValueError: x")
    fact = "2 lines that are not JSON objects; not read"
    assert snapshot.problems == (Problem("logs/errors.jsonl", None, fact),)


def test_a_row_that_is_appended_is_seen_and_nothing_else_is_read_again(bucket, put, monkeypatch):
    put("logs/Main/trades_2025-10-20.csv", HEAD + BUY)
    changing = put("logs/Main/trades_2025-10-21.csv", HEAD + SELL)
    logs = Logs(bucket)
    first = logs.refresh()
    opened = []
    monkeypatch.setattr(bucket, "open", lambda key: opened.append(key) or Bucket.open(bucket, key))
    assert logs.refresh() is first
    with changing.open("ab") as file:
        file.write(SELL.replace(b"00:00:01", b"00:00:02"))
    snapshot = logs.refresh()
    assert opened == ["logs/Main/trades_2025-10-21.csv"]
    assert snapshot.table["line"].to_pylist() == [2, 2, 3]


def test_files_that_come_go_and_change_leave_the_same_as_a_first_reading(bucket, put, folder, own_cache):
    logs = Logs(bucket)
    for name in ("b", "a", "c"):
        put(f"logs/{name}/trades_2025-10-20.csv", HEAD + BUY)
        put(f"logs/{name}/trades_2025-11-02.csv", HEAD + SELL + b"bad\r\n")
        logs.refresh()
    put("logs/b/trades_2025-10-20.csv", HEAD + SELL + SELL)
    (folder / "logs/a/trades_2025-11-02.csv").unlink()
    again = logs.refresh()
    shutil.rmtree(own_cache)
    first = Logs(bucket).refresh()
    assert again.table.equals(first.table)
    assert again.problems == first.problems
    assert again.accounts == first.accounts == ("a", "b", "c")


def test_what_was_read_is_found_again_by_the_next_process(bucket, put):
    put("logs/Main/trades_2025-10-20.csv", HEAD + BUY + b"bad\r\n")
    first = Logs(bucket).refresh()
    other = Logs(bucket)
    bucket.open = None  # type: ignore[method-assign,assignment] - reading would fail
    second = other.refresh()
    assert second.table.equals(first.table)
    assert second.problems == first.problems


@pytest.mark.parametrize("damage", [b"", b"{}", b'{"mark": 1}', b"\xff\xfe"])
def test_a_damaged_index_costs_a_reading_and_nothing_else(bucket, put, own_cache, damage):
    put("logs/Main/trades_2025-10-20.csv", HEAD + BUY)
    first = Logs(bucket).refresh()
    for path in own_cache.rglob("*.json"):
        path.write_bytes(damage)
    assert Logs(bucket).refresh().table.equals(first.table)
    for path in own_cache.rglob("*.arrow"):
        path.write_bytes(damage)
    assert Logs(bucket).refresh().table.equals(first.table)


def test_a_cache_that_cannot_be_written_costs_time_and_nothing_else(bucket, put, own_cache):
    own_cache.write_bytes(b"a file where a folder should be")
    put("logs/Main/trades_2025-10-20.csv", HEAD + BUY)
    assert Logs(bucket).refresh().table.num_rows == 1


def test_rows_of_the_single_file_that_daily_files_repeat_are_counted_once(bucket, put):
    put("logs/Main/trades.csv", HEAD + BUY + SELL + buy("2025-10-22T09:00:01", "BTC", 1e8, 0.1))
    put("logs/Main/trades_2025-10-21.csv", HEAD + SELL)
    put("logs/other/trades.csv", HEAD + SELL)
    snapshot = Logs(bucket).refresh()
    assert snapshot.only("Main").num_rows == 3
    assert snapshot.only("other").num_rows == 1
    fact = "1 rows that daily files have as well; counted once"
    assert snapshot.problems == (Problem("logs/Main/trades.csv", None, fact),)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_told_and_tried_again(bucket, put):
    path = put("logs/Main/trades_2025-10-20.csv", HEAD + BUY)
    path.chmod(0)
    logs = Logs(bucket)
    assert "cannot be read" in logs.refresh().problems[0].reason
    path.chmod(0o600)
    assert logs.refresh().table.num_rows == 1


def test_a_folder_that_cannot_be_listed_hides_neither_others_nor_what_was_read_of_it(bucket, put, closed):
    put("logs/Main/trades_2025-10-20.csv", HEAD + BUY)
    put("logs/Alt/trades_2025-10-20.csv", HEAD + BUY)
    put("logs/Alt/sub/trades_2025-10-20.csv", HEAD + buy("2025-10-20T09:00:01", "BTC", 1e8, 0.1))
    logs = Logs(bucket)
    before = logs.refresh()
    closed.add("Alt")
    put("logs/Main/trades_2025-10-21.csv", HEAD + SELL)
    during = logs.refresh()
    assert [during.only(name).num_rows for name in ("Main", "Alt", "Alt/sub")] == [2, 1, 1]
    assert during.accounts == before.accounts
    fact = "cannot be listed: Permission denied; what was read of it before still counts"
    assert during.problems == (Problem("logs/Alt/", None, fact),)
    assert during.unread == {"Alt", "Alt/sub"}
    assert logs.signs().accounts == before.accounts
    closed.clear()
    after = logs.refresh()
    assert (after.problems, after.unread) == ((), frozenset())


def test_a_folder_that_could_never_be_listed_is_an_account_that_is_not_known(bucket, put, closed):
    put("logs/Main/trades_2025-10-20.csv", HEAD + BUY)
    put("logs/Alt/trades_2025-10-20.csv", HEAD + BUY)
    closed.add("Alt")
    snapshot = Logs(bucket).refresh()
    assert snapshot.accounts == ("Alt", "Main")
    assert snapshot.held("Alt").state == "unreadable"
    assert snapshot.unread == {"Alt"}


def test_the_folder_of_all_logs_that_cannot_be_listed_is_one_line_and_what_was_read_counts(bucket, put, closed):
    put("bot-logs/Old/trades_2025-10-20.csv", HEAD + BUY)
    put("logs/trades_2025-10-20.csv", HEAD + buy("2025-10-20T09:00:02", "BTC", 1e8, 0.1))
    put("logs/Main/trades_2025-10-20.csv", HEAD + buy("2025-10-20T09:00:01", "BTC", 1e8, 0.1))
    logs = Logs(bucket)
    before = logs.refresh()
    closed.add("logs")
    put("bot-logs/Old/trades_2025-10-21.csv", HEAD + SELL)
    during = logs.refresh()
    assert during.accounts == before.accounts == ("Main", "Old", "logs")
    assert [during.only(name).num_rows for name in during.accounts] == [1, 2, 1]
    fact = "cannot be listed: Permission denied; what was read of it before still counts"
    assert during.problems == (Problem("logs/", None, fact),)
    assert during.unread == {"Main", "logs"}
    fresh = Logs(bucket).refresh()
    assert (fresh.accounts, fresh.faults) == (("Old",), {"logs": "Permission denied"})
    closed.clear()
    assert (logs.refresh().problems, logs.refresh().unread) == ((), frozenset())


def test_the_only_folder_of_logs_that_could_never_be_listed_is_an_error(bucket, put, closed):
    put("logs/Main/trades_2025-10-20.csv", HEAD + BUY)
    closed.add("logs")
    with pytest.raises(BucketError, match="failed at 'logs': Permission denied"):
        Logs(bucket).refresh()


def test_a_file_that_fails_once_is_told_and_tried_again(bucket, put):
    put("logs/Main/trades_2025-10-20.csv", HEAD + BUY)
    put("logs/Main/positions.json", POSITIONS)
    reads, failing = Bucket.open, [True]

    def flaky(key):
        if failing[0]:
            from cqs_core import BucketError

            raise BucketError("bucket 'b' failed at 'x': 503")
        return reads(bucket, key)

    bucket.open = flaky  # type: ignore[method-assign]
    logs = Logs(bucket)
    snapshot = logs.refresh()
    assert snapshot.held("Main").state == "unreadable"
    assert snapshot.problems[0].file == "logs/Main/trades_2025-10-20.csv"
    failing[0] = False
    snapshot = logs.refresh()
    assert (snapshot.table.num_rows, snapshot.problems, snapshot.held("Main").state) == (1, (), "ok")


def test_names_that_climb_out_of_a_remote_bucket_are_told_and_not_read():
    bucket = Bucket("memory://climbing")
    bucket._storage.fs.pipe_file("/climbing/logs/../../x/trades_2025-10-20.csv", HEAD + BUY)
    bucket.write("logs/Main/trades_2025-10-20.csv", HEAD + BUY)
    snapshot = Logs(bucket).refresh()
    assert snapshot.table.num_rows == 1


@pytest.mark.once
def test_ten_thousand_accounts_are_read(bucket, put, folder):
    for i in range(10_000):
        put(f"logs/account {i}/trades_2025-10-20.csv", HEAD + BUY)
    snapshot = Logs(bucket).refresh()
    assert (len(snapshot.accounts), snapshot.table.num_rows) == (10_000, 10_000)


def test_get_bot_logs_gives_the_rows_of_a_day(folder, put):
    put("logs/Main/trades_2025-10-20.csv", day(BUY))
    put("logs/Main/trades_2025-10-21.csv", day(SELL, sell("2025-10-21T09:00:00", "BTC", 2e8, 0.1, 1e8)))
    frame = get_bot_logs(date="2025-10-21", account="Main", bucket=str(folder))
    assert list(frame.columns) == HEAD.decode().strip().split(",")
    assert frame["action"].tolist() == ["SELL", "SELL"]
    assert frame["date"].tolist() == ["2025-10-21"] * 2
    assert frame["profit_krw"].tolist() == [105263.15789472, 1e7]
    assert str(frame["timestamp"][0]) == "2025-10-20 15:00:01.625003+00:00"
    assert len(get_bot_logs("2025-10-19", "Main", str(folder))) == 0


def test_get_bot_logs_refuses_what_is_not_there(folder, put):
    put("logs/Main/trades_2025-10-20.csv", day(BUY))
    with pytest.raises(UnknownName, match="did you mean 'Main'"):
        get_bot_logs("2025-10-20", "main", str(folder))
    with pytest.raises(UnknownName):
        get_bot_logs("2025-10-20", "../../etc", str(folder))
    with pytest.raises(UsageError, match="not a date"):
        get_bot_logs("yesterday", "Main", str(folder))


def test_real_logs_are_read_without_a_problem(real):
    snapshot = Logs(real).refresh()
    assert (snapshot.accounts, snapshot.problems) == (("Main",), ())
    assert snapshot.table.num_rows == 1089
    assert snapshot.held("Main").state == "ok"
    assert ROWS.names[-1] == "line"


class Dying(io.BytesIO):
    """A file on a disk that fails after some bytes."""

    def __init__(self, data: bytes, good: int) -> None:
        super().__init__(data)
        self.good = good

    def read(self, size=-1):
        if self.tell() >= self.good or size is None or size < 0:
            raise OSError(5, "Input/output error")
        return super().read(min(size, self.good))


@pytest.mark.parametrize("large", [1, 16 << 20], ids=["large", "small"])
@pytest.mark.parametrize("good", [0, 200], ids=["at once", "in the middle"])
def test_an_io_error_within_a_file_names_it_and_the_others_are_read(bucket, put, monkeypatch, large, good):
    monkeypatch.setattr("cqs_monitor.logs.sources.LARGE", large)
    bad = "logs/Main/trades_2025-10-21.csv"
    for name in ("20", "21", "22"):
        put(f"logs/Main/trades_2025-10-{name}.csv", HEAD + BUY.replace(b"23:59:59", b"23:59:" + name.encode()) + SELL)
    put("logs/Main/positions.json", b"{}")
    failing = [bad, "logs/Main/positions.json"]
    monkeypatch.setattr(
        bucket, "open", lambda key: Dying(bucket.read(key), good) if key in failing else Bucket.open(bucket, key)
    )
    logs = Logs(bucket)
    snapshot = logs.refresh()
    assert snapshot.table.num_rows == 3  # the sale of the 20th is in the 22nd too
    reason = "cannot be read: OSError: [Errno 5] Input/output error"
    assert Problem(bad, None, reason) in snapshot.problems
    assert snapshot.held("Main").state == ("ok" if good and large == 1 else "unreadable")
    assert snapshot.unread == {"Main"}
    failing.clear()
    snapshot = logs.refresh()
    assert (snapshot.table.num_rows, snapshot.unread, snapshot.held("Main").state) == (4, frozenset(), "ok")
    assert not any("cannot be read" in problem.reason for problem in snapshot.problems)
