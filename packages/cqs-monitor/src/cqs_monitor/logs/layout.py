"""Which objects of a bucket are whose logs, told from names alone."""

from __future__ import annotations

import datetime as dt
import functools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from cqs_monitor.logs.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PREFIXES = ("bot-logs", "logs")
"""Where logs are, the older place first; both are read, and an account may have files in both."""

ROOT = "logs"
"""Name of the account whose files lie directly below a prefix."""

LEGACY = "legacy"
"""Name of the group of single-file logs, which stand before all months."""

LEGACY_FILE = "trades.csv"
_MOST_ERRORS = 16 << 20  # bytes
_DAY = re.compile(r"trades_(\d{4}-\d\d-\d\d)\.csv")


class Listed(Protocol):
    """What a listing says of an object."""

    @property
    def key(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def modified(self) -> float | None: ...
    @property
    def tag(self) -> str: ...


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


@dataclass
class Layout:
    """A listing, sorted out.

    Attributes:
        trades: trades CSVs by group (`legacy`, else the month `2025-10`), each in the order of accounts and days.
        positions: by account, as is `states`.
        heartbeat: of the whole bot.
        errors: JSON-lines files of errors.
        problems: files whose names say no valid day; they are not read.
    """

    trades: dict[str, list[LogFile]] = field(default_factory=dict)
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
        traded = {file.account for group in self.trades.values() for file in group}
        return sorted(traded | self.positions.keys() | self.states.keys())


def sort_out(entries: Iterable[Listed]) -> Layout:
    """Objects below the prefixes, by what they are; whatever the bot does not write is left alone."""
    layout = Layout()
    for folder, name, _, entry in sorted(_split(entries), key=lambda found: found[:3]):
        account = folder or ROOT
        file = LogFile(entry.key, account, entry.size, entry.tag or f"{entry.size}-{entry.modified}", entry.modified)
        if name == ".heartbeat" and not folder:
            layout.heartbeat = _newer(layout.heartbeat, file)
        elif name.endswith(".jsonl") and entry.size > _MOST_ERRORS:
            layout.problems.append(Problem(entry.key, None, f"{entry.size} bytes of errors are too many; not read"))
        elif name.endswith(".jsonl"):
            layout.errors.append(file._replace(account=folder))
        else:
            _place(layout, name, file)
    return layout


def folder_of(key: str) -> str:
    """The account's folder that a key names, relative to its prefix."""
    prefix, _, rest = key.partition("/")
    return (rest if prefix in PREFIXES else key).rpartition("/")[0] or ROOT


def _split(entries: Iterable[Listed]) -> Iterator[tuple[str, str, int, Listed]]:
    """Folder, name, place of the prefix, entry: in the order of these an account's days follow each other."""
    for entry in entries:
        prefix, _, rest = entry.key.partition("/")
        folder, _, name = rest.rpartition("/")
        yield folder, name, PREFIXES.index(prefix), entry


def _newer(known: LogFile | None, found: LogFile) -> LogFile:
    """Of two files with one meaning that which was written last; the later place where the storage does not say."""
    if known is None or (found.modified or 0.0) >= (known.modified or 0.0):
        return found
    return known


def _place(layout: Layout, name: str, file: LogFile) -> None:
    if any(part in ("", ".", "..") for part in file.key.split("/")):
        layout.problems.append(Problem(file.key, None, "its name leaves the bucket; not read"))
    elif name == "positions.json":
        layout.positions[file.account] = _newer(layout.positions.get(file.account), file)
    elif name == "runtime_state.json":
        layout.states[file.account] = _newer(layout.states.get(file.account), file)
    elif name.startswith("trades") and not name.endswith(".tmp"):
        group = LEGACY if name == LEGACY_FILE else _month(name)
        if group:
            layout.trades.setdefault(group, []).append(file)
        else:
            layout.problems.append(Problem(file.key, None, "no valid date in its name; not read"))


@functools.lru_cache(maxsize=16384)
def _month(name: str) -> str:
    match = _DAY.fullmatch(name)
    try:
        return dt.date.fromisoformat(match[1]).strftime("%Y-%m") if match else ""
    except ValueError:
        return ""
