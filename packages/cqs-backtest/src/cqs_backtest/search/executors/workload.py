"""What all workers of a search share, and what each of their threads works with."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

from cqs_backtest.loading.strategies import find

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from cqs_backtest.request import Request
    from cqs_core import Bucket, Candles

_T = TypeVar("_T")
_KEPT = 2


@dataclass(frozen=True, eq=False)
class Workload:
    """The request and the candles that every item of work needs.

    Attributes:
        request: with the strategy and its fixed parameters.
        candles: all that the strategy sees, warm-up included.
        bucket: from which they were read; workers in other processes read them again.
        metrics: names besides the headline that sets need.
    """

    request: Request
    candles: Candles
    bucket: Bucket
    metrics: Sequence[str] = ()


class Bench:
    """A workload as one thread uses it: with its own strategy, caches and scratch memory.

    Attributes:
        request: with a strategy that no other thread has.
        candles: the same arrays, with a cache that no other thread has.
        bucket: with the lake.
        metrics: names besides the headline.
        stopped: whether the search was stopped; long work asks now and then, and returns what it has.
    """

    def __init__(self, load: Workload, stopped: Callable[[], bool] = lambda: False) -> None:
        self.request = replace(load.request, strategy=find(load.request.strategy))
        self.candles = load.candles.sealed().fresh()
        self.bucket, self.metrics, self.stopped = load.bucket, load.metrics, stopped
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()

    def kept(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """`make()`, called once for a key; only the last few are kept."""
        if key not in self._kept:
            self._kept[key] = make()
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return cast("_T", self._kept[key])
