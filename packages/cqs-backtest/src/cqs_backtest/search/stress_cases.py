"""The conditions under which stress runs a strategy again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import param

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cqs_backtest.request import Request
    from cqs_core import Candles

_FEES = (2, 3, 4, 5)
_SLIPPAGES = (2, 3, 5, 10)


class Case(NamedTuple):
    """A condition.

    Attributes:
        kind: such as `fee`.
        case: in words.
        changes: fields of the request.
        parameters: of the strategy, those that are others.
        counts: whether a user may choose by its result: then it is a trial.
    """

    kind: str
    case: str
    changes: Mapping[str, Any] = {}
    parameters: Mapping[str, Any] = {}
    counts: bool = False


def cases_of(request: Request, candles: Candles, shifts: int) -> Iterator[Case]:
    """All cases of a run.

    Args:
        request: of it.
        candles: that its strategy saw.
        shifts: by up to so many bars the start is moved.
    """
    yield from _costs(request)
    yield from _starts(request, candles, shifts)
    yield from _symbols(request)
    yield from _steps(request)


def _costs(request: Request) -> Iterator[Case]:
    costs = request.costs
    for name, fact, factors in (("fee", "fee", _FEES), ("slip", "slippage", _SLIPPAGES)):
        value = getattr(costs, name)
        for factor in factors if value > 0 else ():
            worse = {name: min(value * factor, 0.99)}
            yield Case(fact, f"{fact} x {factor}", {"costs": replace(costs, **worse)})


def _starts(request: Request, candles: Candles, shifts: int) -> Iterator[Case]:
    ts = candles.ts
    first = 0 if request.start is None else int(np.searchsorted(ts, request.start))
    for bars in range(1, min(shifts, len(ts) - first - 1) + 1):
        words = f"start {bars} {'bar' if bars == 1 else 'bars'} later"
        yield Case("start", words, {"start": int(ts[first + bars])})


def _symbols(request: Request) -> Iterator[Case]:
    for market in request.markets if len(request.markets) > 1 else ():
        fewer = tuple(each for each in request.markets if each != market)
        options = replace(request.options, allow_stale=True)
        yield Case("symbol", f"without {market}", {"markets": fewer, "options": options}, counts=True)


def _steps(request: Request) -> Iterator[Case]:
    strategy = request.strategy
    for name, parameter in type(strategy).parameters().items():
        step = getattr(parameter, "step", None) or (1 if isinstance(parameter, param.Integer) else None)
        if not isinstance(parameter, param.Number) or step is None:
            continue
        low, high = parameter.bounds or (None, None)
        for moved in (getattr(strategy, name) - step, getattr(strategy, name) + step):
            value = moved if isinstance(parameter, param.Integer) else round(moved, 12)
            if (low is None or value >= low) and (high is None or value <= high):
                yield Case("parameter", f"{name}={value:g}", parameters={name: value}, counts=True)
