"""Unsaved edits of the rules file: kept on this machine, so that a reload or a conflict loses nothing."""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import json
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from cqs_core.files import NewerFormat, format_fields, require_format, state_folder, write_json
from cqs_core.permission import refusal
from cqs_core.time.clock import now
from cqs_monitor.alerts.rules_file import LARGEST

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 1
_LINES = 60  # of a comparison
_COMPARED = 4_000  # lines of both texts: comparing takes the square of their number


@dataclass(frozen=True)
class Draft:
    """A text, the stored text that it began from, and when it was written last, ms UTC."""

    text: str
    was: str
    at: int


def read_draft(bucket: str) -> Draft | None:
    """The draft for a bucket (its URL); None where there is none.

    Raises:
        NewerFormat: a newer version wrote it.
    """
    try:
        found = json.loads(_path(bucket).read_text("utf-8"))
        require_format(f"the draft {str(_path(bucket))!r}", found, FORMAT, "cqs-monitor")
        return Draft(str(found["text"]), str(found["was"]), int(found["at"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def keep_draft(bucket: str, text: str, was: str) -> None:
    """Store the draft unless it equals the saved text. A full disk loses only the draft; viewers have none.

    A draft of a newer version stays as it is.
    """
    if refusal("edit rules") or _is_newer(bucket):
        return
    path = _path(bucket)
    with contextlib.suppress(OSError):
        if text == was:
            path.unlink(missing_ok=True)
        if text == was or len(text) > LARGEST:
            return
        write_json(path, format_fields("cqs-monitor", FORMAT) | {"text": text, "was": was, "at": now()})


def _is_newer(bucket: str) -> bool:
    try:
        read_draft(bucket)
    except NewerFormat:
        return True
    return False


def difference_html(stored: str, mine: str) -> str:
    """The differences between the stored text and mine, as escaped HTML."""
    if stored.count("\n") + mine.count("\n") > _COMPARED:
        return "<p>Both texts are too long to be compared here.</p>"
    lines = list(difflib.unified_diff(stored.splitlines(), mine.splitlines(), "stored", "yours", lineterm="", n=1))
    more = [f"… and {len(lines) - _LINES} more lines"] if len(lines) > _LINES else []
    return f"<pre>{escape(chr(10).join([*lines[:_LINES], *more]))}</pre>"


def _path(bucket: str) -> Path:
    name = hashlib.blake2b(bucket.encode(), digest_size=8).hexdigest()
    return state_folder() / "drafts" / f"alerts-{name}.json"
