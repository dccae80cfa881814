"""The small files of an account, read by its format: positions, orders under way, and signs of life."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from cqs_core.isolation import fact_of, foreign

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqs_core import LogFormat, LoggedPosition, PendingOrder

State = Literal["ok", "absent", "unreadable"]


@dataclass(frozen=True)
class Positions:
    """What an account holds; `held` is empty unless `state` is `ok`, and `reason` says why it is not."""

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
    """When the bot last said that it lives: ms since the epoch, None unless `state` is `ok`."""

    state: State
    at: int | None = None


def read_positions(form: LogFormat, data: bytes) -> Positions:
    """The positions, whole or unreadable."""
    try:
        with foreign():
            return Positions("ok", tuple(form.positions(data)))
    except Exception as error:  # noqa: BLE001 - a format may be a plugin's, which may fail in any way
        return Positions("unreadable", reason=_reason(error))


def read_state(form: LogFormat, data: bytes) -> RuntimeState:
    """The runtime state, whole or unreadable."""
    try:
        with foreign():
            pending, blocks = form.state(data)
    except Exception as error:  # noqa: BLE001 - as above
        return RuntimeState("unreadable", reason=_reason(error))
    return RuntimeState("ok", blocks, pending)


def read_heartbeat(form: LogFormat, data: bytes) -> Heartbeat:
    """The time in the file; empty, as it may be during a write, is unreadable."""
    try:
        with foreign():
            return Heartbeat("ok", int(form.heartbeat(data)))
    except Exception:  # noqa: BLE001 - as above
        return Heartbeat("unreadable")


def _reason(error: Exception) -> str:
    return (str(error) if isinstance(error, ValueError) else "") or fact_of(error)
