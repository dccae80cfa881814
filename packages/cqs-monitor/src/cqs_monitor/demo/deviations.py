"""Five deviations of the demo's first bot from its strategy, one of each kind that a comparison finds."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from cqs_core.time.intervals import DAY, HOUR
from cqs_monitor.demo.trade import Trade, carried_out

if TYPE_CHECKING:
    from cqs_core import Candles
    from cqs_monitor.compare.position import Traded

_APART = 9
"""Positions between two deviations."""

Change = Callable[[Trade, "Traded", "Candles"], Sequence[Trade] | None]
"""The bot's actions in place of its trade; None if this position is not suitable."""


def deviating(account: str, wanted: Sequence[Traded], candles: Candles) -> tuple[list[Trade], dict[str, Traded]]:
    """All trades of the bot, and the position at which it deviates in each way.

    Args:
        account: its name.
        wanted: the strategy's positions, by entry.
        candles: they were taken on.
    """
    waiting = dict(_CHANGES)
    trades: list[Trade] = []
    changed: dict[str, Traded] = {}
    since = 0
    for position in wanted:
        usual = carried_out(account, position)
        since += 1
        kind = next(iter(waiting), "")
        done = waiting[kind](usual, position, candles) if kind and since > _APART and _alone(position, wanted) else None
        if done is None:
            trades.append(usual)
            continue
        trades += done
        changed[kind] = position
        del waiting[kind]
        since = 0
    return trades, changed


def _alone(position: Traded, wanted: Sequence[Traded]) -> bool:
    """Whether it is closed, and its symbol is not traded for five bars after it: room for something else."""
    if position.exit_bar is None:
        return False
    busy = range(position.exit_bar, position.exit_bar + 6)
    return not any(p.market == position.market and p.entry_bar in busy for p in wanted if p is not position)


def _missed(_usual: Trade, _position: Traded, _candles: Candles) -> Sequence[Trade]:
    return []


def _late(usual: Trade, position: Traded, candles: Candles) -> Sequence[Trade] | None:
    """Sold at the open of the day after."""
    price = _open(candles, position, 1)
    if price is None or usual.sold is None:
        return None
    return [replace(usual, sold=usual.sold + DAY, exit_price=price)]


def _half(usual: Trade, _position: Traded, _candles: Candles) -> Sequence[Trade]:
    return [replace(usual, quantity=usual.quantity / 2)]


def _dear(usual: Trade, position: Traded, candles: Candles) -> Sequence[Trade] | None:
    """Bought 0.9 % above the target, where the candle reached so high."""
    price = position.entry_price * 1.009
    high = float(candles.high[position.entry_bar, candles.symbols.index(position.market)])
    return [replace(usual, price=price)] if price <= high else None


def _extra(usual: Trade, position: Traded, candles: Candles) -> Sequence[Trade] | None:
    """Its own trade, then another on a day when the strategy does not trade."""
    price, after = _open(candles, position, 3), _open(candles, position, 4)
    if price is None or after is None or usual.sold is None:
        return None
    bought = position.exit_at + 3 * DAY + 5 * HOUR if position.exit_at else 0
    return [usual, Trade(usual.symbol, bought, price, usual.quantity / 2, bought + 20 * HOUR, after)]


_CHANGES: dict[str, Change] = {"missed": _missed, "late": _late, "size": _half, "price": _dear, "extra": _extra}


def _open(candles: Candles, position: Traded, bars: int) -> float | None:
    """The open some days after the position's exit; None where a candle is missing there."""
    row = (position.exit_bar or 0) + bars
    if row >= len(candles.ts) or candles.ts[row] != (position.exit_at or 0) + bars * DAY:
        return None
    price = float(candles.open[row, candles.symbols.index(position.market)])
    return None if math.isnan(price) else price
