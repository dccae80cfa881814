"""Whether an object is the one that its name promises, and was written where it lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cqs_core.bucket.cache import REMEDY, as_named
from cqs_core.errors import DataError
from cqs_core.lake.object_names import LakeObject, Series, object_stem, parse_folder, parse_object
from cqs_core.lake.series_table import STORED, stamps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core.bucket import Bucket

_SERIES, _NAME = b"cqs.series", b"cqs.name"


def metadata(series: Series, item: LakeObject) -> dict[bytes, bytes]:
    """The footer of an object: its series, and its name without the hash."""
    return {_SERIES: _text(str(series)), _NAME: _text(object_stem(item))}


def checked_paths(bucket: Bucket, objects: Sequence[LakeObject], *, again: bool = False) -> Sequence[str]:
    """Local paths of objects, each checked once for each version of its file; with `again`, now.

    Raises:
        FileNotFoundError: one is gone; list again.
        DataError: one is damaged, or is not what its name says.
    """
    return bucket.paths([o.key for o in objects], problem_of, again=again)


def problem_of(key: str, data: bytes) -> str:
    """The fault of an object of the lake, found without decoding a row; empty if it has none."""
    if said := as_named(key, data):
        return said
    series, item = parse_folder(key.rpartition("/")[0]), parse_object(key)
    if series is None or item is None:
        return "is not an object of the lake"
    try:
        return _against_footer(pq.ParquetFile(pa.BufferReader(data)), series, item)
    except (pa.ArrowException, OSError) as error:
        return f"is not a parquet file ({' '.join(str(error).split())})"


def against_name(table: pa.Table, item: LakeObject) -> str:
    """The fault of the rows of an object, given its name; empty if they have none."""
    ts = stamps(table)
    if len(ts) != item.rows or (len(ts) and (ts[0] != item.first or ts[-1] != item.last)):
        return "does not hold the rows that its name says"
    if len(ts) and ((np.diff(ts) <= 0).any() or ts[0] < item.start or ts[-1] >= item.end):
        return "holds rows that are unsorted, doubled or outside its range"
    if len(ts) and int(table.column("seq").to_numpy().max()) > item.seq:  # an answer without rows may have been newer
        return "holds rows of a later ingest than its name says"
    return ""


def damage(key: str, said: str) -> DataError:
    """The error that names an object."""
    return DataError(f"{key!r} {said}; {REMEDY}")


def written_as(about: pq.FileMetaData) -> tuple[Series, str]:
    """The series that an object was written for, and all of its name but the hash, by its footer.

    Raises:
        ValueError: it names no series, or an impossible one.
    """
    said = about.metadata or {}
    exchange, _, rest = said.get(_SERIES, b"").decode("utf-8", "surrogatepass").partition(" ")
    market, _, interval = rest.rpartition(" ")
    series = Series(exchange, market, interval)
    if not all(series) or parse_folder(series.folder) != series:
        raise ValueError(exchange)
    return series, said.get(_NAME, b"").decode()


def _against_footer(file: pq.ParquetFile, series: Series, item: LakeObject) -> str:
    if not file.schema_arrow.equals(STORED):
        return f"has the wrong schema: {', '.join(f'{f.name} {f.type}' for f in file.schema_arrow)}"
    if file.metadata.num_rows != item.rows:
        return "does not hold the rows that its name says"
    about = file.metadata.metadata or {}
    if _NAME not in about:  # written before objects named themselves: only the rows can show it
        return against_name(file.read(columns=["ts", "seq"]), item)
    owner, name = about.get(_SERIES, b""), about[_NAME]
    if owner != _text(str(series)):
        return f"was written for {owner.decode('utf-8', 'replace')}, not for {series}"
    if name != _text(object_stem(item)):
        return f"was renamed: it was written as {name.decode('utf-8', 'replace')}"
    return ""


def _text(value: str) -> bytes:
    """Names of markets may hold half a character."""
    return value.encode("utf-8", "surrogatepass")
