"""Logs as DataFrames, for callers of the hub."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cqs_core import Frame, UnknownName, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from cqs_core import Bucket

COLUMNS = ["timestamp", "date", "action", "symbol", "price", "quantity", "amount", "profit_pct", "profit"]


def get_bot_logs(date: str | dt.date | np.datetime64, account: str, bucket: Bucket | str | None = None) -> Frame:
    """The rows of one account that the bot dated so, in the order in which it wrote them.

    Args:
        date: `2025-01-16`, or a date.
        account: as its folder is called.
        bucket: folder or URL; the configured one by default.

    Returns:
        timestamp (UTC), date (`2025-01-16`), action (`BUY`, `SELL`), symbol, price, quantity (coins), amount (gross of
        fees), profit_pct (percent) and profit, both gross and NaN on a BUY. Columns have the names of the account's log
        format, which also says in what currency they are.
        Damaged rows are not in it; `cqs monitor pnl` lists them.

    Raises:
        UsageError: not a date.
        UnknownName: no account of that name has a file in the bucket.
        BucketError: the bucket cannot be listed.

    >>> get_bot_logs("2025-10-20", "Main")[["action", "symbol", "price", "quantity"]]
      action symbol  price  quantity
    0    BUY    BTC  100.0    1000.0
    """
    day = _day(date)
    from cqs_core.cli import open_bucket
    from cqs_monitor.performance.reader import reader_of

    snapshot = reader_of(open_bucket(bucket).address).refresh().snapshot
    if account not in snapshot.accounts:
        raise UnknownName("account", account, snapshot.accounts, remedy="no bot has logs in this bucket")
    table = snapshot.only(account)
    rows = table.filter(pc.equal(table["date"], pa.scalar(day, pa.date32())))
    return Frame(frame(rows, snapshot.formats[account].columns))


def frame(table: pa.Table, names: Mapping[str, str]) -> pd.DataFrame:
    """Rows in the bot's columns, which a format may call otherwise."""
    action = pc.if_else(table["sell"], "SELL", "BUY")
    table = table.append_column("action", action).set_column(1, "date", pc.strftime(table["date"], "%Y-%m-%d"))
    found: pd.DataFrame = table.select(COLUMNS).rename_columns([names.get(name, name) for name in COLUMNS]).to_pandas()
    return found


def _day(date: str | dt.date | np.datetime64) -> dt.date:
    given = str(date.astype("datetime64[D]")) if isinstance(date, np.datetime64) else date
    if isinstance(given, dt.datetime):
        return given.date()
    if isinstance(given, dt.date):
        return given
    try:
        return dt.date.fromisoformat(given)
    except (ValueError, TypeError):
        raise UsageError(f"{given!r} is not a date; write 2025-01-16") from None
