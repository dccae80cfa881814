"""Duplicate rows, in one file, in two, or in a copy of an account's folder: counted once, and reported.

Two trades of a bot are never equal to the microsecond with all their numbers. Of two accounts, one is a copy if its
name says so, or if many rows are equal.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cqs_monitor.logs.problems import Problem
from cqs_monitor.logs.recognition import LEGACY, month_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from cqs_monitor.logs.history import FileRows

_SAME = ("timestamp", "sell", "symbol", "price", "quantity", "amount", "profit_pct", "profit")
_MANY = 10
"""Equal rows of two accounts that make one a copy of the other, whatever they are called."""


@dataclass(frozen=True, eq=False)
class Once:
    """The rows, each counted once.

    Attributes:
        table: in `snapshot.TRADES`, without the accounts that are copies.
        accounts: names by index, without copies.
        copies: accounts whose rows are all in other accounts too, and the one that has most of them.
        problems: what was left out.
    """

    table: pa.Table
    accounts: list[str]
    copies: Mapping[str, str] = field(default_factory=dict)
    problems: Sequence[Problem] = ()


def counted_once(table: pa.Table, load: Callable[[], Sequence[FileRows]], accounts: list[str]) -> Once:
    """The table with each row once.

    Args:
        table: in `snapshot.TRADES`; the rows of all files, in their order.
        load: gives what was read of each file; needed only where rows come twice.
        accounts: names by index.
    """
    doubtful = _same_moment(table)
    if not len(doubtful):
        return Once(table, accounts)
    files = load()
    again, first = _repeated(doubtful, table, files, accounts)
    if not len(again):
        return Once(table, accounts)
    owner = table["account"].to_numpy()
    rows, repeats = (np.bincount(found, minlength=len(accounts)) for found in (owner, owner[again]))
    elsewhere = np.bincount(owner[again[owner[first] != owner[again]]], minlength=len(accounts))
    copied = (rows > 0) & (rows == repeats) & (elsewhere > 0)
    keep = np.ones(table.num_rows, bool)
    keep[again] = False
    problems = list(_problems(again, first, files, owner, copied, accounts))
    left, names = _without(table.filter(pa.array(keep)), copied, accounts)
    pairs = Counter(zip(owner[again].tolist(), owner[first].tolist(), strict=True))
    copies = {accounts[mine]: accounts[other] for (mine, other), _ in reversed(pairs.most_common()) if copied[mine]}
    return Once(left, names, copies, problems)


def _without(table: pa.Table, copied: npt.NDArray[np.bool_], accounts: list[str]) -> tuple[pa.Table, list[str]]:
    """The table with its accounts numbered anew."""
    if not copied.any():
        return table, accounts
    places = (np.cumsum(~copied) - 1).astype(np.int32)
    column = pa.array(places[table["account"].to_numpy()], pa.int32())
    at = table.schema.get_field_index("account")
    names = [name for name, gone in zip(accounts, copied.tolist(), strict=True) if not gone]
    return table.set_column(at, table.schema.field(at), pa.chunked_array([column])), names


def _same_moment(table: pa.Table) -> npt.NDArray[np.int64]:
    """Rows that share their time with another row."""
    at = table["timestamp"].cast(pa.int64()).to_numpy()
    order = np.argsort(at, kind="stable")
    same = at[order][1:] == at[order][:-1]
    return np.sort(order[np.flatnonzero(np.append(same, False) | np.insert(same, 0, False))]) if len(at) else order


def _repeated(
    doubtful: npt.NDArray[np.int64], table: pa.Table, files: Sequence[FileRows], accounts: list[str]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Rows that repeat another row, and the row that counts."""
    ranked = doubtful[np.argsort(_ranks(doubtful, table, files, accounts), kind="stable")]
    owners = table["account"].to_numpy()[ranked].tolist()
    equal: dict[tuple[object, ...], dict[int, int]] = {}
    sure: list[tuple[int, int]] = []
    unsure: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for row, owner, values in zip(ranked.tolist(), owners, _tuples(table.select(_SAME).take(ranked)), strict=True):
        kept = equal.setdefault(values, {})
        known = _original(owner, kept, accounts)
        if known is not None:
            sure.append((row, kept[known]))
        elif kept:
            other = next(iter(kept))
            unsure.setdefault((other, owner), []).append((row, kept[other]))
        kept.setdefault(owner, row)
    sure += [pair for pairs in unsure.values() if len(pairs) >= _MANY for pair in pairs]
    again = np.array(sorted(sure), np.int64).reshape(-1, 2)
    return again[:, 0], again[:, 1]


def _original(owner: int, kept: Mapping[int, int], accounts: list[str]) -> int | None:
    """The account that `owner` is a copy of by its name, among those that have a row already."""
    if owner in kept or not kept:
        return owner if owner in kept else None
    if is_backup(accounts[owner]):
        return next(iter(kept))
    wanted = originals(accounts[owner])
    return next((other for other in kept if accounts[other] in wanted), None) if len(kept) < _MANY else None


def _ranks(
    rows: npt.NDArray[np.int64], table: pa.Table, files: Sequence[FileRows], accounts: list[str]
) -> npt.NDArray[np.int64]:
    """Which of equal rows counts: that of an account that is not a copy by its name, and of a daily file."""
    order = sorted(range(len(accounts)), key=lambda index: by_likelihood(accounts[index]))
    place = np.empty(len(accounts), np.int64)
    place[order] = np.arange(len(accounts))
    single = np.array([_is_single(files[file]) for file in _file_of(rows, files).tolist()], np.int64)
    ranks: npt.NDArray[np.int64] = 2 * place[table["account"].to_numpy()[rows]] + single
    return ranks


def _is_single(entry: FileRows) -> bool:
    """Whether a file holds all trades of its account, besides which there may be daily ones."""
    return month_of(entry.file.key.rpartition("/")[2]) == LEGACY


def _file_of(rows: npt.NDArray[np.int64], files: Sequence[FileRows]) -> npt.NDArray[np.int64]:
    ends = np.cumsum([entry.rows for entry in files])
    return np.searchsorted(ends, rows, side="right")


def _problems(
    again: npt.NDArray[np.int64],
    first: npt.NDArray[np.int64],
    files: Sequence[FileRows],
    owner: npt.NDArray[np.int32],
    copied: npt.NDArray[np.bool_],
    accounts: list[str],
) -> Iterator[Problem]:
    """One for each account that is a copy, and for each file of the others."""
    whole: dict[int, Counter[int]] = {}
    parts: dict[int, Counter[int]] = {}
    ours, theirs = _file_of(again, files), _file_of(first, files)
    for account, other, mine, its in np.column_stack([owner[again], owner[first], ours, theirs]).tolist():
        found, key, value = (whole, account, other) if copied[account] else (parts, mine, its)
        found.setdefault(key, Counter())[value] += 1
    for account, others in whole.items():
        folder = next(e.file.key for e in files if e.file.account == accounts[account]).rpartition("/")[0]
        named = ", ".join(repr(accounts[other]) for other, _ in others.most_common(3))
        yield Problem(f"{folder}/", None, f"a copy of {named}: all its {others.total()} rows are there; counted once")
    for mine, others in parts.items():
        yield Problem(files[mine].file.key, None, _fact(mine, others, files))


def _fact(mine: int, others: Counter[int], files: Sequence[FileRows]) -> str:
    rows = f"{others.total()} row{'s' * (others.total() != 1)}"
    if set(others) == {mine}:
        return f"{rows} more than once, equal to the microsecond; counted once"
    if _is_single(files[mine]):
        return f"{others.total()} rows that daily files have as well; counted once"
    named = files[others.most_common(1)[0][0]].file.key
    where = f"{named} has" if len(others) == 1 else f"{len(others)} files have ({named} …)"
    return f"{rows} that {where} as well; counted once"


def _tuples(table: pa.Table) -> Iterator[tuple[object, ...]]:
    columns = [table["timestamp"].cast(pa.int64()), *table.columns[1:]]
    return zip(*(column.to_pylist() for column in columns), strict=True)


_BACKUP = re.compile(
    r"(?i)backup|(?<![a-z])(bak|old|copy|copies|archived?|tmp|temp|orig|snapshot)(?![a-z])|~$|\s\(\d+\)$|사본|백업"
)
_APART = re.compile(r"[._\-~ ()]+")


def is_backup(name: str) -> bool:
    """Whether a folder is called a copy of something.

    >>> [is_backup(name) for name in ("Main.bak", "backup_2025", "Main (1)", "Main", "Bakery")]
    [True, True, True, False, False]
    """
    return _BACKUP.search(name) is not None


def by_likelihood(name: str) -> tuple[bool, int, int, str]:
    """A key that sorts originals before their copies."""
    return is_backup(name), name.count("/"), len(name), name


def originals(name: str) -> set[str]:
    """Accounts of which a folder with this name may be a copy.

    >>> sorted(originals("Main/Main.bak"))
    ['Main', 'Main.bak', 'bak']
    """
    return {found for found in _parts(name) if found and found != name}


def _parts(name: str) -> Iterator[str]:
    folders = name.split("/")
    for at in range(len(folders)):
        yield "/".join(folders[:at])
        yield "/".join(folders[at:])
        yield folders[at]
        for apart in _APART.finditer(folders[at]):
            yield folders[at][: apart.start()]
            yield folders[at][apart.end() :]
