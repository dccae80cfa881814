"""A bucket behind fsspec: one request an object, nothing cached but what names prove to be unchanged."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, BinaryIO

from cqs_core.bucket.census import Census, counted
from cqs_core.bucket.entry import Entry, hidden
from cqs_core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_AHEAD = 8 << 20  # bytes of one request when an object is read as a stream


class Unanswered(Exception):  # noqa: N818 - reads as what it is
    """The storage does not answer at all: no other request would succeed now."""


class RemoteStorage:
    """Objects of an fsspec filesystem below `root`."""

    def __init__(self, filesystem: Any, root: str) -> None:
        self.fs = filesystem
        self.root = root.rstrip("/")

    def confirm(self) -> None:
        """A remote bucket that is gone says so itself."""

    def ask(self, verb: str, *args: Any, **options: Any) -> Any:
        """A verb of the filesystem."""
        return getattr(self.fs, verb)(*args, **options)

    def path(self, key: str) -> str:
        return f"{self.root}/{key}" if key else self.root

    def read(self, key: str) -> bytes:
        data: bytes = self.ask("cat_file", self.path(key))
        return data

    def read_some(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Many at once, absent ones left out."""
        # not `cat`, which takes `[` and `*` in names for patterns
        paths = [self.path(key) for key in keys]
        values = self.ask("cat_ranges", paths, None, None, on_error="return") if keys else []
        found = {}
        for key, value in zip(keys, values, strict=True):
            if isinstance(value, FileNotFoundError):
                continue
            if isinstance(value, BaseException):
                raise value
            found[key] = bytes(value)
        return found

    def open(self, key: str) -> BinaryIO:
        stream: BinaryIO = self.ask("open", self.path(key), "rb", block_size=_AHEAD)
        return stream

    def write(self, key: str, data: bytes) -> None:
        self.ask("pipe_file", self.path(key), data)

    def create(self, key: str, data: bytes) -> bool:
        try:
            self.ask("pipe_file", self.path(key), data, mode="create")
        except FileExistsError:
            return False
        return True

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            try:
                self.ask("rm_file", self.path(key))
            except FileNotFoundError:
                continue

    def list(self, prefix: str, *, immutable: bool = False) -> Sequence[Entry]:  # noqa: ARG002 - asked each time
        self.fs.invalidate_cache()
        try:
            found = self.ask("find", self.path(prefix), detail=True)
        except FileNotFoundError:
            found = {}
        if not found:
            self._refuse_missing()
        skip = len(self.fs._strip_protocol(self.root)) + 1  # noqa: SLF001 - fsspec's own spelling
        below = f"{prefix}/" if prefix else ""
        entries = (_entry(path[skip:], about) for path, about in found.items() if not path.endswith("/"))
        return sorted(e for e in entries if e.key.startswith(below) and not hidden(e.key))

    def _refuse_missing(self) -> None:
        """A mistyped bucket lists as empty; some storages say which it is when they are asked."""

    @staticmethod
    def _missing(name: str) -> UsageError:
        return UsageError(f"bucket 'gs://{name}' does not exist; check its name, cqs never makes one")

    def census(self, prefix: str) -> dict[str, Census]:
        return counted(self.list(prefix))

    def folders(self, prefix: str) -> Sequence[str]:
        self.fs.invalidate_cache()
        try:
            found = self.ask("ls", self.path(prefix), detail=True)
        except (FileNotFoundError, NotADirectoryError):
            self._refuse_missing()
            return []
        names = (item["name"].rstrip("/").rsplit("/", 1)[-1] for item in found if item["type"] == "directory")
        return sorted(name for name in names if prefix or not hidden(name))

    def exists(self, key: str) -> bool:
        self.fs.invalidate_cache()
        return bool(self.ask("isfile", self.path(key)))


def _entry(key: str, about: dict[str, Any]) -> Entry:
    when = about.get("mtime") or about.get("updated") or about.get("created") or about.get("LastModified")
    if isinstance(when, str):
        when = dt.datetime.fromisoformat(when)
    if isinstance(when, dt.datetime):
        when = (when if when.tzinfo else when.replace(tzinfo=dt.UTC)).timestamp()
    tag = about.get("generation") or about.get("etag") or about.get("ETag") or f"{when}-{about['size']}"
    return Entry(key, int(about["size"]), when, str(tag))
