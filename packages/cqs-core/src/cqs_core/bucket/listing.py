"""Everything below a folder, links followed; a folder of immutable files that did not change is not read again.

A file that comes or goes changes its folder's ctime, which programs cannot set. Clocks are coarse, so a cached listing
is trusted only if folder and files had not changed for a while before it; only on file systems known to keep such times
(no network, no FUSE), and not if links lead elsewhere. All others are read again each time.
"""

from __future__ import annotations

import contextlib
import functools
import os
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cqs_core.bucket.entry import Entry, hidden

if TYPE_CHECKING:
    from collections.abc import Sequence

_REST = 2_000_000_000  # nanoseconds: what git's index, too, takes for safely past
_DISKS = frozenset({"btrfs", "ext3", "ext4", "overlay", "tmpfs", "xfs"})
Place = tuple[int, int]  # device and inode: what a folder is, whatever links to it
State = tuple[int, int, int, int]  # its place, and when it changed


class FolderListing(NamedTuple):
    """The content of a folder."""

    state: State
    folders: Sequence[str]  # names
    entries: Sequence[Entry]


_remembered: dict[tuple[str, str], FolderListing] = {}


def walk(folder: str, prefix: str, found: list[Entry], *, immutable: bool, above: tuple[Place, ...] = ()) -> None:
    """Into `found`: a listing of a thousand objects is asked for again and again, and generators in generators cost.

    Args:
        folder: its path.
        prefix: its key.
        found: gets the entries, in no order.
        immutable: files below never change in place.
        above: folders that we are in; a link into one of them is not followed.
    """
    state = state_of(folder)
    if state is None:
        _remembered.pop((folder, prefix), None)
        return
    if state[:2] in above:
        return
    listing = _remembered.get((folder, prefix)) if immutable else None
    if listing is None or listing.state != state:
        listing, rests = read_folder(folder, prefix, state, immutable=immutable)
        if rests:
            _remembered[folder, prefix] = listing
    found += listing.entries
    for name in listing.folders:
        below = f"{prefix}/{name}" if prefix else name
        walk(f"{folder}/{name}", below, found, immutable=immutable, above=(*above, state[:2]))


def state_of(folder: str) -> State | None:
    """The state by which a change of a folder is noticed; None if there is no folder."""
    try:
        seen = os.stat(folder)  # noqa: PTH116 - a listing stats every folder; Path would double its price
    except (FileNotFoundError, NotADirectoryError):
        return None
    return seen.st_dev, seen.st_ino, seen.st_mtime_ns, seen.st_ctime_ns


def scan(folder: str) -> Sequence[os.DirEntry[str]]:
    """The content of a folder; empty if it does not exist."""
    try:
        with os.scandir(folder) as found:
            return list(found)
    except (FileNotFoundError, NotADirectoryError):
        return []


def read_folder(folder: str, prefix: str, state: State, *, immutable: bool) -> tuple[FolderListing, bool]:
    """The content, and whether it can be cached: it then holds as long as the folder has this state, taken before."""
    now = time.time_ns()
    folders, entries, moved, plain = [], [], max(state[2:]), immutable
    for item in scan(folder):
        key = f"{prefix}/{item.name}" if prefix else item.name
        plain = plain and not item.is_symlink()
        if hidden(key):
            continue
        try:
            seen = item.stat()
        except OSError:  # gone, or a link that leads nowhere or in a circle
            continue
        if stat.S_ISDIR(seen.st_mode):
            folders.append(item.name)
        elif stat.S_ISREG(seen.st_mode):
            moved = max(moved, seen.st_mtime_ns, seen.st_ctime_ns)
            entries.append(Entry(key, seen.st_size, seen.st_mtime, f"{seen.st_ino}-{seen.st_mtime_ns}-{seen.st_size}"))
    rests = plain and moved < now - _REST and state[0] in _disks(time.monotonic_ns() // _REST)
    return FolderListing(state, sorted(folders), sorted(entries)), rests


@functools.lru_cache(maxsize=1)
def _disks(_moment: int) -> frozenset[int]:
    """Devices of mounted file systems whose folder times can be trusted; looked up again for each `moment`."""
    found = set()
    with contextlib.suppress(OSError, ValueError, IndexError):  # there is such a table on Linux only
        for line in Path("/proc/self/mountinfo").read_text(errors="replace").splitlines():
            about, _, kind = line.partition(" - ")
            if kind.split()[0] in _DISKS:
                major, minor = about.split()[2].split(":")
                found.add(os.makedev(int(major), int(minor)))
    return frozenset(found)
