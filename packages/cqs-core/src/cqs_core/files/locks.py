"""Locks between processes: a file that one of them holds, until it closes the file or ends."""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def has_locks() -> bool:
    """Whether this system has such locks; Windows has not."""
    try:
        import fcntl  # noqa: F401
    except ImportError:
        return False
    return True


def hold(path: Path, *, wait: bool = True, mode: int = 0o666) -> IO[str] | None:
    """Hold a lock until the file that is returned is closed. Where the system has no locks, everyone gets the file.

    Args:
        path: of the file, which is made if it is not there.
        wait: until the lock is free.
        mode: of a new file, narrowed by the umask.

    Returns:
        None where another process holds it, and this one does not wait.

    Raises:
        OSError: the file cannot be opened.
    """
    file = open(path, "a", opener=lambda name, flags: os.open(name, flags, mode))  # noqa: SIM115 - held by the caller
    if not has_locks():
        return file
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    except BaseException:  # a signal ends the wait
        file.close()
        raise
    return file
