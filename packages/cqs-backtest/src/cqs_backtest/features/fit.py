"""Features of a request over its candles: those that end early, or are never known, are refused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from cqs_backtest.features.reading import read_feature
from cqs_core import UnknownName, UsageError
from cqs_core.time.clock import iso
from cqs_core.time.intervals import DAY
from cqs_core.trading import FeatureValues, read_filter

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqs_backtest.request import Request
    from cqs_core import Candles

_MISSED = 5
"""Steps by which a feature may end early."""


def fitted(request: Request, candles: Candles, first: int, tell: Callable[[str], None] = lambda _: None) -> Candles:
    """The candles with the request's features, cut to what is known by the last bar.

    Args:
        request: with features as they were given.
        candles: warm-up included.
        first: row of the first bar that may trade.
        tell: called with what a reader of the results should know.

    Raises:
        UsageError: a feature cannot be read, ends early, or knows nothing in time.
        UnknownName: `only_in` names a feature that is not there, or a value that it never has.
    """
    last = int(candles.ts[-1])
    found = {}
    for name, given in request.features.items():
        feature = read_feature(name, given, request.exchange, candles.symbols, candles.interval)
        _check_end(name, feature, last, tell, allowed=request.options.allow_stale)
        known = feature.until(last)
        if not len(known.ts):
            raise UsageError(f"feature {name!r} has no value that is known before {iso(last)[:16]}; start it earlier")
        if known.ts[0] > candles.ts[first]:
            tell(f"Feature {name} is not known before {iso(int(known.known_at[0]))[:16]}")
        found[name] = known
    if request.strategy.only_in:
        _check_filter(request.strategy.only_in, found)
    return replace(candles, features=found, _memo={}) if found else candles


def _check_end(name: str, feature: FeatureValues, last: int, tell: Callable[[str], None], *, allowed: bool) -> None:
    due = int(feature.known_at[-1]) + feature.step
    if not feature.step or last <= due + _MISSED * feature.step:
        return
    end = iso(int(feature.ts[-1]))
    if not allowed:
        day = iso(due)[: 10 if feature.step >= DAY else 16]
        raise UsageError(
            f"feature {name!r} ends at {end[:16]}, before the run's last bar at {iso(last)[:16]}; "
            f"give later values, or --end {day}, or --allow-stale to use its last value on"
        )
    tell(f"Feature {name} ends at {end[:16]}; its last value was used from then on")


def _check_filter(text: str, features: dict[str, FeatureValues]) -> None:
    name, wanted = read_filter(text)
    if name not in features:
        remedy = f"give it to the run: features={{{name!r}: series}}, or --feature {name}=FILE"
        raise UnknownName("feature", name, features, remedy=remedy)
    values = np.unique(features[name].values)
    known = [str(value) for value in values.tolist() if value != ""]
    for value in wanted:
        if value not in known and not _is_among(value, values):
            raise UnknownName(f"value of feature {name!r}", value, known)


def _is_among(value: str, values: np.ndarray) -> bool:
    try:
        return values.dtype.kind == "f" and bool((values == float(value)).any())
    except ValueError:
        return False
