"""A bucket in a local folder: atomic writes that survive a crash, listings without surprises."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from cqs_core.bucket.entry import Entry


class FolderStorage:
    """Objects are files below `root`; names that begin with a dot are ours alone and never listed."""

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
        with self._written(target, data) as temporary:
            os.replace(temporary, target)

    def create(self, key: str, data: bytes) -> bool:
        """Like `write`, but False where the object exists."""
        target = self.root / key
        with self._written(target, data) as temporary:
            try:
                os.link(temporary, target)
            except FileExistsError:
                return False
        return True

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            with contextlib.suppress(FileNotFoundError):
                (self.root / key).unlink()

    def list(self, prefix: str) -> list[Entry]:
        return sorted(self._walk(self.root / prefix if prefix else self.root, prefix))

    def folders(self, prefix: str) -> list[str]:
        try:
            found = list(os.scandir(self.root / prefix))
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted(item.name for item in found if item.is_dir() and not item.name.startswith("."))

    def exists(self, key: str) -> bool:
        return (self.root / key).is_file()

    def _walk(self, folder: Path | str, prefix: str) -> Iterator[Entry]:
        try:
            found = list(os.scandir(folder))
        except (FileNotFoundError, NotADirectoryError):
            return
        for item in found:
            key = f"{prefix}/{item.name}" if prefix else item.name
            if item.name.endswith(".tmp") or (item.name.startswith(".") and not item.name.startswith(".heartbeat")):
                continue
            if item.is_dir(follow_symlinks=False):
                yield from self._walk(item.path, key)
            else:
                with contextlib.suppress(FileNotFoundError):
                    seen = item.stat()
                    tag = f"{seen.st_ino}-{seen.st_mtime_ns}-{seen.st_size}"
                    yield Entry(key, seen.st_size, seen.st_mtime, tag)

    @contextlib.contextmanager
    def _written(self, target: Path, data: bytes) -> Iterator[Path]:
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
