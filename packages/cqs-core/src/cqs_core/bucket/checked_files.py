"""Which versions of local files were found to be what their names promise.

Hashing a lake again and again would cost more than reading it. So the result for each version of a file is kept, across
processes too: one small file in the cache folder for each folder of a bucket. A version is inode, size and times.
Clocks tick coarsely: a file that changed in the last two seconds could change once more without a new time, and is
checked again. If these results are lost or damaged, files are only checked once more.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from cqs_core.files.atomic import write_json

Test = Callable[[str, bytes], str]
"""Returns what is wrong with an object, given its key and bytes; empty if nothing is."""

_VERSION = 1
_REST = 2_000_000_000  # nanoseconds: what git's index, too, takes for safely past
_MANY = 64  # files of which more is kept than was asked for
_AT_ONCE = min(4, os.cpu_count() or 1)  # hashing frees Python's lock


class Soundness:
    """Results for the files of one folder.

    Args:
        file: where the results are kept; without write access they last as long as the process.
        copies: whether the files are copies that are touched when they are used: then their ctime says nothing.
    """

    def __init__(self, file: Path, *, copies: bool = False) -> None:
        self._file = file
        self._copies = copies
        self._known = _loaded(file)
        self._lock = threading.Lock()

    def problems(self, paths: Mapping[str, str], test: Test, *, again: bool = False) -> dict[str, str]:
        """Faults of files, by key; sound files are left out.

        Args:
            paths: of the files, by key.
            test: asked once for each version.
            again: ask also for known versions.

        Raises:
            FileNotFoundError: one is gone.
        """
        now, versions = time.time_ns(), {key: self._version(path) for key, path in paths.items()}
        unknown = [key for key in paths if again or self._known.get(key) != [versions[key], ""]]
        found = dict(zip(unknown, _each(lambda key: test(key, Path(paths[key]).read_bytes()), unknown), strict=True))
        fresh = {key: [versions[key], said] for key, said in found.items() if max(versions[key][2:]) < now - _REST}
        if any(self._known.get(key) != known for key, known in fresh.items()):
            self._keep(fresh, paths)
        return {key: said for key, said in found.items() if said}

    def knows(self, paths: Mapping[str, str]) -> bool:
        """Whether nothing was found wrong with these versions of files."""
        try:
            return all(self._known.get(key) == [self._version(path), ""] for key, path in paths.items())
        except OSError:
            return False

    def remembered(self, paths: Mapping[str, str]) -> dict[str, str]:
        """Known problems of these versions of files, without reading any."""
        bad = {key: known for key in paths if (known := self._known.get(key)) and known[1]}
        with contextlib.suppress(OSError):
            return {key: said for key, (version, said) in bad.items() if version == self._version(paths[key])}
        return {}

    def _version(self, path: str) -> list[int]:
        seen = os.stat(path)  # noqa: PTH116 - asked for every object of every question; Path would double its price
        return [seen.st_ino, seen.st_size, seen.st_mtime_ns, 0 if self._copies else seen.st_ctime_ns]

    def _keep(self, fresh: Mapping[str, list[Any]], asked: Mapping[str, str]) -> None:
        """Atomic; if two processes save, the last one wins, and the other's files are checked again."""
        with self._lock:
            known = {**self._known, **fresh}
            if len(known) > _MANY + 2 * len(asked):  # compaction replaces objects: forget those that are gone
                known = {key: known[key] for key in asked if key in known}
            self._known = known
            with contextlib.suppress(OSError):
                write_json(self._file, [_VERSION, known])


@functools.lru_cache(maxsize=1 << 14)
def soundness(place: Path, root: str, folder: str, *, copies: bool = False) -> Soundness:
    """One a process for each folder of a bucket.

    Args:
        place: where such files are kept.
        root: of the bucket.
        folder: key of the folder.
        copies: see `Soundness`.
    """
    name = hashlib.blake2b(f"{root}/{folder}".encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
    return Soundness(place / f"{name}.json", copies=copies)


def _each(work: Callable[[str], str], keys: list[str]) -> list[str]:
    if len(keys) < 2 or _AT_ONCE < 2:
        return [work(key) for key in keys]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(work, keys))


def _loaded(file: Path) -> dict[str, Any]:
    """The file's content; empty if it is absent, torn or of another version."""
    try:
        version, known = json.loads(file.read_bytes())
        good = version == _VERSION and all(len(one) == 2 and isinstance(one[1], str) for one in known.values())
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
    return known if good else {}
