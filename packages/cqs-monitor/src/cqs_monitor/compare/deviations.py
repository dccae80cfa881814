"""The bot's deviations from its strategy, one sentence each."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from cqs_core.time.clock import iso

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cqs_monitor.compare.pairing import Difference, Pair, Pairing


@dataclass(frozen=True)
class Deviation:
    """One finding.

    Attributes:
        kind: `missed` and `extra` are whole positions; the others are differences of a pair.
        symbol: unified market.
        time: ISO 8601, when the position was opened, in the backtest if it is there.
        detail: in words.
    """

    kind: Literal["missed", "extra", "late", "early", "size", "price"]
    symbol: str
    time: str
    detail: str

    def json(self) -> dict[str, Any]:
        return asdict(self)


def deviations(pairing: Pairing) -> list[Deviation]:
    """All deviations, by time."""
    found = [
        Deviation("missed", p.market, iso(p.entry_at), "the strategy bought, the bot did not") for p in pairing.missed
    ]
    found += [
        Deviation("extra", p.market, iso(p.entry_at), "the bot bought, the strategy did not") for p in pairing.extra
    ]
    for pair in pairing.matched:
        found += _of_pair(pair)
    return sorted(found, key=lambda one: (one.time, one.symbol))


def _of_pair(pair: Pair) -> Iterator[Deviation]:
    for kind in pair.differs:
        yield Deviation(kind, pair.expected.market, iso(pair.expected.entry_at), _detail(pair, kind))


def _detail(pair: Pair, kind: Difference) -> str:
    expected, live = pair.expected, pair.live
    if kind == "size":
        return f"paid {live.amount:,.0f} where the strategy pays {expected.amount:,.0f}"
    if kind == "price":
        sides = [("bought", pair.entry_bps, "dearer"), ("sold", pair.exit_bps, "cheaper")]
        return ", ".join(f"{what} {bps:+.1f} bp {how}" for what, bps, how in sides if bps is not None)
    if kind == "late" and live.entry_bar > expected.entry_bar:
        return f"bought {_span(expected.entry_at, live.entry_at)} after the strategy's bar"
    if live.exit_at is None or expected.exit_at is None:
        return "still held where the strategy sold" if kind == "late" else "sold where the strategy still holds"
    return f"sold {_span(expected.exit_at, live.exit_at)} {'after' if kind == 'late' else 'before'} the strategy"


def _span(one: int, other: int) -> str:
    hours = abs(other - one) / 3_600_000
    return f"{hours / 24:.1f} days" if hours >= 48 else f"{hours:.1f} hours"
