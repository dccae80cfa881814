"""A bucket behind fsspec: one request an object, nothing cached but what names prove to be unchanged."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, BinaryIO

from cqs_core.bucket.entry import Entry

_AHEAD = 8 << 20  # bytes of one request when an object is read as a stream


class RemoteStorage:
    """Objects of an fsspec filesystem below `root`."""

    def __init__(self, filesystem: Any, root: str) -> None:
        self.fs = filesystem
        self.root = root.rstrip("/")

    def path(self, key: str) -> str:
        return f"{self.root}/{key}" if key else self.root

    def read(self, key: str) -> bytes:
        data: bytes = self.fs.cat_file(self.path(key))
        return data

    def read_many(self, keys: list[str]) -> dict[str, bytes]:
        """Many at once; an absent one raises FileNotFoundError."""
        found = self.fs.cat([self.path(key) for key in keys], on_error="return")
        back = {self.fs._strip_protocol(self.path(key)): key for key in keys}  # noqa: SLF001 - fsspec's own spelling
        for value in found.values():
            if isinstance(value, BaseException):
                raise value
        return {back[path]: value for path, value in found.items()}

    def read_some(self, keys: list[str]) -> dict[str, bytes]:
        """Many at once, absent ones left out."""
        found = self.fs.cat([self.path(key) for key in keys], on_error="return") if keys else {}
        back = {self.fs._strip_protocol(self.path(key)): key for key in keys}  # noqa: SLF001 - fsspec's own spelling
        for value in found.values():
            if isinstance(value, BaseException) and not isinstance(value, FileNotFoundError):
                raise value
        return {back[path]: value for path, value in found.items() if not isinstance(value, BaseException)}

    def open(self, key: str) -> BinaryIO:
        stream: BinaryIO = self.fs.open(self.path(key), "rb", block_size=_AHEAD)
        return stream

    def write(self, key: str, data: bytes) -> None:
        self.fs.pipe_file(self.path(key), data)

    def create(self, key: str, data: bytes) -> bool:
        try:
            self.fs.pipe_file(self.path(key), data, mode="create")
        except FileExistsError:
            return False
        return True

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            try:
                self.fs.rm_file(self.path(key))
            except FileNotFoundError:
                continue

    def list(self, prefix: str) -> list[Entry]:
        self.fs.invalidate_cache()
        try:
            found = self.fs.find(self.path(prefix), detail=True)
        except FileNotFoundError:
            return []
        skip = len(self.fs._strip_protocol(self.root)) + 1  # noqa: SLF001 - fsspec's own spelling
        return sorted(_entry(path[skip:], about) for path, about in found.items() if not path.endswith((".tmp", "/")))

    def folders(self, prefix: str) -> list[str]:
        self.fs.invalidate_cache()
        try:
            found = self.fs.ls(self.path(prefix), detail=True)
        except (FileNotFoundError, NotADirectoryError):
            return []
        names = (item["name"].rstrip("/").rsplit("/", 1)[-1] for item in found if item["type"] == "directory")
        return sorted(name for name in names if not name.startswith("."))

    def exists(self, key: str) -> bool:
        self.fs.invalidate_cache()
        return bool(self.fs.isfile(self.path(key)))


def _entry(key: str, about: dict[str, Any]) -> Entry:
    when = about.get("mtime") or about.get("updated") or about.get("created") or about.get("LastModified")
    if isinstance(when, str):
        when = dt.datetime.fromisoformat(when)
    if isinstance(when, dt.datetime):
        when = (when if when.tzinfo else when.replace(tzinfo=dt.UTC)).timestamp()
    tag = about.get("generation") or about.get("etag") or about.get("ETag") or f"{when}-{about['size']}"
    return Entry(key, int(about["size"]), when, str(tag))
