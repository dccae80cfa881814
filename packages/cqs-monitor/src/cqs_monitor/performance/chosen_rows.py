"""Rows of the logs as Python callers choose them: by bucket, account, symbol and time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_core import UnknownName, UsageError, market_of, settings, warn_of_data
from cqs_core.cli import open_bucket
from cqs_core.jobs import waiting
from cqs_core.time.clock import parse_moment, parse_range
from cqs_core.trading import names_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike
    from typing import TypeAlias

    import numpy.typing as npt

    from cqs_core import Bucket
    from cqs_core.time.clock import Time
    from cqs_monitor.logs.snapshot import Rows, Snapshot

    Place: TypeAlias = Bucket | str | PathLike[str] | None

_US = "datetime64[us]"


def chosen_rows(
    bucket: Place,
    account: str | Sequence[str] | None,
    symbol: str | Sequence[str] | None,
    start: Time | None,
    end: Time | None,
    day_start: int | None,
) -> tuple[Rows, list[str]]:
    """The chosen rows, and the chosen accounts, sorted."""
    parse_range(start, end)
    snapshot = snapshot_of(bucket)
    names, wanted = accounts_of(snapshot, account), symbols_of(snapshot, symbol)
    rows = replace(snapshot.rows, day_start=day_start).of(names)
    keep = in_range(rows.day, rows.timestamp, start, end)
    if wanted is not None:
        codes, symbols = rows.symbols()
        keep &= np.array([one in wanted for one in symbols], bool)[codes]
    return rows.where(keep), names


_warned: dict[str, tuple[object, ...]] = {}


def snapshot_of(bucket: Place) -> Snapshot:
    """The logs now; a warning names what cannot be read, once, and again when that changes."""
    from cqs_monitor.performance.reader import reader_of

    opened = open_bucket(bucket)
    with waiting("bot logs"):
        snapshot = reader_of(opened.address).refresh().snapshot
    if not snapshot.accounts:
        raise UsageError(f"no bot has logs in {opened.url!r}; name another bucket, as bucket='gs://name'")
    count, known = len(snapshot.problems), _warned.get(opened.address, ())
    _warned[opened.address] = snapshot.problems
    if count and known != snapshot.problems:
        first = snapshot.problems[0]
        text = f"{count:,} finding{'' if count == 1 else 's'}, such as {first.file}: {first.reason}"
        warn_of_data(f"the logs are not whole: {text}")
    return snapshot


def accounts_of(snapshot: Snapshot, account: str | Sequence[str] | None) -> list[str]:
    if account is None:
        return list(snapshot.accounts)
    names = names_of(account, "an account", "'Main' or ['Main', 'Second']")
    for name in names:
        if name not in snapshot.accounts:
            raise UnknownName("account", name, snapshot.accounts)
    return sorted(set(names))


def symbols_of(snapshot: Snapshot, symbol: str | Sequence[str] | None) -> set[str] | None:
    """The symbols as bots wrote them; None for all."""
    if symbol is None:
        return None
    home = settings().exchange

    def market_of_log(one: str) -> str:
        try:
            return market_of(one, home)
        except UsageError:  # not a symbol, or ambiguous
            return one

    known = {str(one) for one in snapshot.table["symbol"].unique().to_pylist()}
    markets = {one: market_of_log(one) for one in known}
    found: set[str] = set()
    for wanted in names_of(symbol):
        same = {one for one in known if wanted == one or markets[one] == market_of_log(wanted)}
        if not same:
            raise UnknownName("symbol in the logs", wanted, known)
        found |= same
    return found


def in_range(
    day: npt.NDArray[np.int64], timestamp: npt.NDArray[np.int64], start: Time | None, end: Time | None
) -> npt.NDArray[np.bool_]:
    """Rows of the range: dates are compared with the bot's days, times with moments."""
    keep = np.ones(len(day), bool)
    if start is not None:
        at, bare = parse_moment(start)
        keep &= day >= at // 86_400_000 if bare else timestamp >= at * 1000
    if end is not None:
        at, bare = parse_moment(end)
        keep &= day <= at // 86_400_000 if bare else timestamp < at * 1000
    return keep


def utc(microseconds: npt.NDArray[np.int64]) -> Any:
    import pandas as pd

    return pd.DatetimeIndex(microseconds.astype(_US)).tz_localize("UTC")
