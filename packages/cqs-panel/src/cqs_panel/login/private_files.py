"""Files that only their owner may read: written whole, on disk before they are there, by one writer at a time."""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING, Any

from cqs_core import UsageError
from cqs_core.files import hold, replacing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def write_private(path: Path, value: Any) -> None:
    """The value as JSON, with mode 0600 whatever the umask; in a folder that others may not enter.

    Raises:
        UsageError: it cannot be written; what was there stays.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            with open(temporary, "x", encoding="utf-8", opener=_private) as file:
                json.dump(value, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(0o600)
    except OSError as error:
        raise UsageError(f"{str(path)!r} cannot be written ({error.strerror}); nothing was changed") from None


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the lock of a file while it is read, changed and written: two commands at once lose nothing."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        held = hold(path.with_name(f".{path.name}.lock"), mode=0o600)
    except OSError as error:
        raise UsageError(f"{str(path)!r} cannot be written ({error.strerror}); nothing was changed") from None
    with contextlib.closing(held) if held else contextlib.nullcontext():
        yield


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
