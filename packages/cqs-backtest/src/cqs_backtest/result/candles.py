"""Candles of a run with its entries and exits, drawn without a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_backtest.request import unified
from cqs_core import Lake, UnknownName, UsageError
from cqs_core.time.clock import iso, parse_range
from cqs_core.time.intervals import next_open

if TYPE_CHECKING:
    import numpy.typing as npt

    from cqs_backtest.result.result import Result
    from cqs_core import Candles


def candle_chart(result: Result, symbol: str | None, start: object, end: object, bars: int) -> Any:
    """A HoloViews overlay of candles, entries (triangles up) and exits (triangles down).

    Raises:
        UnknownName: the run did not trade that symbol.
        UsageError: no candle lies in the dates; or HoloViews is not installed.
    """
    from cqs_backtest import charts

    market = _market(result, symbol)
    shown = _shown(_candles(result, market), start, end, bars)
    trades = result.trades[result.trades["symbol"] == market]
    entries = _marks(trades, "entry", shown.ts)
    exits = _marks(trades, "exit", shown.ts)
    title = _title(market, shown, len(entries), len(exits))
    return charts.candles(shown, entries, exits, title=title)


def _market(result: Result, symbol: str | None) -> str:
    if symbol is None:
        return result.symbols[0]
    quote = result.symbols[0].partition("/")[2]
    market = unified(symbol, str(result.record.manifest["exchange"]), quote if "/" not in symbol else None)
    if market not in result.symbols:
        raise UnknownName("symbol of the run", market, result.symbols)
    return market


def _candles(result: Result, market: str) -> Candles:
    """Candles of one market, over the run."""
    if result.simulated is not None:
        candles = result.simulated.candles
        s = candles.symbols.index(market)
        rows = candles.present[:, s]
        arrays = {name: getattr(candles, name)[rows, s : s + 1] for name in ("open", "high", "low", "close", "volume")}
        return candles.with_values(ts=candles.ts[rows], symbols=(market,), references={}, **arrays)
    if result.bucket is None:
        raise UsageError("this run has no candles; load it from its bucket, or run it again")
    made, ts = result.record.manifest, result.record.ts
    stop = next_open(made["interval"], int(ts[-1]))
    return Lake(result.bucket).candles(made["exchange"], (market,), made["interval"], start=int(ts[0]), end=stop)


def _shown(candles: Candles, start: object, end: object, bars: int) -> Candles:
    if bars < 1:
        raise UsageError(f"bars is {bars!r}; it must be at least 1")
    first, last = parse_range(start, end)  # type: ignore[arg-type]
    low = 0 if first is None else int(np.searchsorted(candles.ts, first))
    high = len(candles.ts) if last is None else int(np.searchsorted(candles.ts, last))
    if high <= low:
        raise UsageError(f"{candles.symbols[0]} has no candle in these dates; it has {_dates(candles)}")
    return (
        candles.between(low, min(low + bars, high))
        if start is not None
        else candles.between(max(low, high - bars), high)
    )


def _dates(candles: Candles) -> str:
    return f"{iso(int(candles.ts[0]))[:16]} to {iso(int(candles.ts[-1]))[:16]}"


def _marks(trades: Any, side: str, ts: npt.NDArray[np.int64]) -> list[tuple[Any, float]]:
    """`(time, price)` of the entries or exits that lie in the bars shown."""
    times = trades[f"{side}_time"].dropna()
    prices = trades.loc[times.index, f"{side}_price"]
    at = times.dt.tz_localize(None).to_numpy().astype("datetime64[ms]")
    inside = (at.astype(np.int64) >= ts[0]) & (at.astype(np.int64) <= ts[-1])
    return list(dict.fromkeys(zip(at[inside].tolist(), prices.to_numpy()[inside].tolist(), strict=True)))


def _title(market: str, shown: Candles, entries: int, exits: int) -> str:
    return f"{market} {shown.interval}, {_dates(shown)}: {len(shown.ts):,} bars, {entries} entries, {exits} exits"
