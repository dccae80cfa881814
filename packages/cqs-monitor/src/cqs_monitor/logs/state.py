"""runtime_state.json and .heartbeat: signs of life, and orders that hang."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cqs_monitor.logs.positions import State


@dataclass(frozen=True)
class PendingBuy:
    """An order whose fill the bot has not seen.

    Attributes:
        symbol: as the bot wrote it.
        amount: KRW; None where the bot wrote none.
        created_at: ms since the epoch; None likewise.
        uuid: the exchange's id of the order.
    """

    symbol: str
    amount: float | None
    created_at: int | None
    uuid: str


@dataclass(frozen=True)
class RuntimeState:
    """What the bot has in hand.

    Attributes:
        state: of the file.
        buy_blocks: until when a symbol is not bought, ms since the epoch.
        pending: purchases without a known fill.
        reason: why the file cannot be read.
    """

    state: State
    buy_blocks: Mapping[str, int] = field(default_factory=dict)
    pending: tuple[PendingBuy, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Heartbeat:
    """When the bot last said that it lives: ms since the epoch, None unless `state` is `ok`."""

    state: State
    at: int | None = None


def read_state(data: bytes) -> RuntimeState:
    """The runtime state, whole or unreadable."""
    try:
        found = json.loads(data)
        blocks = {symbol: _milliseconds(at) for symbol, at in found.get("buy_block_until", {}).items()}
        pending = tuple(_pending(symbol, order) for symbol, order in found.get("pending_buys", {}).items())
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        return RuntimeState("unreadable", reason=str(error) or type(error).__name__)
    return RuntimeState("ok", blocks, pending)


def read_heartbeat(data: bytes) -> Heartbeat:
    """The time in the file; empty, as it may be during a write, is unreadable."""
    try:
        return Heartbeat("ok", _milliseconds(float(data.strip(b"\0 \r\n"))))
    except (ValueError, OverflowError):
        return Heartbeat("unreadable")


def _pending(symbol: str, order: Any) -> PendingBuy:
    amount, created = order.get("amount"), order.get("created_at")
    return PendingBuy(
        symbol,
        None if amount is None else float(amount),
        None if created is None else _milliseconds(created),
        str(order.get("uuid", "")),
    )


def _milliseconds(seconds: Any) -> int:
    value = float(seconds)
    if not math.isfinite(value):
        raise ValueError(f"{seconds!r} is no time")
    return round(value * 1000)
