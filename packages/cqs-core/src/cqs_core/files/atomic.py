"""Files that are replaced whole: a reader, or a crash, finds the old file or the new one, never a part.

Objects of a bucket are written by `cqs_core.bucket`, which also survives a power cut; this is for everything else.
"""

from __future__ import annotations

import contextlib
import json
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def replacing(path: Path, *, make_folder: bool = True) -> Iterator[Path]:
    """A temporary path to write to; when the block ends, that file replaces `path`.

    A block that fails leaves `path` as it was. Of two writers the last one wins.
    """
    if make_folder:
        path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_json(path: Path, value: Any, *, mode: int = 0o666, make_folder: bool = True) -> None:
    """The value as JSON; `mode` is narrowed by the process's umask."""
    with replacing(path, make_folder=make_folder) as temporary:
        temporary.touch(mode)
        temporary.write_text(json.dumps(value, separators=(",", ":")), "utf-8")
