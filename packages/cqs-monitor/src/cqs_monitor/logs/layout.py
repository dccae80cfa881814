"""Which objects of a bucket are whose logs, told from names alone."""

from __future__ import annotations

import datetime as dt
import functools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from cqs_monitor.logs.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

PREFIXES = ("logs", "bot-logs")
"""Where logs are; the second in older set-ups, looked at where the first has none."""

LEGACY = "legacy"
"""Name of the group of single-file logs, which stand before all months."""

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
        trades: trades CSVs by group (`legacy`, else the month `2025-10`), each in the order of keys.
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


def sort_out(entries: Iterable[Listed], prefix: str) -> Layout:
    """Objects below `prefix/`, by what they are; whatever the bot does not write is left alone."""
    layout = Layout()
    for entry in sorted(entries, key=lambda e: e.key):
        folder, _, name = entry.key.removeprefix(f"{prefix}/").rpartition("/")
        file = LogFile(entry.key, folder, entry.size, entry.tag or f"{entry.size}-{entry.modified}", entry.modified)
        if name == ".heartbeat" and not folder:
            layout.heartbeat = file
        elif name.endswith(".jsonl") and entry.size > _MOST_ERRORS:
            layout.problems.append(Problem(entry.key, None, f"{entry.size} bytes of errors are too many; not read"))
        elif name.endswith(".jsonl"):
            layout.errors.append(file)
        elif folder:
            _place(layout, name, file)
    return layout


def _place(layout: Layout, name: str, file: LogFile) -> None:
    if any(part in ("", ".", "..") for part in file.key.split("/")):
        layout.problems.append(Problem(file.key, None, "its name leaves the bucket; not read"))
    elif name == "positions.json":
        layout.positions[file.account] = file
    elif name == "runtime_state.json":
        layout.states[file.account] = file
    elif name.startswith("trades") and not name.endswith(".tmp"):
        group = LEGACY if name == "trades.csv" else _month(name)
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
