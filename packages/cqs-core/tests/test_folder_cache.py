"""What was made of a folder is remembered over processes, and never outlives a change of it."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cqs_core import Bucket, Lake, Series
from cqs_core.bucket import folder_cache as caches
from cqs_core.bucket import listing
from cqs_core.files.folders import cache_folder
from cqs_core.lake.catalog import objects_by_series
from cqs_core.lake.status import series_status
from cqs_core.testing.candles import flat_table
from cqs_core.time.intervals import DAY

REST = 0.03  # seconds that tests wait; several ticks of the clocks of file systems
COMPACTOR = """
import random, sys, time
from cqs_core import Lake
while True:
    Lake(sys.argv[1]).compact(grace=0.1)
    time.sleep(random.choice([0.05, 0.3]))
"""

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(not listing._disks(0), reason="this system does not tell its file systems"),
]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch, tmp_path_factory):
    monkeypatch.setattr(listing, "_REST", int(REST * 0.7e9))
    monkeypatch.setenv("CQS_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))


class Names:
    """Makes the names of a folder's files, and notes which folders it was asked about."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, folder, entries):
        self.asked.append(folder)
        return [entry.key.rpartition("/")[2] for entry in entries]


def new_process() -> None:
    caches._opened.cache_clear()


def each(bucket, names=None):
    return bucket.each_folder("a", "names", names or Names())


def truth(bucket):
    found = {}
    for entry in bucket.list("a"):
        folder, _, name = entry.key.rpartition("/")
        found.setdefault(folder, []).append(name)
    return found


def test_a_folder_at_rest_is_looked_at_once_for_all_processes(tmp_path):
    bucket, names = Bucket(tmp_path), Names()
    for key in ("a/x", "a/b/y", "a/b/c/z"):
        bucket.write(key, b"x")
    time.sleep(REST)
    first = each(bucket, names)
    assert first == {"a": ["x"], "a/b": ["y"], "a/b/c": ["z"]}
    for _ in range(2):
        new_process()
        assert each(Bucket(tmp_path), names) == first
    assert names.asked == ["a", "a/b", "a/b/c"]
    bucket.write("a/b/more", b"x")
    assert each(bucket, names)["a/b"] == ["more", "y"]
    assert names.asked[3:] == ["a/b"]


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"[1]", b'[99, {"a": []}]', b"[1, 7]", b"\xff\x00"])
def test_a_memory_that_cannot_be_read_is_no_memory(tmp_path, damage):
    bucket = Bucket(tmp_path)
    bucket.write("a/x", b"x")
    time.sleep(REST)
    each(bucket)
    [file] = (cache_folder() / "folders").iterdir()
    file.write_bytes(damage)
    new_process()
    assert each(bucket) == {"a": ["x"]}


def test_where_nothing_can_be_written_it_works_all_the_same(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CQS_CACHE_DIR", str(tmp_path / "file"))
    bucket = Bucket(tmp_path / "bucket")
    bucket.write("a/x", b"x")
    time.sleep(REST)
    for _ in range(2):
        new_process()
        assert each(bucket) == {"a": ["x"]}


def test_folders_that_are_gone_are_forgotten(tmp_path):
    bucket = Bucket(tmp_path)
    bucket.write("a/b/x", b"x")
    bucket.write("a/c/x", b"x")
    time.sleep(REST)
    each(bucket)
    bucket.delete(["a/b/x"])
    (tmp_path / "a" / "b").rmdir()
    time.sleep(REST)
    assert each(bucket) == {"a/c": ["x"]}
    [file] = (cache_folder() / "folders").iterdir()
    assert set(json.loads(file.read_text())[1]) == {"a", "a/c"}


def test_what_a_link_leads_to_is_looked_at_each_time(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x").write_bytes(b"x")
    (tmp_path / "bucket" / "a").mkdir(parents=True)
    (tmp_path / "bucket" / "a" / "b").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "bucket" / "a" / "circle").symlink_to(tmp_path / "bucket" / "a")
    bucket = Bucket(tmp_path / "bucket")
    time.sleep(REST)
    assert each(bucket) == {"a/b": ["x"]}
    (tmp_path / "elsewhere").rename(tmp_path / "away")
    assert each(bucket) == {}


KEYS = st.sampled_from(["a/x", "a/y", "a/b/x", "a/b/y", "a/b/c/x"])
STEPS = st.tuples(st.sampled_from(["write", "write", "delete", "swap", "set back", "wait", "new process"]), KEYS)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, min_size=3, max_size=12))
def test_whatever_happens_it_is_what_is_there(tmp_path_factory, steps):
    bucket = Bucket(tmp_path_factory.mktemp("bucket"))
    for n, (what, key) in enumerate(steps):
        act(bucket, what, key, n)
        assert each(bucket) == truth(bucket)


def act(bucket: Bucket, what: str, key: str, n: int) -> None:
    folder = (bucket.folder / key).parent
    if what == "write":
        bucket.write(key, b"x" * n)
    elif what == "delete":
        bucket.delete([key])
    elif what == "wait":
        time.sleep(REST)
    elif what == "new process":
        new_process()
    elif what == "set back" and folder.exists():
        os.utime(folder, (1000, 1000))
    elif what == "swap" and folder.exists():
        folder.rename(folder.with_name(f"was{n}"))


def test_status_beside_a_compactor_and_other_readers_is_true(tmp_path):
    lake, series = Lake(Bucket(tmp_path)), [Series("upbit", f"{c}/KRW", "1d") for c in "ABC"]
    table, chance, day = flat_table(4000), random.Random(5), dict.fromkeys(series, 0)
    with subprocess.Popen([sys.executable, "-c", COMPACTOR, str(tmp_path)]) as compactor, ThreadPoolExecutor(3) as pool:
        while sum(day.values()) <= 60:
            one = chance.choice(series)
            lake.append(one, table.slice(day[one], 1), day[one] * DAY, (day[one] + 1) * DAY)
            day[one] += 1
            if chance.random() < 0.2:
                time.sleep(REST)
                new_process()
            for found in pool.map(lambda _: Lake(Bucket(tmp_path)).status(), range(3)):
                assert {status.series: status.rows for status in found} == {s: n for s, n in day.items() if n}
        assert compactor.poll() is None
        compactor.kill()
    fresh = [
        series_status(lake.bucket, one, objects) for one, objects in sorted(objects_by_series(lake.bucket).items())
    ]
    assert list(lake.status()) == fresh
