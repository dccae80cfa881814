"""Listings of folders that did not change are remembered; nobody ever sees an old one."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cqs_core import Bucket, Lake
from cqs_core.bucket import listing
from cqs_core.lake.object_names import ROOT
from cqs_core.testing.waiting import until

REST = 0.03  # seconds that tests wait; several ticks of the clocks of file systems
WRITER = """
import random, sys, time
from cqs_core import Lake, Series
from cqs_core.time.intervals import DAY
from cqs_core.testing.candles import flat_table
lake, day = Lake(sys.argv[1]), 0
while True:
    series = Series("upbit", random.choice("ABC") + "/KRW", "1d")
    lake.append(series, flat_table(day + 1).slice(day), day * DAY, (day + 1) * DAY)
    day += 1
    time.sleep(random.choice([0, 0.01, 0.05, 0.2]))
"""
COMPACTOR = """
import random, sys, time
from cqs_core import Lake
while True:
    Lake(sys.argv[1]).compact(grace=0.2)
    time.sleep(random.choice([0.05, 0.3]))
"""

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(not listing._disks(0), reason="this system does not tell its file systems"),
]


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(listing, "_REST", int(REST * 0.7e9))


@pytest.fixture
def scanned(monkeypatch):
    """Folders that are really read."""
    seen: list[str] = []
    scan = listing.scan
    monkeypatch.setattr(listing, "scan", lambda folder: (seen.append(folder), scan(folder))[1])
    return seen


def same(bucket: Bucket) -> bool:
    return bucket.list(immutable=True) == bucket.list()


def test_a_folder_at_rest_is_read_once(tmp_path, scanned, impatient):
    bucket = Bucket(tmp_path)
    bucket.write("a/b/x", b"x")
    time.sleep(REST)
    first = bucket.list("a", immutable=True)
    assert scanned == [str(tmp_path / "a"), str(tmp_path / "a/b")]
    assert Bucket(tmp_path).list("a", immutable=True) == first
    assert len(scanned) == 2
    bucket.write("a/b/y", b"y")
    assert [e.key for e in bucket.list("a", immutable=True)] == ["a/b/x", "a/b/y"]
    assert scanned[2:] == [str(tmp_path / "a/b")]


def test_a_folder_that_just_changed_is_not_believed(tmp_path, scanned):
    bucket = Bucket(tmp_path)
    bucket.write("a/x", b"x")
    for _ in range(3):
        bucket.list("a", immutable=True)
    assert len(scanned) == 3


def test_a_new_object_is_seen_at_once_within_a_tick_of_the_clock(tmp_path):
    bucket = Bucket(tmp_path)
    for n in range(500):
        bucket.write(f"a/{n}", b"x")
        assert len(bucket.list("a", immutable=True)) == n + 1


def test_a_network_file_system_is_not_believed(tmp_path, scanned, impatient, monkeypatch):
    monkeypatch.setattr(listing, "_disks", lambda _: frozenset())
    bucket = Bucket(tmp_path)
    bucket.write("a/x", b"x")
    time.sleep(REST)
    for _ in range(3):
        bucket.list("a", immutable=True)
    assert len(scanned) == 3


def test_what_a_link_leads_to_is_looked_at_each_time(tmp_path, impatient):
    (tmp_path / "there").write_bytes(b"x")
    (tmp_path / "bucket" / "a").mkdir(parents=True)
    (tmp_path / "bucket" / "a" / "x").symlink_to(tmp_path / "there")
    bucket = Bucket(tmp_path / "bucket")
    time.sleep(REST)
    assert len(bucket.list(immutable=True)) == 1
    (tmp_path / "there").unlink()
    assert bucket.list(immutable=True) == []


def test_times_that_somebody_sets_back_deceive_nobody(tmp_path, impatient):
    bucket = Bucket(tmp_path)
    bucket.write("a/x", b"x")
    os.utime(tmp_path / "a", (1000, 1000))
    time.sleep(REST)
    assert same(bucket)
    bucket.write("a/y", b"y")
    os.utime(tmp_path / "a", (1000, 1000))
    assert same(bucket)


NAMES = st.sampled_from(["a/x", "a/y", "a/b/x", "a/b/y", "c/x"])
STEPS = st.tuples(st.sampled_from(["write", "write", "delete", "swap", "wait"]), NAMES)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, min_size=3, max_size=12))
def test_whatever_happens_the_listing_is_the_true_one(tmp_path_factory, steps):
    before, listing._REST = listing._REST, int(REST * 0.7e9)
    bucket = Bucket(tmp_path_factory.mktemp("bucket"))
    try:
        for n, (what, name) in enumerate(steps):
            act(bucket, what, name, n)
            assert same(bucket)
    finally:
        listing._REST = before


def act(bucket: Bucket, what: str, name: str, n: int) -> None:
    folder = (bucket.folder / name).parent
    if what == "write":
        bucket.write(name, b"x" * n)
    elif what == "delete":
        bucket.delete([name])
    elif what == "wait":
        time.sleep(REST)
    elif folder.exists():
        folder.rename(folder.with_name(f"was{n}"))


@pytest.mark.parametrize("looks", [60, pytest.param(1_200, marks=[pytest.mark.soak, pytest.mark.timeout(600)])])
def test_a_reader_beside_a_writer_and_a_compactor_sees_what_there_is(tmp_path, looks, scanned, impatient):
    made = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)]) for code in (WRITER, COMPACTOR)]
    calm = remembered = 0
    try:
        until(lambda: len(Lake(Bucket(tmp_path)).series()) == 3)  # both processes have begun
        while min(calm, remembered) < looks:
            before, reads = Bucket(tmp_path).list(ROOT), len(scanned)
            found, reads_of_it = Bucket(tmp_path).list(ROOT, immutable=True), len(scanned) - reads
            if before == Bucket(tmp_path).list(ROOT):
                assert found == before
                calm += 1
                remembered += reads_of_it < 3
            time.sleep(random.choice([0, 0.001, 0.02]))
        assert [process.poll() for process in made] == [None, None]
    finally:
        for process in made:
            process.kill()
            process.wait()
    assert len(Lake(Bucket(tmp_path)).series()) == 3
