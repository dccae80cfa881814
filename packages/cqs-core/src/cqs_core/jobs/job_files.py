"""The files of a job, each written by one process and replaced whole."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

from cqs_core.files import atomic
from cqs_core.files.formats import format_fields

FORMAT = 1
"""The format of all files of a job; its request says it."""

REQUEST, PROCESS, BEGAN, PROGRESS, END = "request.json", "process.json", "began.json", "progress.json", "end.json"
RESULT, LOG, CANCEL, GIVEN_UP, SERVICE = "result.json", "log.txt", "cancel", "given-up.json", "service"


def write_json(path: Path, value: Any) -> None:
    """One file of a job, replaced whole. The folder of a job that was cleared away is not made again."""
    atomic.write_json(path, value, make_folder=False)


def request_of(title: str, args: Sequence[str]) -> dict[str, Any]:
    """What a new job is asked to do; its process adds nothing to it."""
    asked = {"title": title, "args": [*args, "--json"], "started": time.time()}
    return format_fields("cqs-core", FORMAT) | asked


def read_json(path: Path) -> dict[str, Any]:
    """The file's object; empty where it is absent or not whole."""
    try:
        value = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
