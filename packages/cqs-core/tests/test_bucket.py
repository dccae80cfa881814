"""The bucket on every storage, and what only some of them can get wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cqs_core import Bucket, BucketError, BucketUnavailable, UsageError
from cqs_core.bucket.root_folder import Root
from cqs_core.testing.bucket import BucketContract

pytestmark = pytest.mark.once

FORGER = """
import sys
from cqs_core import Bucket
bucket, n = Bucket(sys.argv[1]), 0
print("ready", flush=True)
while True:
    n += 1
    bucket.write(f"deep/er/{n % 5}", bytes([n % 256]) * 3_000_000)
"""


@pytest.fixture
def disk(tmp_path):
    """Mounts a small disk with some options, and gives its folder."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("mounts a disk: needs root on Linux")
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(options: str):
        if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(folder)], check=False).returncode:
            pytest.skip("may not mount a disk here")
        return folder

    yield mount
    if os.path.ismount(folder):
        subprocess.run(["umount", str(folder)], check=True)


class TestFolder(BucketContract):
    @pytest.fixture
    def bucket(self, tmp_path):
        return Bucket(tmp_path)


class TestMemory(BucketContract):
    @pytest.fixture
    def bucket(self, request):
        return Bucket(f"memory://{request.node.name.encode().hex()}")


class TestGcs(BucketContract):
    @pytest.fixture
    def bucket(self, gcs_bucket):
        return Bucket(gcs_bucket)


class TestFolderOfGcs(BucketContract):
    @pytest.fixture
    def bucket(self, gcs_bucket):
        Bucket(gcs_bucket).write("beside", b"not ours")
        return Bucket(f"{gcs_bucket}/some/folder/")


class TestWrites:
    @pytest.mark.parametrize("wait", [0.0, 0.003, 0.01, 0.02, 0.05])
    def test_a_killed_writer_leaves_nothing_torn(self, tmp_path, wait):
        with subprocess.Popen([sys.executable, "-c", FORGER, str(tmp_path)], stdout=subprocess.PIPE) as writer:
            writer.stdout.readline()
            time.sleep(wait)
            writer.send_signal(signal.SIGKILL)
        bucket = Bucket(tmp_path)
        for entry in bucket.list():
            data = bucket.read(entry.key)
            assert len(data) == entry.size == 3_000_000
            assert len(set(data)) == 1

    def test_what_killed_writers_left_is_swept_after_an_hour(self, tmp_path):
        old, young, foreign = (f".{letter * 32}.tmp" for letter in "abz")
        for name in (old, young, foreign, "a.tmp"):
            (tmp_path / name).write_bytes(b"half")
        for name in (old, foreign, "a.tmp"):
            os.utime(tmp_path / name, (1000, 1000))
        (tmp_path / "x").write_bytes(b"whole")
        Bucket(tmp_path.parent).sweep(tmp_path.name)
        assert {path.name for path in tmp_path.iterdir()} == {young, foreign, "a.tmp", "x"}
        Bucket(tmp_path).sweep("absent")

    def test_readers_see_one_of_two_writes_whole(self, tmp_path):
        with subprocess.Popen([sys.executable, "-c", FORGER, str(tmp_path)], stdout=subprocess.PIPE) as writer:
            writer.stdout.readline()
            seen = 0
            while seen < 100:
                for data in Bucket(tmp_path).read_many([f"deep/er/{n}" for n in range(5)]).values():
                    assert len(data) == 3_000_000
                    assert data[0] == data[-1]
                    seen += 1
            writer.kill()

    def test_a_full_disk_is_said_and_leaves_nothing(self, disk):
        bucket = Bucket(disk("size=1m"))
        bucket.write("small", b"1")
        with pytest.raises(BucketError, match="No space left on device"):
            bucket.write("large", b"x" * 2_000_000)
        assert [e.key for e in bucket.list()] == ["small"]
        assert [p.name for p in bucket.folder.iterdir()] == ["small"]

    def test_a_disk_that_may_only_be_read_is_said_before_anything_is_tried(self, disk):
        bucket = Bucket(disk("ro"))
        bucket.check()
        assert bucket.list() == []
        with pytest.raises(UsageError, match="cannot be written: Read-only file system; change that, or name another"):
            bucket.check(write=True)
        with pytest.raises(UsageError, match="cannot be written: Read-only file system"):
            Bucket(bucket.folder / "new").check(write=True)
        with pytest.raises(BucketError, match="Read-only file system"):
            bucket.write("x", b"1")


class TestFolders:
    def test_linked_folders_are_followed(self, tmp_path):
        logs = tmp_path / "bot" / "logs"
        logs.mkdir(parents=True)
        (logs / "x.csv").write_bytes(b"1")
        bucket = Bucket(tmp_path / "bucket")
        bucket.check(write=True)
        (tmp_path / "bucket" / "logs").symlink_to(logs)
        assert [e.key for e in bucket.list()] == ["logs/x.csv"]
        assert list(bucket.folders()) == ["logs"]

    def test_links_in_a_circle_end(self, tmp_path):
        (tmp_path / "a").mkdir()
        (tmp_path / "b").mkdir()
        (tmp_path / "a" / "x").write_bytes(b"1")
        (tmp_path / "a" / "to-b").symlink_to(tmp_path / "b")
        (tmp_path / "b" / "to-a").symlink_to(tmp_path / "a")
        (tmp_path / "b" / "up").symlink_to(tmp_path)
        (tmp_path / "self").symlink_to(tmp_path / "self")
        (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
        assert [e.key for e in Bucket(tmp_path).list()] == ["a/x", "b/to-a/x"]
        assert list(Bucket(tmp_path).folders()) == ["a", "b"]

    def test_what_is_no_file_is_no_object(self, tmp_path):
        os.mkfifo(tmp_path / "pipe")
        assert Bucket(tmp_path).list() == []
        assert not Bucket(tmp_path).exists("pipe")

    def test_names_that_are_not_utf8_are_listed_and_read(self, tmp_path):
        (tmp_path / os.fsdecode(b"caf\xe9")).write_bytes(b"1")
        (entry,) = Bucket(tmp_path).list()
        assert Bucket(tmp_path).read(entry.key) == b"1"


class TestCheck:
    def test_to_write_a_folder_is_made_if_its_parent_exists(self, tmp_path):
        Bucket(tmp_path / "new").check(write=True)
        assert list((tmp_path / "new").iterdir()) == []
        with pytest.raises(UsageError, match=r"does not exist; create .*no.* first"):
            Bucket(tmp_path / "no" / "parent").check(write=True)
        assert not (tmp_path / "no").exists()

    def test_to_read_a_missing_folder_is_refused(self, tmp_path):
        with pytest.raises(UsageError, match="does not exist; check the name, or fetch something first"):
            Bucket(tmp_path / "new").check()
        assert not (tmp_path / "new").exists()

    def test_a_file_is_no_bucket(self, tmp_path):
        (tmp_path / "file").write_text("x")
        for write in (False, True):
            with pytest.raises(UsageError, match="is a file; name a folder"):
                Bucket(tmp_path / "file").check(write=write)

    def test_a_file_system_that_cannot_be_written_is_told(self):
        with pytest.raises(UsageError, match="cannot be written"):
            Bucket("/proc/self").check(write=True)
        with pytest.raises(UsageError, match="cannot be written"):
            Bucket("/proc/new").check(write=True)

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
    def test_permissions_are_told(self, tmp_path):
        tmp_path.chmod(0o500)
        with pytest.raises(UsageError, match="cannot be written: Permission denied"):
            Bucket(tmp_path).check(write=True)

    def test_checking_leaves_nothing_behind(self, tmp_path):
        Bucket(tmp_path).check(write=True)
        assert list(tmp_path.iterdir()) == []


class TestDamagedRoot:
    """The folder of a bucket goes away, or another one comes in its place."""

    VERBS = (
        lambda b: b.list(),
        lambda b: b.list("a", immutable=True),
        lambda b: b.read("a/x"),
        lambda b: b.read_many(["a/x"]),
        lambda b: b.open("a/x"),
        lambda b: b.exists("a/x"),
        lambda b: b.folders(),
        lambda b: b.paths(["a/x"]),
        lambda b: b.each_folder("a", "test", lambda *_: 1),
        lambda b: b.write("a/x", b"1"),
        lambda b: b.create("b/y", b"1"),
        lambda b: b.delete(["a/x"]),
        lambda b: b.sweep("a"),
        lambda b: b.check(),
        lambda b: b.check(write=True),
        lambda b: b.confirm(),
    )

    @pytest.fixture
    def bucket(self, tmp_path):
        bucket = Bucket(tmp_path / "bucket")
        bucket.write("a/x", b"1")
        return bucket

    @pytest.mark.parametrize("other", [False, True])
    @pytest.mark.parametrize("verb", VERBS)
    def test_it_is_an_error_for_every_verb_and_nothing_is_made(self, bucket, other, verb):
        away = bucket.folder.rename(bucket.folder.with_name("away"))
        if other:
            (bucket.folder / "a").mkdir(parents=True)
        with pytest.raises(BucketUnavailable, match="is not the folder that it was" if other else "is gone"):
            verb(bucket)
        assert [p.name for p in bucket.folder.rglob("*")] == (["a"] if other else [])
        if other:
            (bucket.folder / "a").rmdir()
            bucket.folder.rmdir()
        away.rename(bucket.folder)
        assert bucket.read("a/x") == b"1"

    def test_a_bucket_opened_later_in_the_same_command_sees_it_too(self, bucket):
        bucket.check()
        bucket.folder.rename(bucket.folder.with_name("away"))
        bucket.folder.mkdir()
        with pytest.raises(BucketUnavailable):
            Bucket(bucket.folder).list()

    def test_one_that_goes_while_it_writes_is_not_said_to_be_written(self, bucket, monkeypatch):
        replace = Path.replace

        def unmounted(self, target):
            replace(self, target)
            bucket.folder.rename(bucket.folder.with_name("away"))

        monkeypatch.setattr(Path, "replace", unmounted)
        with pytest.raises(BucketUnavailable):
            bucket.write("a/y", b"1")

    def test_what_is_under_a_mount_is_not_the_bucket(self, disk):
        bucket = Bucket(disk("size=1m"))
        bucket.write("a/x", b"1")
        subprocess.run(["umount", str(bucket.folder)], check=True)
        with pytest.raises(BucketUnavailable, match="unmounted or replaced"):
            bucket.write("a/y", b"1")
        assert list(bucket.folder.iterdir()) == []

    def test_a_disk_that_comes_back_under_another_number_is_the_same(self, tmp_path):
        root = Root(tmp_path)
        root.check()
        device, inode = root._place
        root._place = device + 1, inode
        root.check()
        root._place = device + 1, inode + 1
        with pytest.raises(BucketUnavailable):
            root.check()

    def test_folders_are_made_below_a_root_that_is_made_only_beside_others(self, tmp_path):
        bucket = Bucket(tmp_path / "no" / "parent")
        for verb in (lambda: bucket.write("x", b"1"), bucket.list):
            with pytest.raises(UsageError, match="does not exist"):
                verb()
        assert not (tmp_path / "no").exists()


class TestUrls:
    @pytest.mark.parametrize(
        ("url", "told"),
        [
            ("", "is empty; name a folder or gs://name"),
            ("  ", "is empty"),
            ("s4://x", "unknown or no storage, 's4'; use a folder or gs://name"),
            ("https://example.com/x", "unknown or no storage, 'https'"),
            ("://x", "no folder|does not exist"),
            ("gs://", "has no name; write gs://name"),
            ("gs:///", "has no name; write gs://name"),
            ("memory://", "has no name; write memory://name"),
            ("gs:name", "has no slashes; write gs://name"),
            ("gs:/name", "has no slashes; write gs://name"),
            ("a\0b", "is not a folder"),
            ("~nobody-of-that-name/x", "is not a folder"),
            ("x" * 300, "is not a folder|cannot be read"),
        ],
    )
    def test_nonsense_is_refused(self, url, told):
        with pytest.raises(UsageError, match=told):
            Bucket(url).check()

    def test_a_folder_in_a_circle_of_links_is_refused(self, tmp_path):
        (tmp_path / "self").symlink_to(tmp_path / "self")
        for write in (False, True):
            with pytest.raises(UsageError, match="self"):
                Bucket(tmp_path / "self" / "x").check(write=write)

    def test_a_folder_may_be_given_in_many_ways(self, tmp_path, monkeypatch):
        (tmp_path / "b").mkdir()
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("HOME", str(tmp_path))
        for url in ("b", "./b/", "~/b", tmp_path / "b", f"file://{tmp_path}/b", f"local://{tmp_path}/b"):
            bucket = Bucket(url)
            assert bucket.local
            assert bucket.folder == tmp_path / "b"

    def test_a_library_that_is_missing_is_named(self):
        with pytest.raises(UsageError, match="s3fs"):
            Bucket("s3://x")


class TestCredentials:
    def test_missing_ones_are_named_without_asking_anybody(self, monkeypatch, tmp_path):
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.delenv("CLOUDSDK_CONFIG", raising=False)
        with pytest.raises(UsageError, match="no credentials for gs://; set GOOGLE_APPLICATION_CREDENTIALS"):
            Bucket("gs://somebody")

    @pytest.mark.parametrize("content", [None, "", "not json", "[1, 2]", b"\xff\xfe"])
    def test_a_key_file_that_is_none_is_named(self, monkeypatch, tmp_path, content):
        key = tmp_path / "key.json"
        if content is not None:
            key.write_bytes(content if isinstance(content, bytes) else content.encode())
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key))
        with pytest.raises(UsageError, match=r"GOOGLE_APPLICATION_CREDENTIALS names '.*key.json', which"):
            Bucket("gs://somebody")

    def test_a_bucket_that_does_not_exist_is_not_made(self, gcs_bucket):
        nobodys = Bucket("gs://nobody-made-this")
        with pytest.raises(BucketError, match="this' does not exist, or is gone at 'x'; check its name"):
            nobodys.write("x", b"1")
        with pytest.raises(UsageError, match="'gs://nobody-made-this' does not exist; check its name"):
            nobodys.list("data/candles")
        with pytest.raises(FileNotFoundError):
            nobodys.read("x")
        assert Bucket(gcs_bucket).list("data/candles") == []
