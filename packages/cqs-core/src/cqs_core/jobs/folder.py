"""The files of a job, each written by one process and replaced whole."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

REQUEST, PROCESS, BEGAN, PROGRESS, END = "request.json", "process.json", "began.json", "progress.json", "end.json"
RESULT, LOG, CANCEL, GIVEN_UP = "result.json", "log.txt", "cancel", "given-up.json"


def write_json(path: Path, value: Any) -> None:
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    temporary.write_text(json.dumps(value))
    temporary.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """The file's object; empty where it is absent or not whole."""
    try:
        value = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
