"""Versions of what cqs stores: who wrote it, in which format, and whether this version can read it.

A file without a format is of format 1: it was written before formats had numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqs_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping


class NewerFormat(DataError):  # noqa: N818 - reads as what it is
    """Stored by a newer version, in a format that this one does not know."""


def format_fields(package: str, version: int) -> dict[str, Any]:
    """The two fields of a stored JSON object that say its format: `format` and `written_by`."""
    from importlib.metadata import version as of

    return {"format": version, "written_by": f"{package} {of(package)}"}


def require_format(what: str, found: Mapping[str, Any], newest: int, package: str) -> None:
    """Refuse what a newer version wrote.

    Args:
        what: names the object in the message, such as `run '20260101-…'`.
        found: the stored fields.
        newest: the newest format that this version reads.
        package: that reads it.

    Raises:
        NewerFormat: it is newer.
        DataError: its format is not a number.
    """
    version = found.get("format", 1)
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise DataError(f"{what} has format {version!r}, which is not a number from 1 on; it is damaged")
    if version > newest:
        writer = str(found.get("written_by") or f"a newer {package}")
        raise NewerFormat(
            f"{what} is of format {version}, written by {writer}; this version reads {newest}: upgrade {package}"
        )
