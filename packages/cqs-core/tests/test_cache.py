"""The local cache of remote objects: shared by processes, bounded, and never believed when torn."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cqs_core import Bucket, BucketError, DataError, Lake, Series, UsageError
from cqs_core.bucket.cache import ObjectCache, cache_limit, digest
from cqs_core.testing.candles import flat_table
from cqs_core.time.intervals import DAY

BTC = Series("upbit", "BTC/KRW", "1d")
READER = """
import sys, time
from cqs_core import Lake, Series
lake, until, reads = Lake(sys.argv[1]), time.time() + float(sys.argv[2]), 0
print("ready", flush=True)
while time.time() < until:
    found = lake.read(Series("upbit", "BTC/KRW", "1d"))
    assert found.num_rows == 120, found.num_rows
    assert found.column("close").to_pylist() == [float(n // 10) for n in range(120)]
    reads += 1
print(reads)
"""
DOWNLOADER = """
import sys
from pathlib import Path
from cqs_core.bucket.cache import ObjectCache
print("ready", flush=True)
n = 0
while True:
    n += 1
    ObjectCache(Path(sys.argv[1])).paths("gs://x", [f"{n % 5}-{n}"], lambda keys: {k: b"x" * 2_000_000 for k in keys})
"""


class Source:
    """A remote that counts what is asked, and may tear it."""

    def __init__(self, objects):
        self.objects, self.asked, self.torn = objects, [], {}

    def __call__(self, keys):
        self.asked += keys
        found = {key: self.objects[key] for key in keys if key in self.objects}
        for key in keys:
            if self.torn.get(key):
                self.torn[key] -= 1
                found[key] = found[key][:-1]
        return found


def named(data: bytes) -> str:
    return f"data/x_{digest(data)}.parquet"


@pytest.fixture
def cache(tmp_path):
    return ObjectCache(tmp_path / "objects", limit=1000)


def age(path, seconds: float = 7200) -> None:
    old = time.time() - seconds
    os.utime(path, (old, old))


def test_an_object_is_fetched_once(cache):
    source = Source({"a": b"1", "b": b"2"})
    for _ in range(3):
        assert [Path(p).read_bytes() for p in cache.paths("gs://x", ["b", "a"], source)] == [b"2", b"1"]
    assert sorted(source.asked) == ["a", "b"]


def test_two_buckets_do_not_share_an_object(cache):
    (one,), (other,) = (cache.paths(root, ["a"], Source({"a": root.encode()})) for root in ("gs://x", "gs://y"))
    assert Path(one).read_bytes() == b"gs://x"
    assert Path(other).read_bytes() == b"gs://y"


def test_an_absent_object_is_said_and_nothing_is_kept(cache):
    with pytest.raises(FileNotFoundError):
        cache.paths("gs://x", ["a", "b"], Source({"a": b"1"}))
    assert not [p for p in cache.folder.iterdir() if p.suffix == ".tmp"]


def test_a_torn_download_is_asked_for_again(cache):
    data = b"whole" * 100
    source = Source({named(data): data})
    source.torn[named(data)] = 1
    (path,) = cache.paths("gs://x", [named(data)], source)
    assert Path(path).read_bytes() == data
    assert len(source.asked) == 2


def test_what_stays_torn_is_named_and_not_kept(cache):
    data = b"whole" * 100
    source = Source({named(data): data})
    source.torn[named(data)] = 9
    with pytest.raises(DataError, match="its bytes are not those that its name promises; run `cqs data verify`"):
        cache.paths("gs://x", [named(data)], source)
    assert not list(cache.folder.glob("*.parquet"))
    source.torn.clear()
    assert Path(cache.paths("gs://x", [named(data)], source)[0]).read_bytes() == data


@pytest.mark.parametrize("spoil", [lambda d: b"", lambda d: d[:-3], lambda d: bytes(len(d)), lambda d: b"W" + d[1:]])
def test_a_copy_that_something_spoiled_is_fetched_again(cache, spoil):
    data = b"whole" * 100
    source = Source({named(data): data})
    path = Path(cache.paths("gs://x", [named(data)], source)[0])
    path.write_bytes(spoil(data))
    assert Path(cache.paths("gs://x", [named(data)], source)[0]).read_bytes() == data
    assert len(source.asked) == 2


def test_the_oldest_go_first_and_the_fresh_stay(cache):
    source = Source({str(n): bytes(300) for n in range(10)})
    paths = [cache.paths("gs://x", [str(n)], source)[0] for n in range(6)]
    assert all(Path(path).exists() for path in paths), "what was used in the last minute stays, whatever the limit"
    for n, path in enumerate(paths):
        age(path, 7200 - n)
    cache.paths("gs://x", ["2"], source)  # a use makes it young again
    cache.paths("gs://x", ["9"], source)
    assert [n for n, path in enumerate(paths) if Path(path).exists()] == [2, 5]


def test_what_a_killed_process_left_is_swept_up(cache):
    cache.paths("gs://x", ["a"], Source({"a": b"1"}))
    young, old = cache.folder / "x.1.tmp", cache.folder / "x.2.tmp"
    for path in (young, old):
        path.write_bytes(b"half")
    age(old)
    cache.paths("gs://x", ["b"], Source({"b": b"1"}))
    assert young.exists()
    assert not old.exists()


def test_only_one_process_evicts(cache):
    import fcntl

    source = Source({str(n): bytes(900) for n in range(4)})
    (old,) = cache.paths("gs://x", ["0"], source)
    age(old)
    with (cache.folder / ".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        cache.paths("gs://x", ["1"], source)  # does not wait, and leaves it to the other
        assert Path(old).exists()
    cache.paths("gs://x", ["2"], source)
    assert not Path(old).exists()


@pytest.mark.parametrize("wait", [0.0, 0.004, 0.02])
def test_a_killed_download_is_not_believed(tmp_path, wait):
    with subprocess.Popen([sys.executable, "-c", DOWNLOADER, str(tmp_path)], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
    whole = [p for p in tmp_path.iterdir() if p.suffix != ".tmp" and p.name != ".lock"]
    assert all(path.stat().st_size == 2_000_000 for path in whole)


@pytest.mark.once
def test_processes_share_it_while_it_is_evicted_under_them(gcs_bucket, own_folders, monkeypatch):
    monkeypatch.setenv("CQS_CACHE_BYTES", "4000")
    lake = Lake(gcs_bucket)
    for n in range(12):
        lake.append(BTC, flat_table(10, n * 10 * DAY, float(n)), n * 10 * DAY, (n + 1) * 10 * DAY)
    with contextlib.ExitStack() as stack:
        readers = [stack.enter_context(reading(gcs_bucket, seconds=4)) for _ in range(3)]
        for reader in readers:
            reader.stdout.readline()
        gone = disturbed(own_folders / "cache" / "objects", readers)
        for reader in readers:
            assert int(reader.communicate()[0]) > 0
            assert reader.returncode == 0
    assert gone > 10


def reading(url: str, seconds: int):
    return subprocess.Popen([sys.executable, "-c", READER, url, str(seconds)], stdout=subprocess.PIPE, text=True)


def disturbed(folder: Path, readers) -> int:
    """While they read: make every copy look old, so that readers evict it from one another, and remove some."""
    gone = 0
    while any(reader.poll() is None for reader in readers):
        for path in (files := [*folder.glob("*.parquet")]):
            with contextlib.suppress(FileNotFoundError):
                age(path)
        for path in random.sample(files, min(1, len(files))):
            path.unlink(missing_ok=True)
            gone += 1
        time.sleep(0.03)
    return gone


def test_the_limit_is_a_number_of_bytes(monkeypatch):
    assert cache_limit() == 8 << 30
    monkeypatch.setenv("CQS_CACHE_BYTES", "123")
    assert cache_limit() == 123
    for wrong in ("8G", "-1", "1.5", "²"):
        monkeypatch.setenv("CQS_CACHE_BYTES", wrong)
        with pytest.raises(UsageError, match=r"CQS_CACHE_BYTES is .*; write a whole number of bytes"):
            cache_limit()


def test_a_cache_folder_that_cannot_be_made_is_named(gcs_bucket, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("CQS_CACHE_DIR", str(tmp_path / "file"))
    bucket = Bucket(gcs_bucket)
    bucket.write("a", b"1")
    with pytest.raises(
        BucketError, match="cannot be written: Not a directory; make room there, or name another folder with"
    ):
        bucket.paths(["a"])
