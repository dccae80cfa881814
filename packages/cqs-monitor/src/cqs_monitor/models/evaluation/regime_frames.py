"""Stored regimes for Python callers: a series by day, a feature of a backtest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_core import UnknownName, UsageError
from cqs_core.cli import open_bucket
from cqs_monitor.models.evaluation.evaluate import daily_series
from cqs_monitor.models.evaluation.regimes import listing, stored

if TYPE_CHECKING:
    from os import PathLike

    import pandas as pd
    import pyarrow as pa

    from cqs_core import Bucket


def regimes(
    version: str | None = None,
    market: str | None = None,
    *,
    exchange: str | None = None,
    bucket: Bucket | str | PathLike[str] | None = None,
) -> pd.Series[str]:
    """A model's regime of each day of a market, as stored by `cqs models evaluate`.

    A day's regime is known at its close. As a feature of a backtest it counts from then on:
    `features={"regime": regimes("v9")}`.

    Args:
        version: of the model; by default the one that was stored last.
        market: as `BTC` or `BTC/USDT`; by default BTC of the home exchange.
        exchange: default CQS_EXCHANGE.
        bucket: default CQS_BUCKET.

    Returns:
        regimes, named `regime`; index `timestamp`, opens of days (datetime64[us, UTC]).

    Raises:
        UnknownName: no regimes of this version are stored.
        UsageError: none of this market are.

    >>> regimes("v9").tolist()
    ['bull', 'bear', 'bull']
    >>> from cqs_core import Frame
    >>> Frame(regimes("v9")).to_arrow().column_names  # a frame, as polars, Arrow and DuckDB take it
    ['timestamp', 'regime']
    """
    import pandas as pd

    opened, series = open_bucket(bucket), daily_series(exchange, market)
    found = listing(opened)
    versions = [one[0] for one in found]
    chosen = version or next((v for v, e, m, _ in found if (e, m) == (series.exchange, series.market)), None)
    remedy = "store some: cqs models evaluate VERSION"
    if version and version not in versions:
        raise UnknownName("version of regimes", version, versions, "" if versions else remedy)
    kept = stored(opened, chosen, series.exchange, series.market) if chosen else None
    if kept is None:
        have = ", ".join(f"{e} {m}" for v, e, m, _ in found if version in (None, v))
        named = f"regimes {version!r}" if version else "regimes"
        raise UsageError(
            f"no {named} of {series.exchange} {series.market}; {f'there are some of {have}' if have else remedy}"
        )
    days = kept.days["regime"].rename("regime")
    days.index = pd.DatetimeIndex(days.index).as_unit("us").rename("timestamp")
    return days


def table(bucket: Bucket) -> pa.Table:
    """All that are stored: version, exchange, market, ts, regime, realised, confidence."""
    import pyarrow as pa

    parts = []
    for version, exchange, market, _ in listing(bucket):
        if found := stored(bucket, version, exchange, market):
            days = found.days.rename_axis("ts").reset_index()
            for place, (name, value) in enumerate((("version", version), ("exchange", exchange), ("market", market))):
                days.insert(place, name, value)
            parts.append(pa.Table.from_pandas(days, preserve_index=False).replace_schema_metadata())
    names = ("version", "exchange", "market", "ts", "regime", "realised", "confidence")
    empty = pa.table({name: pa.array([], pa.null()) for name in names})
    return pa.concat_tables([empty, *parts], promote_options="permissive")
