"""Rows of a single-file log that daily files have as well: a bot that moved to daily files may keep the old one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cqs_monitor.logs.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cqs_monitor.logs.group import FileRows

_SAME = ("timestamp", "sell", "symbol", "price", "quantity", "amount")


def without_repeats(
    table: pa.Table, legacy: tuple[FileRows, ...], accounts: list[str]
) -> tuple[pa.Table, list[Problem]]:
    """The table without rows that are told twice, and what was left out.

    Args:
        table: in `snapshot.TRADES`; the rows of `legacy` come first, in its order.
        legacy: the single-file logs.
        accounts: names by index.
    """
    keep = np.ones(table.num_rows, bool)
    problems = []
    owner, date = table["account"].to_numpy(), table["date"].cast(pa.int32()).to_numpy()
    for entry, start in _starts(legacy):
        mine = np.arange(start, start + entry.rows)
        index = accounts.index(entry.file.account)
        daily = np.flatnonzero(owner[start + entry.rows :] == index) + start + entry.rows
        mine = mine[np.isin(date[mine], date[daily])]  # only days that both have are worth the comparison
        daily = daily[np.isin(date[daily], date[mine])]
        repeated = mine[_among(table, mine, daily)]
        keep[repeated] = False
        if len(repeated):
            fact = f"{len(repeated)} rows that daily files have as well; counted once"
            problems.append(Problem(entry.file.key, None, fact))
    return (table if keep.all() else table.filter(pa.array(keep))), problems


def _starts(legacy: tuple[FileRows, ...]) -> Iterator[tuple[FileRows, int]]:
    start = 0
    for entry in legacy:
        yield entry, start
        start += entry.rows


def _among(table: pa.Table, rows: npt.NDArray[np.int64], others: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    if not len(rows) or not len(others):
        return np.zeros(len(rows), bool)
    same = table.select(_SAME)
    known = set(_tuples(same.take(others)))
    return np.array([row in known for row in _tuples(same.take(rows))], np.bool_)


def _tuples(table: pa.Table) -> Iterator[tuple[object, ...]]:
    columns = [table["timestamp"].cast(pa.int64()), *table.columns[1:]]
    return zip(*(column.to_pylist() for column in columns), strict=True)
