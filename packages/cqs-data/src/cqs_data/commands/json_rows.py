"""Rows of an Arrow table as JSON that any reader takes: numbers, text, lists, objects, null."""

from __future__ import annotations

import datetime as dt
import functools
import json
import math
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from cqs_core.lake import texts

if TYPE_CHECKING:
    Dump = Callable[[Any], str]

_BATCH = 10_000
_DAY = 86_400
_YEAR = 365.25  # days; DuckDB's epoch(interval) counts 30 for a month and this for twelve


def json_rows(table: pa.Table, *, ascii_only: bool = False) -> Iterator[list[str]]:
    """One JSON object a row, in batches.

    Times are ISO 8601 with `+00:00` (naive ones are UTC), intervals seconds, bytes hex text, decimals numbers where a
    float holds them, NaN and infinities null; what Python cannot hold is DuckDB's text.
    """
    dump = functools.partial(json.dumps, ensure_ascii=ascii_only, allow_nan=False)
    names = (dump(name).replace("%", "%%") for name in table.column_names)
    row = "{" + ", ".join(f"{name}: %s" for name in names) + "}"
    for batch in table.to_batches(max_chunksize=_BATCH):
        columns = [_dumped(column, dump) for column in batch.columns]
        yield [row % values for values in zip(*columns, strict=True)]


def _dumped(column: pa.Array[Any], dump: Dump) -> list[str]:
    """JSON of every value; equal ones are converted once."""
    kind = column.type
    if pa.types.is_floating(kind):
        numbers = column.to_numpy(zero_copy_only=False).tolist()  # null is NaN there
        return [repr(number) if math.isfinite(number) else "null" for number in numbers]
    if pa.types.is_nested(kind) or pa.types.is_null(kind) or pa.types.is_interval(kind):
        return [dump(value) for value in _values(column)]
    found = column.dictionary_encode()
    words = [*(dump(value) for value in _values(found.dictionary)), "null"]
    return [words[at] for at in found.indices.fill_null(len(words) - 1).to_numpy(zero_copy_only=False).tolist()]


def _values(column: pa.Array[Any]) -> list[Any]:
    if pa.types.is_timestamp(column.type):
        return _times(column)
    if pa.types.is_temporal(column.type) and not pa.types.is_interval(column.type):  # dates and times of day
        return _texts(column)
    try:
        return [_plain(value) for value in column.to_pylist(maps_as_pydicts="lossy")]
    except (ArithmeticError, TypeError, ValueError):  # infinite times, keys that are lists
        return _texts(column)


def _times(column: pa.Array[Any]) -> list[Any]:
    """ISO 8601; DuckDB's text for times outside Python's years or finer than a microsecond."""
    exact = column.to_numpy(zero_copy_only=False)
    stamps = exact.astype("M8[us]") if column.type.unit == "ns" else exact
    found = [_iso(at) if isinstance(at, dt.datetime) else None for at in stamps.astype(object).tolist()]
    held = [iso if same else None for iso, same in zip(found, (stamps == exact).tolist(), strict=True)]
    if None not in held:
        return held
    return [iso or text for iso, text in zip(held, _texts(column), strict=True)]


def _texts(column: pa.Array[Any]) -> list[Any]:
    return [text for batch in texts(pa.table({"x": column})) for text in batch.column(0).to_pylist()]


def _plain(value: Any) -> Any:
    """A value as JSON can hold it."""
    if isinstance(value, pa.MonthDayNano):  # a tuple too
        return _seconds(value)
    if isinstance(value, Mapping):
        return {str(_plain(key)): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return next((write(value) for kind, write in _WRITERS.items() if isinstance(value, kind)), value)


def _number(value: float | Decimal) -> int | float | str | None:
    """NaN and infinities are null; of decimals, whole ones are int, others float where that is exact, else text."""
    if not math.isfinite(value):
        return None
    if isinstance(value, float):
        return value
    if value == value.to_integral_value():
        return int(value)
    near = float(value)
    return near if Decimal(repr(near)) == value else format(value, "f")


def _iso(at: dt.datetime) -> str:
    return at.replace(tzinfo=dt.UTC).isoformat()


def _seconds(interval: pa.MonthDayNano) -> int | float:
    years, months = (math.trunc(interval.months / 12), math.fmod(interval.months, 12))
    seconds = (years * _YEAR + months * 30 + interval.days) * _DAY + interval.nanoseconds / 1e9
    return int(seconds) if seconds == int(seconds) else seconds


_WRITERS: Mapping[Any, Callable[[Any], Any]] = {
    dt.datetime: _iso,  # before date, which it is too
    (dt.date, dt.time): lambda value: value.isoformat(),
    bytes: bytes.hex,
    (float, Decimal): _number,
}
