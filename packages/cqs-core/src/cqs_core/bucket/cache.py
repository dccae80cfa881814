"""A bounded local cache of remote objects whose names never mean other bytes; safe for several processes."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

LIMIT = 8 << 30
_RECENT = 60.0  # seconds for which a file just used is never evicted
_STALE = 3600.0  # seconds after which a temporary file belongs to nobody
_BATCH = 64

Fetch = Callable[[list[str]], dict[str, bytes]]


class ObjectCache:
    """Copies in `folder`, at most about `limit` bytes; the file's name is a hash of the object's URL."""

    def __init__(self, folder: Path, limit: int = LIMIT) -> None:
        self.folder = folder
        self.limit = limit

    def paths(self, root: str, keys: Sequence[str], fetch: Fetch) -> list[str]:
        """Local paths of the objects, fetched where they are missing."""
        self.folder.mkdir(parents=True, exist_ok=True)
        local = {key: self._path(f"{root}/{key}") for key in keys}
        missing = [key for key, path in local.items() if not _touched(path)]
        for at in range(0, len(missing), _BATCH):
            for key, data in fetch(missing[at : at + _BATCH]).items():
                self._store(local[key], data)
        if missing:
            self._evict()
        return [str(local[key]) for key in keys]

    def _path(self, url: str) -> Path:
        suffix = Path(url).suffix
        return self.folder / (hashlib.blake2b(url.encode(), digest_size=16).hexdigest() + suffix)

    def _store(self, path: Path, data: bytes) -> None:
        temporary = path.with_name(f"{path.name}.{uuid.uuid4().hex}.tmp")
        try:
            temporary.write_bytes(data)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)

    def _evict(self) -> None:
        with _only_one(self.folder / ".lock") as mine:
            if not mine:
                return
            now = time.time()
            found = sorted((s.st_mtime, s.st_size, p) for p, s in _files(self.folder))
            total = sum(size for _, size, _ in found)
            for used, size, path in found:
                stale = path.suffix == ".tmp" and used < now - _STALE
                if stale or (total > self.limit and used < now - _RECENT):
                    path.unlink(missing_ok=True)
                    total -= size


def _touched(path: Path) -> bool:
    try:
        os.utime(path)
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
def _only_one(path: Path):  # type: ignore[no-untyped-def] # noqa: ANN202 - Iterator[bool]
    """Whether this process holds the lock; never waits."""
    try:
        import fcntl
    except ImportError:  # no flock on this system: evict anyway, unlinking twice is harmless
        yield True
        return
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
