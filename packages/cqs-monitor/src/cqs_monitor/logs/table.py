"""The table of trades that every format fills, and how a format may fill it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pyarrow as pa

from cqs_core import LogFormat
from cqs_core.isolation import fact_of, foreign
from cqs_monitor.logs.days import local_days

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cqs_core import LoggedTrade
    from cqs_monitor.logs.problems import Findings

_NUMERIC = ("price", "quantity", "amount", "profit_pct", "profit")
_FIELDS: dict[str, pa.DataType] = {
    "timestamp": pa.timestamp("us", "UTC"),
    "date": pa.date32(),
    "sell": pa.bool_(),
    "symbol": pa.string(),
    **dict.fromkeys(_NUMERIC, pa.float64()),
    "line": pa.int32(),
    "file": pa.int32(),
}
SCHEMA = pa.schema(_FIELDS)
"""Trades. `date` is the day that the bot wrote; prices, amounts and profits are in the account's currency, profits null
on a purchase; `line` counts from 1 in the file; `file` is an index into the list of files that goes with the table."""

ROWS = pa.schema([column for column in SCHEMA if column.name != "file"])
"""The columns that are kept; which file a row is from follows from the files' counts."""

AMOUNT_TOLERANCE = 1e-3
"""Fraction by which `price` x `quantity` may miss `amount`."""


class TableFormat(LogFormat):
    """A format that reads many files at once, much faster than row by row."""

    def tables(self, sources: Iterable[tuple[str, BinaryIO]], findings: Findings) -> Iterator[pa.Table]:
        """Tables in `SCHEMA`, in the order of files and lines; the column `file` counts the sources.

        Args:
            sources: key and bytes of each file.
            findings: collects what is damaged.
        """
        raise NotImplementedError


def tables(form: LogFormat, sources: Iterable[tuple[str, BinaryIO]], findings: Findings) -> Iterator[pa.Table]:
    """The rows of some files of a format that reads row by row, as `TableFormat.tables` gives them."""
    for file, (key, stream) in enumerate(sources):
        yield _table(form, _rows(form, key, stream, findings), file)


def _rows(form: LogFormat, key: str, stream: BinaryIO, findings: Findings) -> list[LoggedTrade]:
    """The rows that a plugin reads, each checked; where it fails, what it read before counts."""
    rows: list[LoggedTrade] = []
    try:
        with foreign():
            for row in form.trades(stream, lambda line, reason: findings.report(key, line, reason)):
                if row is None:
                    break
                if fault := _fault(row):
                    findings.report(key, row.line, f"{fault}; not counted")
                else:
                    rows.append(row)
    except Exception as error:  # noqa: BLE001 - a plugin may fail in any way
        findings.report(key, None, f"the format {form.name!r} failed, the rest is not read: {fact_of(error)}")
    return rows


def _fault(row: LoggedTrade) -> str:
    """Why a row cannot count; empty where it can."""
    if not isinstance(row.symbol, str) or not row.symbol:
        return "no symbol"
    for name in ("price", "quantity", "amount"):
        value = getattr(row, name)
        if not (isinstance(value, int | float) and 0 < value < math.inf):
            return f"{name} is {value!r}, not above 0"
    if row.sell and (row.profit is None or not math.isfinite(row.profit)):
        return f"profit is {row.profit!r}, no number"
    return "" if abs(row.timestamp) < 1 << 62 else "a time that is out of range"


def _table(form: LogFormat, rows: list[LoggedTrade], file: int) -> pa.Table:
    at = np.array([row.timestamp for row in rows], np.int64)
    days = zip((row.date for row in rows), local_days(at, form.zone).tolist(), strict=True)
    columns: dict[str, Any] = {
        **{name: [getattr(row, name) for row in rows] for name in ("sell", "symbol", *_NUMERIC[:3], "line")},
        **{name: [getattr(row, name) if row.sell else None for row in rows] for name in _NUMERIC[3:]},
        "timestamp": at,
        "date": np.array([day if own is None else own for own, day in days], np.int32),
        "file": np.full(len(rows), file, np.int32),
    }
    return pa.table([pa.array(columns[field.name], type=field.type) for field in SCHEMA], schema=SCHEMA)
