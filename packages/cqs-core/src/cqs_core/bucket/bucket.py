"""One class over local folders and fsspec URLs."""

from __future__ import annotations

import contextlib
import errno
from functools import cached_property
from typing import TYPE_CHECKING, Any, BinaryIO

from cqs_core.bucket.cache import REMEDY, ObjectCache, as_named, cache_limit, known_sound, problems, remembered
from cqs_core.bucket.credentials import gcs_options
from cqs_core.bucket.entry import Entry, checked, in_words
from cqs_core.bucket.folder import FolderStorage
from cqs_core.bucket.folder_cache import folder_cache
from cqs_core.bucket.remote import RemoteStorage, Unanswered
from cqs_core.bucket.url import GCS, LOCAL, address_of, check_protocol, local_folder, split_url
from cqs_core.errors import BucketError, BucketUnavailable, CqsError, DataError
from cqs_core.files.plaintext import masked
from cqs_core.permission import require_operator

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from cqs_core.bucket.census import Census
    from cqs_core.bucket.checked_files import Test
    from cqs_core.bucket.folder_cache import Make

_DEMO = ".cqs-demo"


class Bucket:
    """The root of all data.

    Args:
        url: a folder, or an fsspec URL (`gs://name`, `memory://name`).
        options: for the fsspec filesystem; `gs://` finds its own.

    Attributes:
        url: to be shown; credentials in it are masked.
        address: to open the bucket by; a secret where the URL holds one.

    Raises:
        UsageError: an unknown protocol, or no credentials for it.

    >>> bucket = Bucket("memory://research")
    >>> bucket.write("notes/today.txt", b"up")
    >>> bucket.read("notes/today.txt"), [entry.key for entry in bucket.list("notes")]
    (b'up', ['notes/today.txt'])
    """

    def __init__(self, url: str | os.PathLike[str], **options: Any) -> None:
        given = address_of(url)
        protocol, path = split_url(given)
        self.local = protocol in LOCAL
        self.folder = local_folder(path) if self.local else None
        self.address = given if self.local else f"{protocol}://{path.rstrip('/')}"
        self.url = self.address if self.local else masked(self.address)
        self._options = options
        if not self.local:
            check_protocol(protocol, path)

    def __repr__(self) -> str:
        return f"Bucket({self.url!r})"

    def read(self, key: str) -> bytes:
        """The object's bytes.

        Raises:
            FileNotFoundError: there is none.
            BucketError: the storage failed.
        """
        with self._reading(key):
            return self._storage.read(checked(key))

    def read_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Bytes of many objects, fetched together where the bucket is remote; absent ones are left out."""
        with self._reading(in_words(keys)):
            return self._storage.read_some([checked(key) for key in keys])

    def open(self, key: str) -> BinaryIO:
        """The object as a stream, for one too large for memory.

        Raises:
            FileNotFoundError: there is none.
            BucketError: the storage failed.
        """
        with self._reading(key):
            return self._storage.open(checked(key))

    def write(self, key: str, data: bytes) -> None:
        """Store the object, whole or not at all.

        Raises:
            NotPermitted: the user of a dashboard may only look; so do the other methods that change something.
        """
        require_operator(f"write {key!r}")
        with self._speaking(key):
            self._storage.write(checked(key), data)

    def create(self, key: str, data: bytes) -> bool:
        """Store the object if there is none; whether it did. Of several racers one wins."""
        require_operator(f"write {key!r}")
        with self._speaking(key):
            return self._storage.create(checked(key), data)

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; an absent one is not an error."""
        names = [checked(key) for key in keys]
        require_operator(f"delete {in_words(names)}")
        with self._speaking(in_words(names)):
            self._storage.delete(names)

    def sweep(self, prefix: str) -> None:
        """Remove unfinished files that writers left in a local folder when they were killed, an hour ago or longer."""
        require_operator(f"clean {prefix!r}")
        storage = self._storage
        if isinstance(storage, FolderStorage):
            with self._reading(prefix):
                storage.sweep(checked(prefix))

    def list(self, prefix: str = "", *, immutable: bool = False) -> Sequence[Entry]:
        """All objects below a folder, by key. A listing is not a snapshot.

        Left out is what ends in `.tmp`, and what begins with a dot at the root.

        Args:
            prefix: the folder.
            immutable: objects there come and go, but none changes in place: unchanged folders are not read again.
        """
        with self._reading(prefix):
            return self._storage.list(checked(prefix) if prefix else "", immutable=immutable)

    def each_folder(self, prefix: str, name: str, make: Make) -> dict[str, Any]:
        """`make(key of the folder, its objects)` of every folder at or below `prefix` that has objects, by key.

        Objects there are immutable: values computed from a local folder are cached, also across processes, and
        made again when the folder changed.

        Args:
            prefix: the folder.
            name: of the result in the cache; another `make` needs another name.
            make: gives what JSON can hold.
        """
        storage = self._storage
        with self._reading(prefix):
            if isinstance(storage, FolderStorage):
                return storage.each_folder(checked(prefix), make, folder_cache(str(self.folder), name))
            found: dict[str, list[Entry]] = {}
            for entry in storage.list(checked(prefix)):
                found.setdefault(entry.key.rpartition("/")[0], []).append(entry)
        return {folder: made for folder, entries in found.items() if (made := make(folder, entries)) is not None}

    def census(self, prefix: str) -> dict[str, Census]:
        """All objects below a folder as columns, by the key of the folder that they are in; `.tmp` is left out."""
        with self._reading(prefix):
            return self._storage.census(checked(prefix))

    def folders(self, prefix: str = "") -> Sequence[str]:
        """Names of the folders in a folder."""
        with self._reading(prefix):
            return self._storage.folders(checked(prefix) if prefix else "")

    def exists(self, key: str) -> bool:
        """Whether there is such an object; a folder is none."""
        with self._reading(key):
            return self._storage.exists(checked(key))

    def paths(self, keys: Sequence[str], test: Test = as_named, *, again: bool = False) -> Sequence[str]:
        """Local paths of immutable objects, through a bounded cache where the bucket is remote.

        Objects whose names hold a hash are checked, once for each version of a file.

        Args:
            keys: of the objects.
            test: returns what is wrong with an object; always the same function for the objects of a folder.
            again: check also versions that are known to be sound.

        Raises:
            FileNotFoundError: one is gone; list again.
            DataError: an object is not the one that its name promises.
        """
        storage, names = self._storage, [checked(key) for key in keys]
        with self._reading(in_words(names)):
            if not isinstance(storage, FolderStorage):
                return self._cache.paths(self.url, names, storage.read_some, test, again=again)
            root = storage.root
            local = {key: str(root / key) for key in names}
            for key, said in problems(self._sound, str(root), local, test, again=again).items():
                raise DataError(f"{key!r} {said}; {REMEDY}")
        return [local[key] for key in names]

    def proven(self, keys: Sequence[str]) -> bool:
        """Whether objects of a local bucket are known to be sound; of a remote one, nothing is known."""
        if self.folder is None:
            return False
        return known_sound(self._sound, str(self.folder), {key: str(self.folder / checked(key)) for key in keys})

    def damaged(self, keys: Sequence[str]) -> Mapping[str, str]:
        """Known problems of objects of a local bucket, by key, without reading any object."""
        if self.folder is None:
            return {}
        return remembered(self._sound, str(self.folder), {key: str(self.folder / checked(key)) for key in keys})

    @property
    def demo(self) -> bool:
        """Whether `cqs demo` made this bucket."""
        return self.exists(_DEMO)

    def mark_demo(self) -> None:
        """Note that `cqs demo` made this bucket."""
        self.write(_DEMO, b"made by cqs demo\n")

    def check(self, *, write: bool = False) -> None:
        """Check before a command starts whether it can use this bucket; a remote bucket is not contacted.

        A local folder is held from now on: where another one, or none, is at its path later, everything fails.

        Raises:
            UsageError: a folder that is missing (or, to write, whose parent is), or not readable or writable.
            BucketUnavailable: this process saw another folder there.
        """
        if self.folder is not None and isinstance(self._storage, FolderStorage):
            self._storage.check(write=write)

    def contact(self) -> None:
        """Check as `check` does, and ask a remote bucket something, so that it is known to answer.

        Raises:
            UsageError: as `check`.
            BucketError: it does not answer, or refuses.
        """
        self.check()
        if self.folder is None:
            self.exists(_DEMO)

    def confirm(self) -> None:
        """Whether a local folder is still the one that this process saw; one that it never saw is not checked.

        Raises:
            BucketUnavailable: it is gone, or another one.
        """
        if self.folder is not None:
            self._storage.confirm()

    @cached_property
    def _storage(self) -> FolderStorage | RemoteStorage:
        if self.folder is not None:
            return FolderStorage(self.folder)
        if self.address.startswith(GCS):
            from cqs_core.bucket.gcs import GcsStorage

            return GcsStorage(self.address.partition("://")[2], gcs_options() | self._options)
        import fsspec

        filesystem, root = fsspec.core.url_to_fs(self.address, **self._options)
        return RemoteStorage(filesystem, root)

    @cached_property
    def _cache(self) -> ObjectCache:
        from cqs_core.files.folders import cache_folder

        return ObjectCache(cache_folder() / "objects", cache_limit())

    @cached_property
    def _sound(self) -> Path:
        from cqs_core.files.folders import cache_folder

        return cache_folder() / "sound"

    @contextlib.contextmanager
    def _speaking(self, what: str) -> Iterator[None]:
        """Storage drivers raise what they like: make it one line that names the bucket and the object."""
        try:
            yield
        except CqsError:
            raise
        except FileNotFoundError as error:
            self.confirm()
            raise BucketError(f"bucket {self.url!r} does not exist, or is gone at {what!r}; check its name") from error
        except Exception as error:
            fact = masked(" ".join(str(error).split())) or type(error).__name__
            kind = BucketUnavailable if isinstance(error, Unanswered) else BucketError
            raise kind(f"bucket {self.url!r} failed at {what!r}: {fact}") from error

    @contextlib.contextmanager
    def _reading(self, what: str) -> Iterator[None]:
        """The same for a call for which a missing object is a valid answer."""
        with self._speaking(what):
            try:
                yield
            except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
                self._storage.confirm()
                absent = FileNotFoundError(errno.ENOENT, "no such object", f"{self.url}/{what}")
            else:
                return
        raise absent
