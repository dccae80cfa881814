"""Slippage of the fills of matched positions, relative to the strategy's prices."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cqs_core.time.clock import iso, now
from cqs_core.trading import MeasuredCosts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cqs_monitor.compare.pairing import Pair

Weighed = tuple[float, float]
"""(basis points, value that they refer to)."""


def entries(pairs: Iterable[Pair]) -> list[Weighed]:
    """Purchases made in the strategy's bar."""
    return [(pair.entry_bps, pair.live.amount) for pair in pairs if pair.entry_bps is not None]


def exits(pairs: Iterable[Pair]) -> list[Weighed]:
    """Sales made in the strategy's bar."""
    return [(pair.exit_bps, pair.live.exit_price * pair.live.quantity) for pair in pairs if pair.exit_bps is not None]


def mean(fills: list[Weighed]) -> float | None:
    """Basis points, weighted by value; None without any."""
    value = math.fsum(weight for _, weight in fills)
    return math.fsum(bps * weight for bps, weight in fills) / value if value else None


def measured(
    account: str, pairs: list[Pair], exchange: str, strategy: str, start: int, end: int
) -> MeasuredCosts | None:
    """For the bucket; None where no fill can be measured."""
    bought, sold = entries(pairs), exits(pairs)
    both = mean(bought + sold)
    if both is None:
        return None
    return MeasuredCosts(
        account=account,
        slippage_bps=both,
        entry_bps=mean(bought),
        exit_bps=mean(sold),
        fills=len(bought) + len(sold),
        value=math.fsum(weight for _, weight in bought + sold),
        exchange=exchange,
        strategy=strategy,
        start=iso(start),
        end=iso(end),
        measured=iso(now()),
    )
