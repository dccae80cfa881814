"""A bucket in a local folder: atomic writes that survive a crash, listings without surprises."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import time
import uuid
from typing import TYPE_CHECKING, Any, BinaryIO

from cqs_core.bucket.census import Census, count
from cqs_core.bucket.entry import Entry, hidden
from cqs_core.bucket.listing import scan, walk
from cqs_core.bucket.root_folder import pin, root_of
from cqs_core.errors import CqsError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from cqs_core.bucket.folder_cache import FolderCache, Make

_TEMPORARY = re.compile(r"\.[0-9a-f]{32}\.tmp")
_ABANDONED = 3600.0  # seconds after which a temporary file is abandoned


class FolderStorage:
    """Objects are files below `root`. Links to folders are followed: people link their bot's logs into a bucket."""

    def __init__(self, root: Path) -> None:
        self._root = root_of(root)

    @property
    def root(self) -> Path:
        """The folder, checked on each access.

        Raises:
            UsageError: it was never there.
            BucketUnavailable: it is not the one that it was.
        """
        self._root.check()
        return self._root.path

    def confirm(self) -> None:
        """Whether a root that was seen still exists: if it is gone, an absent object below it proves nothing."""
        if self._root.seen:
            self._root.check()

    def check(self, *, write: bool) -> None:
        """Whether the folder can be a bucket; to write, it is made where its parent exists. From now on, it is held.

        Raises:
            UsageError: it cannot, and why.
            BucketUnavailable: this process saw another folder there.
        """
        self._root = pin(self._root)
        folder, name = self._root.path, f"bucket {str(self._root.path)!r}"
        try:
            if folder.exists() and not folder.is_dir():
                raise UsageError(f"{name} is a file; name a folder")
            if write:
                self._root.make()
            with os.scandir(self.root):
                pass
            if write:
                _probe(folder)
        except CqsError:
            raise
        except OSError as error:
            verb = "written" if write else "read"
            raise UsageError(f"{name} cannot be {verb}: {error.strerror}; change that, or name another") from None

    def read(self, key: str) -> bytes:
        return (self.root / key).read_bytes()

    def read_some(self, keys: Iterable[str]) -> dict[str, bytes]:
        root, found = self.root, {}
        for key in keys:
            with contextlib.suppress(FileNotFoundError):
                found[key] = (root / key).read_bytes()
        self.confirm()
        return found

    def open(self, key: str) -> BinaryIO:
        return (self.root / key).open("rb")

    def write(self, key: str, data: bytes) -> None:
        """Temporary file, fsync, rename, fsync of the folder: the object is whole or not there."""
        with self._written(key, data) as (temporary, target):
            temporary.replace(target)

    def create(self, key: str, data: bytes) -> bool:
        """Like `write`, but False where the object exists."""
        with self._written(key, data) as (temporary, target):
            try:
                os.link(temporary, target)
            except FileExistsError:
                return False
        return True

    def delete(self, keys: Iterable[str]) -> None:
        root = self.root
        for key in keys:
            with contextlib.suppress(FileNotFoundError):
                (root / key).unlink()
        self.confirm()

    def sweep(self, prefix: str) -> None:
        """Remove what writers that were killed an hour ago or longer left behind in a folder."""
        folder = self.root / prefix
        for item in scan(str(folder)):
            if _TEMPORARY.fullmatch(item.name):
                with contextlib.suppress(OSError):
                    if item.stat(follow_symlinks=False).st_mtime < time.time() - _ABANDONED:
                        (folder / item.name).unlink()

    def list(self, prefix: str, *, immutable: bool = False) -> Sequence[Entry]:
        found: list[Entry] = []
        walk(str(self.root / prefix), prefix, found, immutable=immutable)
        self.confirm()
        return sorted(found)

    def census(self, prefix: str) -> dict[str, Census]:
        found: dict[str, Census] = {}
        count(str(self.root / prefix), prefix, found)
        self.confirm()
        return found

    def each_folder(self, prefix: str, make: Make, cache: FolderCache) -> dict[str, Any]:
        made = cache.each(str(self.root / prefix), prefix, make)
        self.confirm()
        return made

    def folders(self, prefix: str) -> Sequence[str]:
        names = [item.name for item in scan(str(self.root / prefix)) if stat.S_ISDIR(_mode(item))]
        self.confirm()
        return sorted(name for name in names if prefix or not hidden(name))

    def exists(self, key: str) -> bool:
        found = (self.root / key).is_file()
        self.confirm()
        return found

    @contextlib.contextmanager
    def _written(self, key: str, data: bytes) -> Iterator[tuple[Path, Path]]:
        """A temporary file next to the object's path, flushed to disk, and that path."""
        self._root.make()
        target = self._root.path / key
        with _temporary(self._root.path, target, data) as temporary:
            yield temporary, target
        self.confirm()  # unmounted meanwhile, it went to the disk under the mount point


def _probe(folder: Path) -> None:
    """Write something: for root and on read-only mounts permission bits lie."""
    probe = folder / f".{uuid.uuid4().hex}.tmp"
    try:
        probe.touch()
    finally:
        probe.unlink(missing_ok=True)


def _mode(item: os.DirEntry[str]) -> int:
    """The file type after following links; 0 for a broken or circular link."""
    try:
        return item.stat().st_mode
    except OSError:
        return 0


@contextlib.contextmanager
def _temporary(root: Path, target: Path, data: bytes) -> Iterator[Path]:
    _make_folders(root, target.parent)
    temporary = target.parent / f".{uuid.uuid4().hex}.tmp"
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            if data:  # of an empty one its name is all that could be lost
                os.fsync(file.fileno())
        yield temporary
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
    _sync(target.parent)


def _make_folders(root: Path, folder: Path) -> None:
    """Only below the root: if the root is gone, creating it would make a bucket that the user did not ask for."""
    if folder == root or folder.is_dir():
        return
    _make_folders(root, folder.parent)
    folder.mkdir(exist_ok=True)
    _sync(folder.parent)


def _sync(folder: Path) -> None:
    if os.name == "nt":  # folders cannot be opened there
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
