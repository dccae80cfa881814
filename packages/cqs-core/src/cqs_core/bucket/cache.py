"""A bounded local cache of remote objects whose names never mean other bytes; safe for several processes."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from cqs_core.bucket.checked_files import Test, soundness
from cqs_core.errors import BucketError, DataError, UsageError
from cqs_core.files.atomic import replacing
from cqs_core.files.env_file import variable
from cqs_core.files.locks import hold

_LIMIT = 8 << 30
_RECENT = 60.0  # seconds for which a file just used is never evicted
_STALE = 3600.0  # seconds after which a temporary file is abandoned
_BATCH = 64
_DIGEST = re.compile(r"_([0-9a-f]{16})\.\w+$")

REPAIR = "cqs data repair"
REMEDY = f"run `cqs data verify` to list all damage, `{REPAIR}` to fetch it again"

Fetch = Callable[[list[str]], dict[str, bytes]]


def digest(data: bytes) -> str:
    """The hash of the bytes that a name ending in `_{hash}.parquet` promises."""
    return hashlib.blake2b(data, digest_size=8).hexdigest()


def cache_limit() -> int:
    """Bytes that the cache may hold: `CQS_CACHE_BYTES`, else 8 GiB."""
    given = variable("CQS_CACHE_BYTES") or str(_LIMIT)
    if not given.isdecimal():
        raise UsageError(f"CQS_CACHE_BYTES is {given!r}; write a whole number of bytes")
    return int(given)


class ObjectCache:
    """Copies in `folder`, at most about `limit` bytes; the file's name is a hash of the object's URL.

    A copy has its name only once it is whole, on disk, and what the object's name promises.
    """

    def __init__(self, folder: Path, limit: int = _LIMIT) -> None:
        self.folder = folder
        self.limit = limit

    def paths(
        self, root: str, keys: Sequence[str], fetch: Fetch, test: Test | None = None, *, again: bool = False
    ) -> list[str]:
        """Local paths of the objects, fetched where they are missing.

        Args:
            root: URL of the bucket.
            keys: of the objects.
            fetch: gives their bytes; leaves out absent ones.
            test: returns what is wrong with an object; called once for each version of a copy. None means `as_named`.
            again: ask also for known versions.

        Raises:
            FileNotFoundError: an object is gone.
            DataError: an object is not what its name promises, twice.
        """
        with self._on_disk():
            self.folder.mkdir(parents=True, exist_ok=True)
        local = {key: self._path(f"{root}/{key}") for key in keys}
        fetched = False
        while missing := self._missing(root, local, test or as_named, again=again):
            # Look again: during the download other copies may have been evicted. All that is returned was just touched.
            for at in range(0, len(missing), _BATCH):
                self._store(local, _whole(missing[at : at + _BATCH], fetch))
            fetched = True
        if fetched:
            with self._on_disk():
                self._evict()
        return [str(local[key]) for key in keys]

    def _missing(self, root: str, local: Mapping[str, Path], test: Test, *, again: bool) -> list[str]:
        """Objects without a copy that is what their names promise: disks and other programs spoil files."""
        there = {key: str(path) for key, path in local.items() if _touched(path)}
        missing = [key for key in local if key not in there]
        try:
            bad = problems(self.folder.with_name("sound"), root, there, test, again=again, copies=True)
        except FileNotFoundError:  # evicted since
            return missing or list(local)[:1]
        for key, said in bad.items():
            with contextlib.suppress(FileNotFoundError):
                if not as_named(key, local[key].read_bytes()):
                    raise DataError(f"{key!r} {said}; {REMEDY}")
                local[key].unlink()
        return [*missing, *bad]

    def _store(self, local: Mapping[str, Path], found: Mapping[str, bytes]) -> None:
        with self._on_disk():
            for key, data in found.items():
                _put(local[key], data)

    @contextlib.contextmanager
    def _on_disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            remedy = "make room there, or name another folder with CQS_CACHE_DIR"
            raise BucketError(f"cache {str(self.folder)!r} cannot be written: {error.strerror}; {remedy}") from error

    def _path(self, url: str) -> Path:
        suffix = Path(url).suffix
        return self.folder / (hashlib.blake2b(url.encode(), digest_size=16).hexdigest() + suffix)

    def _evict(self) -> None:
        with _only_one(self.folder / ".lock") as mine:
            if not mine:
                return
            now = time.time()
            found = sorted((s.st_atime, s.st_size, p) for p, s in _files(self.folder))
            total = sum(size for _, size, _ in found)
            for used, size, path in found:
                stale = path.suffix == ".tmp" and used < now - _STALE
                if stale or (total > self.limit and used < now - _RECENT):
                    path.unlink(missing_ok=True)
                    total -= size


def _whole(keys: list[str], fetch: Fetch) -> dict[str, bytes]:
    """The objects; what does not match its name is asked for once more: downloads tear, objects seldom do."""
    found = fetch(keys)
    if gone := [key for key in keys if key not in found]:
        raise FileNotFoundError(gone[0])
    torn = [key for key, data in found.items() if as_named(key, data)]
    again = fetch(torn) if torn else {}
    for key, data in again.items():
        if said := as_named(key, data):
            raise DataError(f"{key!r} {said}; {REMEDY}")
    return found | again


def as_named(key: str, data: bytes) -> str:
    """The fault of bytes according to the hash in the object's name; empty if there is no fault, or no hash."""
    promised = _DIGEST.search(key)
    if promised is None or promised[1] == digest(data):
        return ""
    return "is damaged and not read: its bytes are not those that its name promises"


def problems(
    place: Path, root: str, paths: Mapping[str, str], test: Test, *, again: bool = False, copies: bool = False
) -> dict[str, str]:
    """Faults of files whose names contain a hash, by key; results by version are kept in `place`."""
    found: dict[str, str] = {}
    for folder, some in _by_folder(paths).items():
        found |= soundness(place, root, folder, copies=copies).problems(some, test, again=again)
    return found


def known_sound(place: Path, root: str, paths: Mapping[str, str]) -> bool:
    """Whether all of these versions of files were found to be sound before."""
    return all(soundness(place, root, folder).knows(some) for folder, some in _by_folder(paths).items())


def remembered(place: Path, root: str, paths: Mapping[str, str]) -> dict[str, str]:
    """Known problems of these versions of files, without reading any."""
    found: dict[str, str] = {}
    for folder, some in _by_folder(paths).items():
        found |= soundness(place, root, folder).remembered(some)
    return found


def _by_folder(paths: Mapping[str, str]) -> dict[str, dict[str, str]]:
    folders: dict[str, dict[str, str]] = {}
    for key, path in paths.items():
        if _DIGEST.search(key):
            folders.setdefault(key.rpartition("/")[0], {})[key] = path
    return folders


def _put(path: Path, data: bytes) -> None:
    with replacing(path) as temporary, temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())  # after a power cut a name without its bytes would be believed


def _touched(path: Path) -> bool:
    """Whether it is there; if so it was used just now, which its time of access says: that of change tells versions."""
    try:
        os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))
    except FileNotFoundError:
        return False
    return True


def _files(folder: Path) -> list[tuple[Path, os.stat_result]]:
    found = []
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if not path.name.startswith("."):
                found.append((path, path.stat()))
    return found


@contextlib.contextmanager
def _only_one(path: Path) -> Iterator[bool]:
    """Whether this process holds the lock; never waits. Where there are no locks: unlinking twice is harmless."""
    held = hold(path, wait=False)
    with contextlib.closing(held) if held else contextlib.nullcontext():
        yield held is not None
