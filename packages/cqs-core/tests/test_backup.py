"""Backup and restore: whole, checked, while writers run, and never over other data."""

from __future__ import annotations

import json
import os
import threading

import pytest

from cqs_core import Bucket, DataError, Lake, Series, UsageError
from cqs_core.cli import run_command
from cqs_core.files import NewerFormat
from cqs_core.jobs.backup import backup, restore
from cqs_core.testing.candles import flat_table
from cqs_core.time.intervals import DAY

BTC = Series("upbit", "BTC/KRW", "1d")


@pytest.fixture
def source(tmp_path):
    """A bucket with candles, a run and a log."""
    bucket = Bucket(str(tmp_path / "source"))
    for n in range(3):
        Lake(bucket).append(BTC, flat_table(3, 3 * n * DAY, 7.0), 3 * n * DAY, 3 * (n + 1) * DAY)
    bucket.write("runs/x/manifest.json", b"{}")
    bucket.write("logs/Main/trades_2026-01-01.csv", b"a\n")
    bucket.write("alerts/lease/000000000001.json", b"{}")
    return bucket


@pytest.fixture
def target(tmp_path):
    return Bucket(str(tmp_path / "target"))


def content(bucket):
    return {entry.key: bucket.read(entry.key) for entry in bucket.list() if "lease" not in entry.key}


def test_a_backup_has_everything_but_the_lease_and_a_second_one_copies_nothing(source, target):
    done = backup(source, target)
    assert content(target) == content(source)
    assert (done.objects, done.unchanged) == (len(content(source)), 0)
    assert not [entry for entry in target.list() if "lease" in entry.key]
    assert backup(source, target).objects == 0


def test_what_is_new_or_grew_is_copied(source, target):
    backup(source, target)
    source.write("logs/Main/trades_2026-01-01.csv", b"a\nb\n")
    Lake(source).append(BTC, flat_table(3, 9 * DAY, 7.0), 9 * DAY, 12 * DAY)
    assert backup(source, target).objects == 3  # the log, an object and its receipt
    assert content(target) == content(source)


def test_an_edit_that_keeps_the_size_is_copied(source, target):
    backup(source, target)
    source.write("config/alerts.toml", b"old")
    backup(source, target)
    source.write("config/alerts.toml", b"new")
    later = (target.folder / "config/alerts.toml").stat().st_mtime + 10
    os.utime(source.folder / "config/alerts.toml", (later, later))
    assert backup(source, target).objects == 1
    assert target.read("config/alerts.toml") == b"new"


def test_and_back_it_verifies(source, target, tmp_path):
    backup(source, target)
    again = Bucket(str(tmp_path / "again"))
    restore(target, again)
    assert content(again) == content(source)
    assert [one.problems for one in Lake(again).verify()] == [[]]


def test_over_gcs_and_back(source, gcs_bucket, tmp_path):
    remote = Bucket(gcs_bucket)
    backup(source, remote)
    restore(remote, again := Bucket(str(tmp_path / "again")))
    assert content(again) == content(source)


def test_a_restore_over_other_data_is_refused_and_touches_nothing(source, target):
    target.write("runs/other/manifest.json", b"{}")
    with pytest.raises(UsageError, match="has 1 objects that the backup does not have or that differ, such as"):
        restore(source, target)
    assert list(content(target)) == ["runs/other/manifest.json"]


def test_a_restore_that_was_cut_off_goes_on(source, target):
    for key, data in list(content(source).items())[:3]:
        target.write(key, data)
    assert restore(source, target).unchanged == 3
    assert content(target) == content(source)


@pytest.mark.parametrize("place", ["source", "source/inside", ".", "source/../source"])
def test_a_backup_into_the_bucket_itself_is_refused(source, tmp_path, place, capsys):
    assert run_command(["backup", str(tmp_path / place), "--bucket", source.url]) == 2
    assert "are the same bucket, or one is inside the other" in capsys.readouterr().err
    assert not (tmp_path / "source" / "inside").exists()


def test_a_damaged_object_is_named_and_not_copied(source, target):
    [first, *_] = Lake(source).objects(BTC)
    (source.folder / first.key).write_bytes(b"x" * first.size)
    with pytest.raises(DataError, match="is damaged in"):
        backup(source, target)
    assert not target.exists(first.key)


def test_a_storage_that_stores_something_else_is_noticed(source, target, monkeypatch):
    write = Bucket.write
    monkeypatch.setattr(Bucket, "write", lambda self, key, data: write(self, key, data[:-1] + b"?" if data else data))
    with pytest.raises(DataError, match="reads differently"):
        backup(source, target)


def test_a_newer_lake_is_refused(source, target):
    source.write("data/candles/_format_2", b"{}")
    with pytest.raises(NewerFormat):
        backup(source, target)


def test_receipts_and_manifests_come_last(source, target, monkeypatch):
    written, write = [], Bucket.write

    def noted(self, key, data):
        written.append(key)
        write(self, key, data)

    monkeypatch.setattr(Bucket, "write", noted)
    backup(source, target)
    ends = [key.endswith(("manifest.json", ".receipt")) for key in written]
    assert ends == sorted(ends)


def test_writers_and_compaction_at_the_same_time_cost_no_candle(source, target):
    stop = threading.Event()
    lake = Lake(Bucket(source.url))

    def work():
        n = 3
        while not stop.is_set():
            lake.append(BTC, flat_table(3, 3 * n * DAY, 7.0), 3 * n * DAY, 3 * (n + 1) * DAY)
            lake.compact(grace=-1)
            n += 1

    thread = threading.Thread(target=work)
    thread.start()
    try:
        for _ in range(5):
            backup(source, target)
            assert [one.problems for one in Lake(Bucket(target.url)).verify()] == [[]]
    finally:
        stop.set()
        thread.join()
    backup(source, target)
    assert Lake(Bucket(target.url)).read(BTC).equals(lake.read(BTC))


def test_the_commands(source, target, tmp_path, capsys):
    assert run_command(["backup", target.url, "--bucket", source.url, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["objects"] == len(content(source))
    assert run_command(["restore", target.url, "--bucket", str(tmp_path / "new")]) == 0
    assert "copied and read back, 0 were there" in capsys.readouterr().out
    assert run_command(["restore", str(tmp_path / "nothing"), "--bucket", str(tmp_path / "new")]) == 2


def test_an_empty_bucket_is_refused_in_one_line(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert run_command(["backup", str(tmp_path / "copy"), "--bucket", str(tmp_path / "empty")]) == 2
    said = capsys.readouterr().err
    assert (said.count("\n"), "empty' is empty, so there is nothing to copy" in said) == (1, True), said
    assert Bucket(str(tmp_path / "copy")).list() == []


def test_a_restore_of_an_empty_backup_is_refused(source, target, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert run_command(["restore", str(tmp_path / "empty"), "--bucket", target.url]) == 2
    said = capsys.readouterr().err
    assert (said.count("\n"), "has no backup" in said) == (1, True), said
    assert target.list() == []
