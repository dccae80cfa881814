"""One class over local folders and fsspec URLs."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

from cqs_core.bucket.cache import LIMIT, ObjectCache
from cqs_core.bucket.credentials import gcs_options
from cqs_core.bucket.entry import Entry, checked
from cqs_core.bucket.folder import FolderStorage
from cqs_core.bucket.remote import RemoteStorage
from cqs_core.errors import BucketError, CqsError, UsageError

_DEMO = ".cqs-demo"


class Bucket:
    """The root of all data.

    Args:
        url: a folder, or an fsspec URL (`gs://name`, `memory://name`).
        options: for the fsspec filesystem; `gs://` finds its own.

    Raises:
        UsageError: an unknown protocol, or no credentials for it.
    """

    def __init__(self, url: str | os.PathLike[str], **options: Any) -> None:
        self.url = os.fspath(url).rstrip("/") or "/"
        self.local = "://" not in self.url or self.url.startswith("file://")
        self.folder = Path(self.url.removeprefix("file://")).expanduser().resolve() if self.local else None
        self._options = options
        if not self.local:
            self._check_protocol()

    def __repr__(self) -> str:
        return f"Bucket({self.url!r})"

    def read(self, key: str) -> bytes:
        """The object's bytes.

        Raises:
            FileNotFoundError: there is none.
            BucketError: the storage failed.
        """
        with self._speaking(key):
            return self._storage.read(checked(key))

    def read_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Bytes of many objects, fetched together where the bucket is remote; absent ones are left out."""
        with self._speaking(f"{len(keys)} objects"):
            return self._storage.read_some([checked(key) for key in keys])

    def open(self, key: str) -> BinaryIO:
        """The object as a stream, for one too large for memory.

        Raises:
            FileNotFoundError: there is none.
            BucketError: the storage failed.
        """
        with self._speaking(key):
            return self._storage.open(checked(key))

    def write(self, key: str, data: bytes) -> None:
        """Store the object, whole or not at all."""
        with self._speaking(key):
            self._storage.write(checked(key), data)

    def create(self, key: str, data: bytes) -> bool:
        """Store the object if there is none; whether it did. Of several racers one wins."""
        with self._speaking(key):
            return self._storage.create(checked(key), data)

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; an absent one is no error."""
        with self._speaking("objects"):
            self._storage.delete(checked(key) for key in keys)

    def list(self, prefix: str = "") -> list[Entry]:
        """All objects below a folder, by key. A listing is not a snapshot."""
        with self._speaking(prefix):
            return self._storage.list(checked(prefix) if prefix else "")

    def folders(self, prefix: str = "") -> Sequence[str]:
        """Names of the folders in a folder."""
        with self._speaking(prefix):
            return self._storage.folders(checked(prefix) if prefix else "")

    def exists(self, key: str) -> bool:
        with self._speaking(key):
            return self._storage.exists(checked(key))

    def paths(self, keys: Sequence[str]) -> Sequence[str]:
        """Local paths of immutable objects, through a bounded cache where the bucket is remote.

        Raises:
            FileNotFoundError: one is gone; list again.
        """
        storage = self._storage
        if isinstance(storage, FolderStorage):
            return [str(storage.root / checked(key)) for key in keys]
        with self._speaking("objects"):
            return self._cache.paths(self.url, [checked(key) for key in keys], storage.read_many)

    def modified(self, key: str) -> Entry | None:
        """The listing's entry of one object, None where it is absent."""
        folder = key.rpartition("/")[0]
        return next((entry for entry in self.list(folder) if entry.key == key), None)

    @property
    def demo(self) -> bool:
        """Whether `cqs demo` made this bucket."""
        return self.exists(_DEMO)

    def mark_demo(self) -> None:
        """Note that `cqs demo` made this bucket."""
        self.write(_DEMO, b"made by cqs demo\n")

    def check(self, *, write: bool = False) -> None:
        """Whether a command can work with this bucket, asked before it starts.

        Raises:
            UsageError: a folder that is missing (or, to write, whose parent is), or not readable or writable.
        """
        if self.folder is None:
            return
        if write and not self.folder.exists() and self.folder.parent.is_dir():
            with self._speaking(self.url):
                self.folder.mkdir(exist_ok=True)
        if not self.folder.is_dir():
            remedy = "create its parent folder, or name another" if write else "check --bucket, or fetch something first"
            raise UsageError(f"bucket {str(self.folder)!r} is no folder; {remedy}")
        if not os.access(self.folder, os.R_OK | os.X_OK):
            raise UsageError(f"bucket {str(self.folder)!r} is not readable; change its permissions, or name another")
        if write and not _writable(self.folder):
            raise UsageError(f"bucket {str(self.folder)!r} is not writable; change its permissions, or name another")

    @cached_property
    def _storage(self) -> FolderStorage | RemoteStorage:
        if self.folder is not None:
            return FolderStorage(self.folder)
        import fsspec

        options = self._options | (gcs_options() if self.url.startswith(("gs://", "gcs://")) else {})
        filesystem, root = fsspec.core.url_to_fs(self.url, **options)
        return RemoteStorage(filesystem, root)

    @cached_property
    def _cache(self) -> ObjectCache:
        from cqs_core.settings import cache_folder

        return ObjectCache(cache_folder() / "objects", int(os.environ.get("CQS_CACHE_BYTES") or LIMIT))

    def _check_protocol(self) -> None:
        protocol, _, name = self.url.partition("://")
        if protocol in ("gs", "gcs"):
            gcs_options()
        from fsspec.registry import available_protocols

        if protocol not in available_protocols():
            raise UsageError(f"bucket {self.url!r} has an unknown protocol {protocol!r}; use a folder or gs://name")
        if not name.strip("/") and protocol != "memory":
            raise UsageError(f"bucket {self.url!r} has no name; write {protocol}://name")

    @contextlib.contextmanager
    def _speaking(self, what: str) -> Iterator[None]:
        """Storage drivers raise what they like: make it one line that names the bucket and the object."""
        try:
            yield
        except (CqsError, FileNotFoundError):
            raise
        except Exception as error:
            fact = " ".join(str(error).split()) or type(error).__name__
            raise BucketError(f"bucket {self.url!r} failed at {what!r}: {fact}") from error


def _writable(folder: Path) -> bool:
    """Asked by writing: root and read-only mounts make permission bits lie."""
    probe = folder / f".{os.getpid()}.probe.tmp"
    try:
        probe.touch()
        probe.unlink()
    except OSError:
        return False
    return True
