"""Which objects of a bucket are whose logs, by their names alone."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from cqs_monitor.logs.problems import Problem
from cqs_monitor.logs.recognition import LEGACY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cqs_core import LogFormat
    from cqs_core.bucket import Census
    from cqs_monitor.logs.recognition import Recognition, Run

PREFIXES = ("bot-logs", "logs")
"""Where logs are, the older place first; both are read, and an account may have files in both."""

ROOT = "logs"
"""Name of the account whose files lie directly below a prefix."""

_MOST_ERRORS = 16 << 20  # bytes


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
class TradeFiles:
    """The files of trades of one month, all in one format."""

    form: LogFormat
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
    """The files of a bucket, sorted by kind.

    Attributes:
        trades: files of trades by group: format, version and month, `crypto-bot-1.2025-10`; single files come first.
        formats: by account.
        positions: by account, as is `states`.
        heartbeats: by account, with their formats; that of the whole bot is of the account "".
        errors: JSON-lines files of errors.
        unclear: why the format of an account's files is unknown, by account; they are not read.
        problems: files that are not read, and why.
        faults: why a folder cannot be listed, by its key.
        unlisted: accounts with a folder that cannot be listed, or below one: their files are those that were seen last.
        unsure: whether a file could not be read that would have told a format.
    """

    trades: dict[str, TradeFiles] = field(default_factory=dict)
    formats: dict[str, LogFormat] = field(default_factory=dict)
    positions: dict[str, LogFile] = field(default_factory=dict)
    states: dict[str, LogFile] = field(default_factory=dict)
    heartbeats: dict[str, tuple[LogFormat, LogFile]] = field(default_factory=dict)
    errors: list[LogFile] = field(default_factory=list)
    unclear: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)
    unlisted: set[str] = field(default_factory=set)
    unsure: bool = False

    @property
    def small(self) -> list[LogFile]:
        """All files but trades: positions, states, errors and heartbeats."""
        beats = [file for _, file in self.heartbeats.values()]
        return [*self.positions.values(), *self.states.values(), *self.errors, *beats]

    @property
    def accounts(self) -> list[str]:
        """All that have a file, sorted."""
        return sorted(self.formats)

    def files(self) -> list[LogFile]:
        """Every one of them."""
        return [*(file for group in self.trades.values() for file in group.files()), *self.small]


def with_last_seen(found: Mapping[str, Census], before: Mapping[str, Census]) -> dict[str, Census]:
    """What is there now; a folder that cannot be listed has the files, and the folders, that it had before.

    Args:
        found: by folder.
        before: the last time.
    """
    faulty = faults_of(found)
    kept = {key: census for key, census in before.items() if _below(key, faulty)}
    seen = {key: before.get(key, found[key])._replace(fault=fault) for key, fault in faulty.items()}
    return {**kept, **found, **seen}


def faults_of(census: Mapping[str, Census]) -> dict[str, str]:
    """Why a folder cannot be listed, by its key."""
    return {key: one.fault for key, one in census.items() if one.fault}


def _below(key: str, folders: Iterable[str]) -> bool:
    return key.startswith(tuple(f"{folder}/" for folder in folders))


def sort_out(census: Mapping[str, Census], recognition: Recognition) -> Layout:
    """Objects below the prefixes, by what they are; whatever no format knows is left alone.

    Args:
        census: what is there, by folder.
        recognition: tells the format of a folder.
    """
    layout = Layout(faults=faults_of(census))
    for key in sorted(census, key=lambda key: (_account(key), PREFIXES.index(key.partition("/")[0]))):
        found = census[key]
        whole = Folder(key, _account(key), found.names, np.frombuffer(found.stats, np.int64).reshape(3, -1))
        if found.fault or _below(key, layout.faults):
            layout.unlisted.add(whole.account)
        if found.fault:
            layout.problems.append(Problem(f"{key}/", None, f"cannot be listed: {found.fault}; {_AS_BEFORE}"))
        if any(part in ("", ".", "..") for part in key.split("/")):
            layout.problems += [Problem(f"{key}/{name}", None, _CLIMBS) for name in found.names]
            continue
        form, runs, fault = recognition.of(key, found.names)
        known = layout.formats.get(whole.account, form)
        if form is not None and known is not form and known is not None:
            fault = f"it is in the format {form.name!r}, other files of this account are in {known.name!r}"
        if fault:
            _leave(layout, whole, form, runs, fault)
            continue
        for run in runs:
            some = whole._replace(names=found.names[run.start : run.end], facts=whole.facts[:, run.start : run.end])
            if form is not None:
                _place(layout, form, run, some)
    layout.unsure = recognition.failed
    _keep_unlisted(layout)
    return layout


def _keep_unlisted(layout: Layout) -> None:
    """An account that was never listed is one all the same, in the format of the others: else no rule would fire."""
    forms = list(dict.fromkeys(layout.formats.values()))
    for account in layout.unlisted.difference(layout.formats, [ROOT]):  # nothing may ever have lain in `logs/` itself
        if len(forms) == 1:
            layout.formats[account] = forms[0]
            layout.unclear[account] = "its folder cannot be listed"


def _leave(layout: Layout, folder: Folder, form: LogFormat | None, runs: Iterable[Run], fault: str) -> None:
    """Note files that are not read; what their account holds is unknown, not nothing."""
    layout.problems.append(Problem(f"{folder.key}/", None, f"{fault}; not read"))
    if form is not None and any(run.kind in ("trades", "positions") for run in runs):
        layout.formats.setdefault(folder.account, form)
        layout.unclear[folder.account] = fault


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
    """The newer of two equivalent files; the later place if the storage has no times."""
    if known is None or (found.modified or 0.0) >= (known.modified or 0.0):
        return found
    return known


_AS_BEFORE = "what was read of it before still counts"
_CLIMBS = "its name leaves the bucket; not read"


def _place(layout: Layout, form: LogFormat, run: Run, some: Folder) -> None:
    if run.kind == "wrong":
        layout.problems += [Problem(f"{some.key}/{name}", None, f"{run.detail}; not read") for name in some.names]
    elif run.kind == "heartbeat":
        whose = "" if some.key in PREFIXES else some.account
        known = layout.heartbeats[whose][1] if whose in layout.heartbeats else None
        layout.heartbeats[whose] = form, _newer(known, *(file._replace(account=whose) for file in some.files()))
    elif run.kind == "errors":
        for file in some.files():
            if file.size > _MOST_ERRORS:
                fact = f"{file.size} bytes of errors are too many; not read"
                layout.problems.append(Problem(file.key, None, fact))
            else:
                layout.errors.append(file if some.key not in PREFIXES else file._replace(account=""))
    else:
        layout.formats[some.account] = form
        if run.kind == "trades":
            layout.trades.setdefault(f"{form.name}-{form.version}.{run.detail}", TradeFiles(form)).folders.append(some)
            return
        files = layout.positions if run.kind == "positions" else layout.states
        for file in some.files():
            files[some.account] = _newer(files.get(some.account), file)


def in_time(names: Iterable[str]) -> list[str]:
    """Names of groups, each format's in the order of time."""
    return sorted(names, key=lambda name: (name.rpartition(".")[0], not name.endswith(f".{LEGACY}"), name))
