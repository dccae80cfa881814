"""The candles of a request, from the lake or from the caller's frames, refused where no run could mean anything."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_backtest.checks.stale import lacks
from cqs_backtest.features import fitted
from cqs_backtest.loading.strategies import name_of
from cqs_backtest.request import BASKET, Request, unified
from cqs_core import Candles, Lake, Series, UsageError
from cqs_core.time.clock import iso
from cqs_core.time.intervals import next_open
from cqs_core.trading import by_market, by_time, guarded

_DAYS = ("1d", "1w", "1M")

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqs_core import Bucket
    from cqs_core.lake import LeftOut


def from_lake(
    request: Request,
    bucket: Bucket,
    tell: Callable[[LeftOut], None] = lambda _: None,
    note: Callable[[str], None] = lambda _: None,
) -> Candles:
    """Every candle there is before the end of the request: those before its start are warm-up.

    Args:
        request: what to run.
        bucket: with the lake.
        tell: called with the bars of a market that were left out as incomplete.
        note: called with what is to be said of features.

    Raises:
        UsageError: a market has none, or too few; or a feature does not fit.
    """
    lake = Lake(bucket)
    for market in request.references:
        series = Series(request.exchange, market, request.interval)
        if market not in request.markets and lake.source(series, request.day_start) is None:
            fetch = lake.to_fetch(series, request.day_start)
            raise UsageError(f"{name_of(request.strategy)} uses {market}, which is not in the lake; fetch it: {fetch}")
    candles = lake.candles(
        request.exchange, request.markets, request.interval, end=request.end, references=request.references, tell=tell
    )
    return checked(candles, request, note)


def looking_at(request: Request, markets: tuple[str, ...], warmup: int | None = None) -> Request:
    """The same request for loading candles only.

    Args:
        request: whose strategy is replaced.
        markets: that it looks at without trading them.
        warmup: bars that it needs; None is as many as its strategy says.
    """
    class_: Any = type(request.strategy)
    names: dict[str, Any] = {"__module__": class_.__module__, "references": lambda _self, _markets: markets}
    if warmup is not None:
        names["warmup"] = lambda _self: warmup
    wider = type(class_)(class_.__name__, (class_,), names)
    return replace(request, strategy=wider(**request.strategy.values()))


def from_frames(
    request: Request, data: object, quote: str | None = None, note: Callable[[str], None] = lambda _: None
) -> Candles:
    """Candles from frames by symbol, as `load_processed_data` gives them; more symbols than are traded are fine.

    Raises:
        UsageError: a market has none, or too few.
        DataError: NaN, an unsorted or a duplicate index, a missing column.
    """
    given = _given(request, data, quote)
    for market in request.markets:
        if market not in given:
            raise UsageError(f"data has no candles of {market}; it has {', '.join(given) or 'none'}")
    for market in request.references:
        if market not in given:
            raise UsageError(f"{name_of(request.strategy)} uses {market}, which is not in data; add its candles")
    traded = {market: _before(given[market], request.end) for market in request.markets}
    seen = {market: _before(given[market], request.end) for market in request.references}
    return checked(Candles.from_frames(traded, request.interval, seen), request, note)


def benchmark_from_lake(
    request: Request, candles: Candles, bucket: Bucket, tell: Callable[[LeftOut], None] = lambda _: None
) -> Candles | None:
    """Candles of the benchmark's market over the bars that trade; None for the basket.

    Raises:
        UsageError: it has none there.
    """
    if request.benchmark == BASKET:
        return None
    start, end = _traded(request, candles)
    lake, market = Lake(bucket), request.benchmark
    try:
        return lake.candles(request.exchange, (market,), request.interval, start=start, end=end, tell=tell)
    except UsageError:
        fetch = lake.to_fetch(Series(request.exchange, market, request.interval), request.day_start)
        raise UsageError(f"benchmark {market} {_none(start, end)}; fetch them: {fetch}") from None


def benchmark_from_frames(request: Request, candles: Candles, data: object, quote: str | None = None) -> Candles | None:
    """Candles from frames by symbol.

    Raises:
        UsageError: there are none there.
        DataError: NaN, an unsorted or a duplicate index, a missing column.
    """
    market = request.benchmark
    if market == BASKET:
        return None
    given = _given(request, data, quote)
    if market not in given:
        raise UsageError(f"data has no candles of the benchmark {market}; it has {', '.join(given) or 'none'}")
    start, end = _traded(request, candles)
    whole = Candles.from_frames({market: given[market]}, request.interval)
    found = whole.between(*np.searchsorted(whole.ts, (start, end)).tolist())
    if not len(found.ts):
        raise UsageError(f"benchmark {market} {_none(start, end)}; add them to data, or choose other dates")
    return found


def _given(request: Request, data: object, quote: str | None) -> dict[str, object]:
    """The caller's tables by market."""
    return {unified(symbol, request.exchange, quote): table for symbol, table in by_market("data", data).items()}


def _traded(request: Request, candles: Candles) -> tuple[int, int]:
    """Open of the first bar that may trade, and close of the last one, exclusive."""
    first = 0 if request.start is None else int(np.searchsorted(candles.ts, request.start))
    return int(candles.ts[first]), next_open(candles.interval, int(candles.ts[-1]))


def _none(start: int, end: int) -> str:
    return f"has no candles from {iso(start)[:10]} to {iso(end)[:10]}"


def checked(candles: Candles, request: Request, note: Callable[[str], None] = lambda _: None) -> Candles:
    """These candles, if the request can run on them.

    Raises:
        UsageError: a symbol has no bar in the dates, none in common with another, or too few for the warm-up; or a
            reference has no candles where they are needed.
    """
    first = 0 if request.start is None else int(np.searchsorted(candles.ts, request.start))
    present = candles.present
    for s, market in enumerate(candles.symbols):
        _check_dates(market, present[first:, s], request.start)
        _check_shared(market, present, s)
        _check_warmup(market, int(present[:, s].sum()), request)
    for market, reference in candles.references.items():
        _check_warmup(market, len(reference.ts), request)
    if not request.options.allow_stale:
        _check_references(_cut(candles), request, first)
    return fitted(request, _cut(candles), first, note)


def _check_references(candles: Candles, request: Request, first: int) -> None:
    for lack in lacks(candles, first):
        start, stop = (_date(candles.interval, at) for at in (lack.start, lack.stop))
        if candles.interval not in _DAYS:
            stop = _date(candles.interval, next_open(candles.interval, lack.stop))
        raise UsageError(
            f"{name_of(request.strategy)} uses {lack.market}, whose candles {lack.fact}; "
            f"--start {start} --end {stop} would work, or fetch them, or add --allow-stale"
        )


def _date(interval: str, at: int) -> str:
    return iso(at)[: 10 if interval in _DAYS else 16]


def _cut(candles: Candles) -> Candles:
    """References end with the last traded bar: what a run saw does not grow with the lake."""
    last = candles.ts[-1]
    seen = {
        market: reference.between(0, int(np.searchsorted(reference.ts, last, side="right")))
        for market, reference in candles.references.items()
    }
    return candles.with_values(references=seen)


def _check_dates(market: str, present: np.ndarray, start: int | None) -> None:
    if not present.any():
        raise UsageError(f"{market} has no candle from {iso(start or 0)} on; start earlier, or fetch later candles")


def _check_shared(market: str, present: np.ndarray, s: int) -> None:
    others = np.delete(present, s, axis=1)
    if others.shape[1] and not (present[:, s] & others.any(axis=1)).any():
        raise UsageError(f"{market} has no bar in common with the other symbols; give symbols with common dates")


def _check_warmup(market: str, bars: int, request: Request) -> None:
    with guarded(request.strategy, "warmup"):
        need = request.strategy.warmup()
    if bars <= need:
        name = name_of(request.strategy)
        raise UsageError(f"{market} has {bars} candles; {name} needs {need} before its first order: fetch more")


def _before(table: object, end: int | None) -> object:
    import pandas as pd

    if end is None:
        return table
    frame = by_time("candles", table)
    if not isinstance(frame.index, pd.DatetimeIndex):
        return frame
    at = pd.Timestamp(end, unit="ms", tz="UTC")
    return frame[frame.index < (at if frame.index.tz is not None else at.tz_localize(None))]
