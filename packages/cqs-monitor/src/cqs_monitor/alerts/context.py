"""The data of rules, read once a round: the logs, candles, models and regimes of a bucket."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from cqs_core import CqsError, Lake, Series, settings
from cqs_core.lake import stamps
from cqs_core.time.intervals import INTERVALS, length
from cqs_monitor.logs.layout import folder_of
from cqs_monitor.logs.snapshot import Rows
from cqs_monitor.performance.reader import reader_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import numpy.typing as npt

    from cqs_core import Bucket, LogFormat
    from cqs_monitor.compare.comparison import BotComparison
    from cqs_monitor.logs.problems import Problem
    from cqs_monitor.logs.snapshot import Snapshot
    from cqs_monitor.models.evaluation.regimes import Regimes
    from cqs_monitor.models.registry import Model
    from cqs_monitor.performance.reader import Figures
    from cqs_monitor.performance.reconciliation import Finding

_COMPARED_FOR = 600_000  # ms for which a comparison serves: candles and rules change slowly


@dataclass(eq=False)
class Context:
    """A bucket at one moment.

    Attributes:
        bucket: read only.
        figures: of its logs; what rules have computed of them serves the next round where no file changed.
        now: ms UTC.
    """

    bucket: Bucket
    figures: Figures
    now: int

    @property
    def snapshot(self) -> Snapshot:
        return self.figures.snapshot

    def format(self, account: str) -> LogFormat:
        """The account's log format: currency and zone of its figures."""
        return self.snapshot.formats[account]

    def trades(self, account: str) -> Rows:
        """The account's rows, by time."""
        known = self.figures.once("trades", dict[str, Rows])  # one entry: there may be many accounts
        if account not in known:
            known[account] = replace(self.snapshot.rows, table=self.snapshot.only(account)).in_order()
        return known[account]

    def findings(self, account: str) -> Sequence[Finding]:
        """Differences between the account's positions and trades."""
        return self.figures.findings(account)

    def damage(self, account: str) -> Sequence[Problem]:
        """Damaged rows and files of the account."""
        return self.figures.once("damage", self._damage).get(account, [])

    def _damage(self) -> Mapping[str, list[Problem]]:
        found: dict[str, list[Problem]] = {}
        for problem in self.snapshot.problems:
            found.setdefault(folder_of(problem.file), []).append(problem)
        return found

    @cached_property
    def models(self) -> dict[str, Model]:
        """By version."""
        from cqs_monitor.models.registry import models

        return {row.version: row for row in models(self.bucket)}

    @property
    def latest(self) -> Model | None:
        return next((row for row in self.models.values() if row.latest), None)

    def regimes(self, version: str, market: str) -> Regimes | None:
        """Stored regimes of a version (`latest` too) on a market of the home exchange."""
        from cqs_monitor.models.evaluation.regimes import stored

        if version == "latest":
            version = self.latest.version if self.latest else ""
        return stored(self.bucket, version, settings().exchange, market) if version else None

    def closes(self, market: str, within: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], int] | None:
        """When candles closed (ms UTC), their closes, their length in ms; None where none is short enough."""
        lake, home = Lake(self.bucket), settings().exchange
        have = [s.interval for s in lake.series() if (s.exchange, s.market) == (home, market)]
        fit = [i for i in INTERVALS if i in have and i not in ("1w", "1M") and length(i) <= within]
        if not fit:
            return None
        coarse = [i for i in fit if length(i) * 12 <= within]
        interval = coarse[-1] if coarse else fit[0]
        table = lake.read(Series(home, market, interval), missing_ok=True)
        ts = stamps(table) + length(interval)
        return ts, table["close"].to_numpy(), length(interval)

    def compared(self, account: str, strategy: str, days: int) -> BotComparison | str:
        """The account's last days against a strategy, at most ten minutes old; or why they cannot be compared."""
        key, since = ("compared", account, strategy, days), self.now // _COMPARED_FOR
        return self.figures.once(key, lambda: self._compare(account, strategy, days), lasting=since)

    def _compare(self, account: str, strategy: str, days: int) -> BotComparison | str:
        from cqs_monitor.compare.comparison import ComparisonRequest, compare
        from cqs_monitor.compare.strategy_setup import find_setup

        start = (self.now // 86_400_000 - days) * 86_400_000
        try:
            return compare(self.bucket, self.snapshot, ComparisonRequest(account, find_setup(strategy, {}), start))
        except CqsError as error:
            return str(error)


def context_of(bucket: Bucket, now: int) -> Context:
    """Read what is needed now.

    Raises:
        BucketError: the bucket does not answer.
    """
    return Context(bucket, reader_of(bucket.address).refresh(), now)
