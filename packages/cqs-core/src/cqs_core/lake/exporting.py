"""Exports candles of the lake to a file: CSV or parquet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cqs_core.config.variables import settings
from cqs_core.errors import BucketError, UsageError
from cqs_core.files.atomic import replacing
from cqs_core.lake.deriving import derive
from cqs_core.lake.series_table import in_milliseconds

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

    from cqs_core.lake.lake import Lake
    from cqs_core.lake.object_names import Series

FORMATS = ("csv", "parquet")


def check_target(path: str | Path) -> str:
    """The format that the file's suffix names.

    Raises:
        UsageError: another one, or the folder is missing.
    """
    target = Path(path)
    kind = target.suffix.removeprefix(".").lower()
    if kind not in FORMATS:
        raise UsageError(f"{str(path)!r} cannot be written; name a .{' or .'.join(FORMATS)} file")
    if not target.absolute().parent.is_dir():
        raise UsageError(f"no folder {str(target.parent)!r}; create it, or name another file")
    if target.exists() and not target.is_file():
        raise UsageError(f"{str(path)!r} is not a file that can be replaced; name another")
    return kind


def export(
    lake: Lake, path: str | Path, series: Series, start: int | None, end: int | None, tell: Callable[[str], None]
) -> int:
    """See `Lake.export`; times are ms UTC.

    Raises:
        BucketError: the disk did not take it.
    """
    check_target(path)
    found = derive(lake, series, start, end, settings().day_start, again=True)
    if not len(found.table):
        lake.refuse(found)
    _write(found.table, path)
    if note := found.note:
        tell(note)
    return len(found.table)


def _write(table: pa.Table, path: str | Path) -> None:
    """Write timestamp (ISO 8601, UTC, in CSV), open, high, low, close, volume; the file is whole or not there."""
    kind, target = check_target(path), Path(path).resolve()  # through a link, what it leads to is replaced
    named = table.rename_columns(["timestamp", *table.column_names[1:]])
    try:
        with replacing(target) as temporary:
            (_write_csv if kind == "csv" else _write_parquet)(named, temporary)
    except OSError as error:
        raise BucketError(f"{str(path)!r} could not be written: {error.strerror or error}") from error


def _write_csv(table: pa.Table, path: Path) -> None:
    frame = table.to_pandas()
    frame["timestamp"] = frame["timestamp"].dt.strftime("%Y-%m-%dT%H:%M:%S+00:00")
    frame.to_csv(path, index=False)


def _write_parquet(table: pa.Table, path: Path) -> None:
    import pyarrow.parquet as pq

    pq.write_table(in_milliseconds(table), path, compression="zstd")
