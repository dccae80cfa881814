"""The folder that a local bucket is: none at its path, or another one, is an error and never an empty bucket."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from cqs_core.errors import BucketUnavailable, UsageError

if TYPE_CHECKING:
    from pathlib import Path

_held: dict[Path, Root] = {}


class Root:
    """A folder, remembered by its device and inode when it is first seen.

    Args:
        path: of the folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._place: tuple[int, int] | None = None
        self._system = 0

    @property
    def seen(self) -> bool:
        """Whether it was there before."""
        return self._place is not None

    def check(self) -> None:
        """Whether the folder is there, and the one that it was.

        Raises:
            UsageError: it was never there.
            BucketUnavailable: it is gone, another one, or cannot be reached.
        """
        try:
            found = os.stat(self.path)  # noqa: PTH116 - asked before each object; Path would double its price
        except (FileNotFoundError, NotADirectoryError):
            raise self._missing() from None
        except OSError as error:
            raise BucketUnavailable(f"bucket {str(self.path)!r} cannot be reached: {error.strerror}") from error
        place = found.st_dev, found.st_ino
        if place != self._place:
            self._meet(place)

    def make(self) -> None:
        """Make a folder that was never there, if its parent exists.

        Raises:
            UsageError: it does not.
            BucketUnavailable: it was there before.
        """
        if not self.seen and not self.path.exists():
            if not self.path.parent.is_dir():
                remedy = f"create {str(self.path.parent)!r} first"
                raise UsageError(f"bucket {str(self.path)!r} does not exist; {remedy}")
            self.path.mkdir(exist_ok=True)
        self.check()

    def _meet(self, place: tuple[int, int]) -> None:
        system = _system(self.path)
        # a disk that was mounted again may have another device number, but it is the same file system
        if self._place is not None and not (system and (system, place[1]) == (self._system, self._place[1])):
            raise BucketUnavailable(
                f"bucket {str(self.path)!r} is not the folder that it was: it was moved, unmounted or replaced; "
                "put it back, or start again if that is meant"
            )
        self._place, self._system = place, system

    def _missing(self) -> BucketUnavailable | UsageError:
        name = f"bucket {str(self.path)!r}"
        if self.seen:
            return BucketUnavailable(f"{name} is gone: its folder was moved, unmounted or deleted; put it back")
        return UsageError(f"{name} does not exist; check the name, or fetch something first")


def root_of(path: Path) -> Root:
    """The root that a command of this process holds, else a new one."""
    return _held.get(path) or Root(path)


def pin(root: Root) -> Root:
    """The root that every bucket of this process at this path has from now on: also one that a page opens later."""
    return _held.setdefault(root.path, root)


def _system(path: Path) -> int:
    """Id of the file system, 0 where it has none."""
    with contextlib.suppress(OSError, AttributeError):  # Windows has no statvfs
        return os.statvfs(path).f_fsid
    return 0
