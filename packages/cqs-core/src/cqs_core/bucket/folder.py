"""A bucket in a local folder: atomic writes that survive a crash, listings without surprises."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from cqs_core.bucket.entry import Entry, hidden
from cqs_core.bucket.listing import scan, walk
from cqs_core.errors import UsageError

if TYPE_CHECKING:
    from cqs_core.bucket.memory import FolderMemory, Make

_TEMPORARY = re.compile(r"\.[0-9a-f]{32}\.tmp")
_ABANDONED = 3600.0  # seconds after which a temporary file belongs to nobody


class FolderStorage:
    """Objects are files below `root`. Links to folders are followed: people link their bot's logs into a bucket."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def read(self, key: str) -> bytes:
        return (self.root / key).read_bytes()

    def read_some(self, keys: Iterable[str]) -> dict[str, bytes]:
        found = {}
        for key in keys:
            with contextlib.suppress(FileNotFoundError):
                found[key] = self.read(key)
        return found

    def open(self, key: str) -> BinaryIO:
        return (self.root / key).open("rb")

    def write(self, key: str, data: bytes) -> None:
        """Temporary file, fsync, rename, fsync of the folder: the object is whole or not there."""
        target = self.root / key
        with _written(target, data) as temporary:
            temporary.replace(target)

    def create(self, key: str, data: bytes) -> bool:
        """Like `write`, but False where the object exists."""
        target = self.root / key
        with _written(target, data) as temporary:
            try:
                os.link(temporary, target)
            except FileExistsError:
                return False
        return True

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            with contextlib.suppress(FileNotFoundError):
                (self.root / key).unlink()

    def sweep(self, prefix: str) -> None:
        """Remove what writers that were killed an hour ago or longer left behind in a folder."""
        for item in scan(str(self.root / prefix)):
            if _TEMPORARY.fullmatch(item.name):
                with contextlib.suppress(OSError):
                    if item.stat(follow_symlinks=False).st_mtime < time.time() - _ABANDONED:
                        (self.root / prefix / item.name).unlink()

    def list(self, prefix: str, *, immutable: bool = False) -> Sequence[Entry]:
        found: list[Entry] = []
        walk(str(self.root / prefix), prefix, found, immutable=immutable)
        return sorted(found)

    def each_folder(self, prefix: str, make: Make, memory: FolderMemory) -> dict[str, Any]:
        return memory.each(str(self.root / prefix), prefix, make)

    def folders(self, prefix: str) -> Sequence[str]:
        names = (item.name for item in scan(str(self.root / prefix)) if stat.S_ISDIR(_mode(item)))
        return sorted(name for name in names if prefix or not hidden(name))

    def exists(self, key: str) -> bool:
        return (self.root / key).is_file()


def check_folder(folder: Path, *, write: bool) -> None:
    """Whether a folder can be a bucket; to write, it is made where its parent exists.

    Raises:
        UsageError: it cannot, and why.
    """
    name = f"bucket {str(folder)!r}"
    try:
        if write and not folder.exists() and folder.parent.is_dir():
            folder.mkdir(exist_ok=True)
        if not folder.exists():
            remedy = f"create {str(folder.parent)!r} first" if write else "check the name, or fetch something first"
            raise UsageError(f"{name} does not exist; {remedy}")
        if not folder.is_dir():
            raise UsageError(f"{name} is a file; name a folder")
        with os.scandir(folder):
            pass
        if write:
            _probe(folder)
    except OSError as error:
        verb = "written" if write else "read"
        raise UsageError(f"{name} cannot be {verb}: {error.strerror}; change that, or name another") from None


def _probe(folder: Path) -> None:
    """Write something: for root and on read-only mounts permission bits lie."""
    probe = folder / f".{uuid.uuid4().hex}.tmp"
    try:
        probe.touch()
    finally:
        probe.unlink(missing_ok=True)


def _mode(item: os.DirEntry[str]) -> int:
    """What it is once links are followed; 0 for a link that leads nowhere, or in a circle."""
    try:
        return item.stat().st_mode
    except OSError:
        return 0


@contextlib.contextmanager
def _written(target: Path, data: bytes) -> Iterator[Path]:
    _make_folders(target.parent)
    temporary = target.parent / f".{uuid.uuid4().hex}.tmp"
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
    _sync(target.parent)


def _make_folders(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folders(folder.parent)
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
