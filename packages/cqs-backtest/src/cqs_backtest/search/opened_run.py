"""A kept run with its strategy and candles, to be tried under other conditions."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cqs_backtest import feed
from cqs_backtest.runs.code import strategy_of
from cqs_backtest.runs.manifest import candle_hashes
from cqs_backtest.runs.reproducing import request_of
from cqs_backtest.runs.store import read
from cqs_backtest.search.executors import Workload
from cqs_core import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cqs_backtest.record import StoredRun
    from cqs_backtest.request import Request
    from cqs_core import Bucket, Candles, RunResult


@dataclass(frozen=True, eq=False)
class OpenedRun:
    """A run that can be made again.

    Attributes:
        stored: as it was kept.
        request: of it, with its strategy.
        candles: all that the strategy saw, the same as then.
        bucket: that keeps it.
    """

    stored: StoredRun
    request: Request
    candles: Candles
    bucket: Bucket

    @property
    def load(self) -> Workload:
        """It as executors take it."""
        return Workload(self.request, self.candles, self.bucket)

    def result(self, request: Request | None = None, candles: Candles | None = None) -> RunResult:
        """The run under another request or on other candles."""
        return (request or self.request).simulated(candles or self.candles)


@contextmanager
def opened_run(bucket: Bucket, run: str, trust: Sequence[str] = ()) -> Iterator[OpenedRun]:
    """A run by its id, or by a beginning of it.

    Args:
        bucket: that keeps it.
        run: its id.
        trust: `my_rule.py:SHA256` of each file that may be run, where the code is kept with the run.

    Raises:
        UnknownName: no such run.
        UsageError: its code is not trusted, or its candles are others by now.
    """
    stored = read(bucket, run)
    with strategy_of(bucket, stored.manifest, trust) as strategy:
        request = request_of(bucket, stored.manifest, strategy)
        candles = feed.from_lake(request, bucket)
        now = candle_hashes(candles)
        changed = [market for market, known in stored.manifest["candles"].items() if now.get(market, known) != known]
        if changed:
            fact = f"candles of {', '.join(changed)} are not those of run {stored.id!r}"
            raise UsageError(f"{fact}; run the backtest again, and use the new run")
        yield OpenedRun(stored, request.with_options(lookahead_check=False), candles, bucket)
