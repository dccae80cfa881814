"""Contract tests of buckets; one suite for local folders, `memory://` and `gs://`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cqs_core.errors import UsageError

if TYPE_CHECKING:
    from cqs_core.bucket import Bucket

NAMES = (
    "logs/Main/trades_2025-10-21.csv",
    "logs/메인 🚀/trades_2025-10-21 (1).csv",
    "logs/50%/a#b?c=d&e+f",
    "logs/[a-z]*/positions.json",
    "logs/wh?t..ever~/no.csv",
    "data/candles/exchange=upbit/market=BTC-USDT%3AUSDT/interval=1d/x.parquet",
)
ESCAPES = ("", "/etc/passwd", "..", "../x", "a/../../x", "a//b", "a/", "./a", "a/.", "a\0b", "a/" + "x" * 256, "\ud800")


class BucketContract:
    """A subclass gives the fixture `bucket`: an empty `Bucket`."""

    def test_what_is_written_is_read(self, bucket: Bucket) -> None:
        data = bytes(range(256)) * 40
        bucket.write("a/b/c.bin", data)
        assert bucket.read("a/b/c.bin") == data

    def test_empty_objects_are_objects(self, bucket: Bucket) -> None:
        bucket.write("empty", b"")
        assert bucket.read("empty") == b""
        assert [(e.key, e.size) for e in bucket.list()] == [("empty", 0)]
        assert bucket.read_many(["empty"]) == {"empty": b""}

    def test_a_second_write_replaces_the_first(self, bucket: Bucket) -> None:
        bucket.write("k", b"one, and longer")
        before = bucket.list()[0]
        bucket.write("k", b"two")
        after = bucket.list()[0]
        assert bucket.read("k") == b"two"
        assert before.tag != after.tag

    def test_an_absent_object_is_said_to_be_absent(self, bucket: Bucket) -> None:
        bucket.write("a/b", b"1")
        for key in ("nothing", "a", "a/b/c", "a/nothing"):
            with pytest.raises(FileNotFoundError, match="no such object"):
                bucket.read(key)
            assert not bucket.exists(key)
        assert bucket.exists("a/b")

    def test_create_stores_once(self, bucket: Bucket) -> None:
        assert bucket.create("lock", b"first")
        assert not bucket.create("lock", b"second")
        assert bucket.read("lock") == b"first"

    def test_of_several_creators_one_wins(self, bucket: Bucket) -> None:
        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(lambda n: bucket.create("race", bytes([n])), range(8)))
        assert sum(won) == 1
        assert bucket.read("race") == bytes([won.index(True)])

    def test_delete_removes_and_does_not_mind_absent_ones(self, bucket: Bucket) -> None:
        bucket.write("a", b"1")
        bucket.write("b", b"2")
        bucket.delete(["a", "never there"])
        bucket.delete([])
        assert [e.key for e in bucket.list()] == ["b"]

    def test_a_listing_is_sorted_recursive_and_of_one_folder(self, bucket: Bucket) -> None:
        for key in ("logs2/z", "logs/b/y", "logs/a/x", "logs/top"):
            bucket.write(key, b"123")
        assert [e.key for e in bucket.list()] == ["logs/a/x", "logs/b/y", "logs/top", "logs2/z"]
        assert [e.key for e in bucket.list("logs")] == ["logs/a/x", "logs/b/y", "logs/top"]
        assert bucket.list("log") == bucket.list("logs/top") == bucket.list("nowhere") == []
        assert {e.size for e in bucket.list()} == {3}

    def test_a_listing_says_when_and_what(self, bucket: Bucket) -> None:
        bucket.write("k", b"1")
        entry = bucket.list()[0]
        assert entry.modified is None or entry.modified > 1_600_000_000
        assert entry.tag
        assert bucket.list()[0] == entry

    def test_a_census_counts_by_folder_and_changes_with_any_object(self, bucket: Bucket) -> None:
        for key in ("logs2/z", "logs/b/y", "logs/b/x", "logs/a b/c/x", "logs/top", "logs/b/z.tmp"):
            bucket.write(key, b"123")
        found = bucket.census("logs")
        assert {folder: census.names for folder, census in found.items()} == {
            "logs": ("top",),
            "logs/a b/c": ("x",),
            "logs/b": ("x", "y"),
        }
        assert all(len(census.stats) == 3 * 8 * len(census.names) for census in found.values())
        assert bucket.census("logs") == found
        bucket.write("logs/b/x", b"456")
        changed = bucket.census("logs")
        assert [folder for folder in found if changed[folder] != found[folder]] == ["logs/b"]
        assert bucket.census("nowhere") == {}

    def test_folders_are_named(self, bucket: Bucket) -> None:
        for key in ("logs/b/y", "logs/a/x", "logs/top", "other/z"):
            bucket.write(key, b"1")
        assert list(bucket.folders()) == ["logs", "other"]
        assert list(bucket.folders("logs")) == ["a", "b"]
        assert list(bucket.folders("nowhere")) == list(bucket.folders("logs/top")) == []

    def test_unfinished_objects_and_marks_are_not_listed_but_accounts_with_a_dot_are(self, bucket: Bucket) -> None:
        for key in ("logs/.heartbeat", "logs/a.tmp", ".cqs-demo", ".git/x", "logs/.x/y", "logs/plain"):
            bucket.write(key, b"1")
        assert [e.key for e in bucket.list()] == ["logs/.heartbeat", "logs/.x/y", "logs/plain"]
        assert list(bucket.folders()) == ["logs"]
        assert list(bucket.folders("logs")) == [".x"]
        assert bucket.read(".cqs-demo") == b"1"

    @pytest.mark.parametrize("key", NAMES)
    def test_names_of_others_come_back_as_they_are(self, bucket: Bucket, key: str) -> None:
        bucket.write(key, b"data")
        assert bucket.read(key) == b"data"
        assert bucket.read_many([key]) == {key: b"data"}
        assert [e.key for e in bucket.list()] == [key]
        assert [e.key for e in bucket.list(key.rpartition("/")[0])] == [key]
        assert Path(bucket.paths([key])[0]).read_bytes() == b"data"
        bucket.delete([key])
        assert not bucket.exists(key)

    @pytest.mark.parametrize("key", ESCAPES, ids=ascii)
    def test_no_name_leaves_the_bucket(self, bucket: Bucket, key: str) -> None:
        for verb in (bucket.read, bucket.exists, lambda k: bucket.write(k, b"1"), lambda k: bucket.create(k, b"1")):
            with pytest.raises(UsageError, match="name"):
                verb(key)
        for many in (bucket.delete, bucket.paths, bucket.read_many):
            with pytest.raises(UsageError, match="name"):
                many([key])
        assert bucket.list() == []

    def test_many_are_read_at_once_and_absent_ones_left_out(self, bucket: Bucket) -> None:
        keys = [f"n/{n}" for n in range(100)]
        for key in keys:
            bucket.write(key, key.encode())
        assert bucket.read_many([*keys, "n/none"]) == {key: key.encode() for key in keys}
        assert bucket.read_many([]) == {}

    def test_a_stream_reads_the_whole(self, bucket: Bucket) -> None:
        data = b"0123456789" * 1000
        bucket.write("k", data)
        with bucket.open("k") as stream:
            assert stream.read(10) == b"0123456789"
            assert stream.read() == data[10:]
        with pytest.raises(FileNotFoundError):
            bucket.open("none").read()

    def test_objects_have_local_paths(self, bucket: Bucket) -> None:
        for n in range(3):
            bucket.write(f"x/{n}.parquet", bytes([n]))
        paths = bucket.paths([f"x/{n}.parquet" for n in (2, 0, 1)])
        assert [Path(path).read_bytes() for path in paths] == [b"\2", b"\0", b"\1"]
        assert [Path(path).suffix for path in paths] == [".parquet"] * 3

    def test_the_path_of_an_absent_object_is_none_that_can_be_read(self, bucket: Bucket) -> None:
        with pytest.raises(FileNotFoundError):
            Path(bucket.paths(["none.parquet"])[0]).read_bytes()
