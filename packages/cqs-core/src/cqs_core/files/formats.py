"""Versions of what cqs stores: who wrote it, in which format, and whether this version can read it.

A file without a format is of format 1: it was written before formats had numbers.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cqs_core.errors import CqsError, DataError

if TYPE_CHECKING:
    from collections.abc import Mapping


_IN_FOOTER = "cqs.format"


class NewerFormat(CqsError):  # noqa: N818 - reads as what it is
    """Stored by a newer version, in a format that this one does not know. It is not damaged: not a `DataError`."""


def format_fields(package: str, version: int) -> dict[str, Any]:
    """The two fields of a stored JSON object that say its format: `format` and `written_by`."""
    from importlib.metadata import version as of

    return {"format": version, "written_by": f"{package} {of(package)}"}


def parquet_format(package: str, version: int) -> dict[str, str]:
    """The same for a parquet file: an entry of the metadata in its footer."""
    return {_IN_FOOTER: json.dumps(format_fields(package, version))}


def require_parquet_format(what: str, footer: Mapping[bytes, bytes] | None, newest: int, package: str) -> None:
    """Refuse a parquet file that a newer version wrote.

    Args:
        what: names the file in the message.
        footer: the metadata of its schema.
        newest: the newest format that this version reads.
        package: that reads it.

    Raises:
        NewerFormat: it is newer.
        DataError: its format is damaged.
    """
    try:
        found = json.loads((footer or {}).get(_IN_FOOTER.encode(), b"{}"))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise DataError(f"{what} has a format that is not a JSON object; it is damaged")
    require_format(what, found, newest, package)


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
