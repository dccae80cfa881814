"""The small files of accounts, read by their formats: positions, orders under way, errors, and signs of life."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

from cqs_core.isolation import fact_of, foreign
from cqs_monitor.logs.sources import sources

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cqs_core import Bucket, LogFormat, LoggedPosition, PendingOrder
    from cqs_monitor.logs.layout import Layout, LogFile
    from cqs_monitor.logs.problems import Findings

State = Literal["ok", "absent", "unreadable"]


@dataclass(frozen=True)
class Positions:
    """Positions of an account; `held` is empty unless `state` is `ok`, and `reason` says why it is not."""

    state: State
    held: tuple[LoggedPosition, ...] = ()
    reason: str = ""


ABSENT = Positions("absent")


@dataclass(frozen=True)
class RuntimeState:
    """Orders under way.

    Attributes:
        state: of the file.
        buy_blocks: until when a symbol is not bought, ms since the epoch.
        pending: purchases without a known fill.
        reason: why the file cannot be read.
    """

    state: State
    buy_blocks: Mapping[str, int] = field(default_factory=dict)
    pending: Sequence[PendingOrder] = ()
    reason: str = ""


@dataclass(frozen=True)
class Heartbeat:
    """When a bot last said that it runs: ms since the epoch, None unless `state` is `ok`."""

    state: State
    at: int | None = None
    reason: str = ""


_T = TypeVar("_T", Positions, RuntimeState, Heartbeat)


class SmallFiles:
    """The files of a bucket that are not trades; each is read again where its stamp changed.

    Args:
        bucket: read only.
    """

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._known: dict[str, tuple[str, bytes]] = {}

    def __contains__(self, file: LogFile) -> bool:
        """Whether a file was read."""
        return file.key in self._known

    def refresh(self, files: Sequence[LogFile], findings: Findings) -> None:
        """Read what changed."""
        kept = {file.key: self._known[file.key] for file in files if self._known.get(file.key, ("",))[0] == file.stamp}
        read = sources(self._bucket, [file for file in files if file.key not in kept], findings)
        fresh = {file.key: (file.stamp, stream.read()) for file, stream in read}
        self._known = kept | {key: one for key, one in fresh.items() if key not in findings.unread}

    def positions(self, layout: Layout, findings: Findings) -> dict[str, Positions]:
        """By account; all of them or none: a file of which one entry cannot be read is unreadable."""
        found = {account: Positions("unreadable", reason=why) for account, why in layout.unclear.items()}
        for account, file in layout.positions.items():
            if account not in found:
                form = layout.formats[account]
                made = self._read(Positions, file, functools.partial(_positions, form))
                found[account] = _reported(made, file, "positions", findings)
        return found

    def states(self, layout: Layout, findings: Findings) -> dict[str, RuntimeState]:
        """By account."""
        found = {}
        for account, file in layout.states.items():
            form = layout.formats[account]
            made = self._read(RuntimeState, file, functools.partial(_state, form))
            found[account] = _reported(made, file, "runtime state", findings)
        return found

    def heartbeats(self, layout: Layout) -> dict[str, Heartbeat]:
        """By account, as in the layout; an empty file, as it may be during a write, is unreadable."""
        return {
            account: self._read(Heartbeat, file, functools.partial(_heartbeat, form))
            for account, (form, file) in layout.heartbeats.items()
        }

    def errors(self, layout: Layout, findings: Findings) -> tuple[BotError, ...]:
        """The last ones of each file."""
        found: list[BotError] = []
        for file in layout.errors:
            errors, damaged = read_errors(file.account, self._known.get(file.key, ("", b""))[1])
            found += errors
            if damaged:
                findings.report(file.key, None, f"{damaged} lines that are not JSON objects; not read")
        return tuple(found)

    def _read(self, kind: type[_T], file: LogFile, make: Callable[[bytes], _T]) -> _T:
        """The content of a file as its format reads it, whole or unreadable."""
        if file not in self:
            return kind("unreadable", reason="the bucket did not give it")
        try:
            with foreign():
                return make(self._known[file.key][1])
        except Exception as error:  # noqa: BLE001 - a format may be a plugin's, which may fail in any way
            return kind("unreadable", reason=(str(error) if isinstance(error, ValueError) else "") or fact_of(error))


def _positions(form: LogFormat, data: bytes) -> Positions:
    return Positions("ok", tuple(form.positions(data)))


def _state(form: LogFormat, data: bytes) -> RuntimeState:
    pending, blocks = form.state(data)
    return RuntimeState("ok", blocks, pending)


def _heartbeat(form: LogFormat, data: bytes) -> Heartbeat:
    return Heartbeat("ok", int(form.heartbeat(data)))


def _reported(found: Any, file: LogFile, what: str, findings: Findings) -> Any:
    if found.state == "unreadable":
        findings.report(file.key, None, f"unreadable {what}: {found.reason}")
    return found


LAST = 200
"""Lines of a file that are kept, its last ones."""


class BotError(NamedTuple):
    """One line.

    Attributes:
        account: empty for the whole bot.
        at: as the bot wrote it, ISO 8601 or epoch seconds.
        level: `ERROR`, `WARNING` …
        message: with the exception's last line, where there is one.
        module: that wrote it.
    """

    account: str
    at: str
    level: str
    message: str
    module: str


def read_errors(account: str, data: bytes) -> tuple[list[BotError], int]:
    """The file's last lines, oldest first, and how many of them are not a JSON object."""
    lines = [line for line in data.split(b"\n") if line.strip(b"\0\r ")][-LAST:]
    found = [_error(account, line) for line in lines]
    errors = [one for one in found if one]
    return errors, len(found) - len(errors)


def _error(account: str, line: bytes) -> BotError | None:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(entry, dict):
        return None
    raised = str(entry.get("exc") or "").strip().splitlines()
    message = ": ".join([_text(entry.get("msg")), *raised[-1:]])
    return BotError(account, _text(entry.get("ts")), _text(entry.get("level")), message, _text(entry.get("module")))


def _text(value: Any) -> str:
    return "" if value is None else str(value)[:1000]
