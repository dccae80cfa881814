"""The subject of trials: a strategy, its markets, an interval and dates."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cqs_backtest.loading.strategies import name_of
from cqs_core.time.clock import parse_moment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cqs_backtest.request import Request
    from cqs_core import Candles

FORMAT = 1
FOLDER = "trials"


@dataclass(frozen=True)
class Subject:
    """The subject for which trials are counted.

    Attributes:
        strategy: its name.
        exchange: of the markets.
        markets: unified, in any order.
        interval: of the candles.
        first: open of the first bar that could trade, ms UTC.
        last: open of the last bar.
    """

    strategy: str
    exchange: str
    markets: tuple[str, ...]
    interval: str
    first: int
    last: int

    @property
    def folder(self) -> str:
        """Where its trials are."""
        markets = " ".join(sorted(self.markets))
        digest = hashlib.blake2b(markets.encode(), digest_size=6).hexdigest()
        return f"{folder_of(self.strategy)}/{_slug(self.exchange)}-{self.interval}-{digest}"

    def key(self, source: str) -> str:
        """The object with the trials of one run or search."""
        return f"{self.folder}/{self.first}-{self.last}-{source}.parquet"


def subject_of(request: Request, traded: Candles) -> Subject:
    """The subject of a request's trials.

    Args:
        request: of a run or search.
        traded: the bars that could trade.
    """
    dates = int(traded.ts[0]), int(traded.ts[-1])
    return Subject(name_of(request.strategy), request.exchange, request.markets, request.interval, *dates)


def subject_of_run(made: Mapping[str, Any]) -> Subject:
    """The subject of a run, from its manifest.

    Raises:
        UsageError: a date is none.
        KeyError: a key is missing.
    """
    first, last = (parse_moment(made[name])[0] for name in ("first", "last"))
    return Subject(made["strategy"]["name"], made["exchange"], tuple(made["symbols"]), made["interval"], first, last)


def folder_of(strategy: str) -> str:
    """Where the trials of a strategy are, a folder for each of its markets and intervals."""
    return f"{FOLDER}/{_slug(strategy)}"


def _slug(name: str) -> str:
    slug = re.sub(r"[^A-Za-z0-9_]+", "-", name).strip("-").lower()
    return slug if slug == name else f"{slug}-{hashlib.blake2b(name.encode(), digest_size=3).hexdigest()}"
