"""Which objects of a bucket are whose logs, told from names alone."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import itertools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from cqs_monitor.logs.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cqs_core.bucket import Census

PREFIXES = ("bot-logs", "logs")
"""Where logs are, the older place first; both are read, and an account may have files in both."""

ROOT = "logs"
"""Name of the account whose files lie directly below a prefix."""

LEGACY = "legacy"
"""Name of the group of single-file logs, which stand before all months."""

LEGACY_FILE = "trades.csv"
_MOST_ERRORS = 16 << 20  # bytes
_DAY = re.compile(r"trades_(\d{4}-\d\d-\d\d)\.csv")
_WRONG, _ERRORS, _BEAT = "no valid date", "errors", "heartbeat"
_SMALL = {"positions.json": "positions", "runtime_state.json": "states"}


class LogFile(NamedTuple):
    """An object that belongs to an account.

    Attributes:
        key: relative to the bucket.
        account: as its folder is called.
        size: bytes.
        stamp: changes when the object does.
        modified: seconds since the epoch, None where the storage does not say.
    """

    key: str
    account: str
    size: int
    stamp: str
    modified: float | None = None


class Folder(NamedTuple):
    """Some objects of one folder.

    Attributes:
        key: of the folder.
        account: whose it is.
        names: N of them, ascending.
        facts: int64 (3, N), see `cqs_core.bucket.census.Census`.
    """

    key: str
    account: str
    names: tuple[str, ...]
    facts: npt.NDArray[np.int64]

    def files(self) -> Iterator[LogFile]:
        for name, tag, time, size in zip(self.names, *self.facts.tolist(), strict=True):
            stamp, modified = f"{tag}-{time}-{size}", time / 1e9 if time else None
            yield LogFile(f"{self.key}/{name}", self.account, size, stamp, modified)


@dataclass(eq=False)
class Trades:
    """The trades CSVs of one group."""

    folders: list[Folder] = field(default_factory=list)

    @functools.cached_property
    def signature(self) -> str:
        """Changes when any of the files does, comes or goes."""
        digest = hashlib.blake2b(digest_size=16)
        for folder in self.folders:
            names = "\0".join((folder.key, *folder.names))
            digest.update(names.encode("utf-8", "surrogateescape"))
            digest.update(folder.facts.tobytes())
        return digest.hexdigest()

    def files(self) -> list[LogFile]:
        """In the order of accounts and days."""
        return sorted((file for folder in self.folders for file in folder.files()), key=_order)


@dataclass(eq=False)
class Layout:
    """What is there, sorted out.

    Attributes:
        trades: trades CSVs by group: `legacy`, else the month `2025-10`.
        positions: by account, as is `states`.
        heartbeat: of the whole bot.
        errors: JSON-lines files of errors.
        problems: files whose names say no valid day; they are not read.
    """

    trades: dict[str, Trades] = field(default_factory=dict)
    positions: dict[str, LogFile] = field(default_factory=dict)
    states: dict[str, LogFile] = field(default_factory=dict)
    heartbeat: LogFile | None = None
    errors: list[LogFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def small(self) -> list[LogFile]:
        """What is not trades: positions, states, errors and the heartbeat."""
        beat = [self.heartbeat] if self.heartbeat else []
        return [*self.positions.values(), *self.states.values(), *self.errors, *beat]

    @property
    def accounts(self) -> list[str]:
        """All that have a file, sorted."""
        traded = {folder.account for group in self.trades.values() for folder in group.folders}
        return sorted(traded | self.positions.keys() | self.states.keys())

    def files(self) -> list[LogFile]:
        """Every one of them."""
        return [*(file for group in self.trades.values() for file in group.files()), *self.small]


def sort_out(census: Mapping[str, Census]) -> Layout:
    """Objects below the prefixes, by what they are; whatever the bot does not write is left alone."""
    layout = Layout()
    for key in sorted(census, key=lambda key: (_account(key), PREFIXES.index(key.partition("/")[0]))):
        found = census[key]
        whole = Folder(key, _account(key), found.names, np.frombuffer(found.stats, np.int64).reshape(3, -1))
        if any(part in ("", ".", "..") for part in key.split("/")):
            layout.problems += [Problem(f"{key}/{name}", None, _CLIMBS) for name in found.names]
            continue
        for kind, start, end in _runs(found.names, key in PREFIXES):
            _place(layout, kind, whole._replace(names=found.names[start:end], facts=whole.facts[:, start:end]))
    return layout


def folder_of(key: str) -> str:
    """The account's folder that a key names, relative to its prefix."""
    prefix, _, rest = key.partition("/")
    return (rest if prefix in PREFIXES else key).rpartition("/")[0] or ROOT


def _account(folder: str) -> str:
    return folder.partition("/")[2] or ROOT


def _order(file: LogFile) -> tuple[str, str, int]:
    prefix, _, rest = file.key.partition("/")
    return file.account, rest.rpartition("/")[2], PREFIXES.index(prefix)


def _newer(known: LogFile | None, found: LogFile) -> LogFile:
    """Of two files with one meaning that which was written last; the later place where the storage does not say."""
    if known is None or (found.modified or 0.0) >= (known.modified or 0.0):
        return found
    return known


_CLIMBS = "its name leaves the bucket; not read"


def _place(layout: Layout, kind: str, some: Folder) -> None:
    if kind == _WRONG:
        layout.problems += [Problem(f"{some.key}/{n}", None, "no valid date in its name; not read") for n in some.names]
    elif kind == _BEAT:
        layout.heartbeat = _newer(layout.heartbeat, *some.files())
    elif kind == _ERRORS:
        for file in some.files():
            if file.size > _MOST_ERRORS:
                fact = f"{file.size} bytes of errors are too many; not read"
                layout.problems.append(Problem(file.key, None, fact))
            else:
                layout.errors.append(file if some.key not in PREFIXES else file._replace(account=""))
    elif kind in ("positions", "states"):
        known: dict[str, LogFile] = getattr(layout, kind)
        known[some.account] = _newer(known.get(some.account), *some.files())
    else:
        layout.trades.setdefault(kind, Trades()).folders.append(some)


@functools.lru_cache(maxsize=256)
def _runs(names: tuple[str, ...], of_bot: bool) -> tuple[tuple[str, int, int], ...]:
    """What neighbours are, from which to which; most accounts have files of the same days."""
    found, at = [], 0
    for kind, some in itertools.groupby(_BEAT if of_bot and name == ".heartbeat" else _kind(name) for name in names):
        end = at + sum(1 for _ in some)
        if kind:
            found.append((kind, at, end))
        at = end
    return tuple(found)


def _kind(name: str) -> str:
    if name.endswith(".jsonl"):
        return _ERRORS
    if name in _SMALL:
        return _SMALL[name]
    if not name.startswith("trades"):
        return ""
    return LEGACY if name == LEGACY_FILE else _month(name) or _WRONG


def _month(name: str) -> str:
    match = _DAY.fullmatch(name)
    try:
        return dt.date.fromisoformat(match[1]).strftime("%Y-%m") if match else ""
    except ValueError:
        return ""
