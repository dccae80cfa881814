"""Candles that end early: open positions in markets without trades, and references that are out of date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cqs_core.time.clock import iso, now
from cqs_core.time.intervals import DAY, length, next_open

if TYPE_CHECKING:
    from cqs_backtest.request import Request
    from cqs_core import Candles, RunResult

MOST_MISSED = 5
"""Bars in a row that a reference may lack."""
_LAST = 2  # a reference bar is used after its close, so the one at the run's last bar is not needed


@dataclass(frozen=True)
class Lack:
    """The missing candles of a reference.

    Attributes:
        market: of the reference.
        fact: in words.
        since: from when on it is stale, ms UTC.
        start: first bar of the longest stretch in which all references have their candles, ms UTC.
        stop: last bar of it.
    """

    market: str
    fact: str
    since: int
    start: int
    stop: int


def lacks(candles: Candles, first: int) -> list[Lack]:
    """The missing candles of references from row `first` on."""
    ts = candles.ts[first:]
    has = {market: _covered(ts, reference) for market, reference in candles.references.items()}
    start, stop = _longest(ts, has)
    found = []
    for market, here in has.items():
        fact = _lack(ts, here, candles.references[market])
        if fact is not None:
            found.append(Lack(market, *fact, start, stop))
    return found


def stale_markets(request: Request, result: RunResult) -> list[dict[str, Any]]:
    """The badge: traded markets whose candles stop before the run's end, and references that lack some.

    `since` is the open of the last candle (of the first bar without one, where a reference begins too late); `share` is
    the part of final equity that is held in it, a fraction.
    """
    candles = result.candles
    share = _shares(result)
    found = []
    for s, market in enumerate(candles.symbols):
        last = int(candles.ts[np.flatnonzero(candles.present[:, s])[-1]])
        if _stops(request, candles, last):
            found.append({"symbol": market, "since": iso(last), "share": float(share[s])})
    known = {row["symbol"] for row in found}
    return found + [
        {"symbol": lack.market, "since": iso(lack.since), "share": 0.0}
        for lack in lacks(candles, 0)
        if lack.market not in known
    ]


def _stops(request: Request, candles: Candles, last: int) -> bool:
    """Whether there should be a later candle: the run has later bars, or its end was later and is over."""
    due = next_open(candles.interval, last)
    if last < candles.ts[-1]:
        return True
    return request.end is not None and due < request.end and next_open(candles.interval, due) <= now()


def _shares(result: RunResult) -> npt.NDArray[np.float64]:
    """(S,): part of final equity that is held in each symbol."""
    fills, candles = result.execution.fills, result.candles
    held, most = np.zeros(candles.shape[1]), np.zeros(candles.shape[1])
    np.add.at(held, fills["symbol"], fills["quantity"])
    np.maximum.at(most, fills["symbol"], np.abs(fills["quantity"]))
    held[np.abs(held) < 1e-9 * most] = 0  # what rounding leaves after an exit
    last = [column[~np.isnan(column)][-1] for column in candles.close.T]
    return np.asarray(held * last / result.execution.equity[-1])


def _covered(ts: npt.NDArray[np.int64], reference: Candles) -> npt.NDArray[np.bool_]:
    """For each bar, whether the reference has one that opens with it, or is open then."""
    if not len(reference.ts):
        return np.zeros(len(ts), np.bool_)
    at = np.searchsorted(reference.ts, ts, side="right") - 1
    longest = 31 * DAY if reference.interval == "1M" else length(reference.interval)
    return np.asarray((at >= 0) & (ts - reference.ts[np.maximum(at, 0)] < longest))


def _lack(ts: npt.NDArray[np.int64], here: npt.NDArray[np.bool_], reference: Candles) -> tuple[str, int] | None:
    if not len(reference.ts) or reference.ts[0] > ts[0]:
        begin = iso(int(reference.ts[0])) if len(reference.ts) else "never"
        return f"begin at {begin}, after the run's first bar at {iso(int(ts[0]))}", int(ts[0])
    for first, stop in _spells(~here):
        ends = stop == len(ts)
        if stop - first >= _LAST if ends else stop - first > MOST_MISSED:
            last = int(reference.ts[np.searchsorted(reference.ts, ts[first], side="right") - 1])
            fact = (
                f"end at {iso(last)}, before the run's last bar" if ends else f"are missing from {iso(int(ts[first]))}"
            )
            return f"{fact} {'at' if ends else 'to'} {iso(int(ts[stop - 1]))}", last
    return None


def _longest(ts: npt.NDArray[np.int64], has: dict[str, npt.NDArray[np.bool_]]) -> tuple[int, int]:
    """First and last bar of the longest stretch that no lack of any reference touches."""
    sound = np.ones(len(ts), np.bool_)
    for here in has.values():
        for first, stop in _spells(~here):
            if stop - first > MOST_MISSED or first == 0 or stop == len(ts):
                sound[first:stop] = False
    first, stop = max(_spells(sound), key=lambda spell: spell[1] - spell[0], default=(0, len(ts)))
    return int(ts[first]), int(ts[stop - 1])


def _spells(flags: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First row, and first row after, of each stretch in which flags are set."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
