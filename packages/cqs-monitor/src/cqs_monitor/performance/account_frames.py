"""Bots in Python: trades, PnL, lots and valued positions as DataFrames, one call each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from cqs_core import Frame, UnknownName
from cqs_core.time.clock import parse_range
from cqs_monitor.logs.days import monday_of, read_clock
from cqs_monitor.performance.chosen_rows import accounts_of, chosen_rows, in_range, snapshot_of, symbols_of, utc
from cqs_monitor.performance.lots import match

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from cqs_core.time.clock import Time
    from cqs_monitor.logs.snapshot import Rows, Snapshot
    from cqs_monitor.performance.chosen_rows import Place

_US = "datetime64[us]"
_LOT = (
    *("account", "symbol", "opened", "closed", "quantity", "left"),
    *("entry_price", "exit_price", "profit", "sales", "currency"),
)


def trades(
    start: Time | None = None,
    end: Time | None = None,
    *,
    account: str | Sequence[str] | None = None,
    symbol: str | Sequence[str] | None = None,
    bucket: Place = None,
) -> Frame:
    """Rows of the bots' logs, oldest first. Damaged rows are not in it, and a warning says so.

    Args:
        start: a date is the bot's own day; a time is a moment, naive means UTC.
        end: a date includes that day, a time does not include itself.
        account: one or some; all by default.
        symbol: one or some, as `BTC` or `BTC/USDT`.
        bucket: default CQS_BUCKET.

    Returns:
        timestamp (datetime64[us, UTC]), date (the bot's own, at 00:00 UTC), account, symbol, action (`BUY`, `SELL`),
        price, quantity (coins), amount (gross of fees), profit and profit_pct (percent; both NaN on a BUY), currency.

    Raises:
        UsageError: no logs, or a date is wrong.
        UnknownName: no such account or symbol.

    >>> trades("2025-10-21")[["account", "symbol", "action", "profit"]]
      account symbol action  profit
    0    Main    BTC   SELL  4000.0
    """
    return trades_of(chosen_rows(bucket, account, symbol, start, end, None)[0])


def trades_of(rows: Rows) -> Frame:
    """The same for some rows."""
    import pandas as pd

    rows = rows.in_order()
    table = rows.table
    profit, pct = (table[name].to_numpy() for name in ("profit", "profit_pct"))
    return Frame(
        pd.DataFrame(
            {
                "timestamp": utc(rows.timestamp),
                "date": utc(rows.day * 86_400_000_000),
                "account": rows.names,
                "symbol": table["symbol"].to_pandas(),
                "action": np.where(rows.sell, "SELL", "BUY"),
                **{name: table[name].to_numpy() for name in ("price", "quantity", "amount")},
                "profit": np.where(rows.sell, profit, np.nan),
                "profit_pct": np.where(rows.sell, pct, np.nan),
                "currency": rows.currencies,
            }
        )
    )


def pnl(
    by: Literal["day", "week", "month"] = "day",
    start: Time | None = None,
    end: Time | None = None,
    *,
    account: str | Sequence[str] | None = None,
    net: bool = False,
    day_start: str | None = None,
    bucket: Place = None,
) -> Frame:
    """Realized PnL by day, ISO week or month.

    Args:
        by: period.
        start: a date is the bot's own day; a time is a moment, naive means UTC.
        end: a date includes that day, a time does not include itself.
        account: one or some; all by default.
        net: less fees, estimated by the rate of each account's log format.
        day_start: `09:00`, on each bot's clock, for trading days; None takes the bots' own dates.
        bucket: default CQS_BUCKET.

    Returns:
        a column for each account, and `total`, one for each currency where there are several (`total USDT`); 0 where
        nothing was realised. Index `day`, `week` or `month`: its first day at 00:00 UTC, every
        one between the first and the last with a trade.

    Raises:
        UsageError: no logs, or a date or period is wrong.
        UnknownName: no such account.

    >>> pnl("week")["total"].tolist()
    [4000.0]
    """
    if by not in _FREQUENCIES:
        raise UnknownName("period", str(by), _FREQUENCIES)
    clock = None if day_start is None else read_clock(day_start)
    rows, names = chosen_rows(bucket, account, None, start, end, clock)
    return _pnl_of(rows if net else rows.where(rows.sell), names, by, net=net)


_FREQUENCIES = {"day": "D", "week": "W-MON", "month": "MS"}


def _pnl_of(rows: Rows, names: Sequence[str], by: str, *, net: bool) -> Frame:
    import pandas as pd

    long = pd.DataFrame({"at": _first_days(rows.day, by), "account": rows.names, "profit": rows.value(net=net)})
    wide = long.pivot_table(index="at", columns="account", values="profit", aggfunc="sum", fill_value=0.0)
    if len(wide):
        every = pd.date_range(wide.index[0], wide.index[-1], freq=_FREQUENCIES[by])
        wide = wide.reindex(every, fill_value=0.0)
    wide = wide.reindex(columns=list(names), fill_value=0.0).astype(float)
    wide.columns.name = None
    currencies: dict[str, list[str]] = {}
    for name in names:
        currencies.setdefault(rows.formats[rows.places[name]].currency, []).append(name)
    totals = {currency: wide[some].sum(axis=1) for currency, some in currencies.items()}
    for currency, total in totals.items():
        wide["total" if len(totals) == 1 else f"total {currency}"] = total
    wide.index = pd.DatetimeIndex(wide.index).as_unit("us").rename(by)
    return Frame(wide)


def _first_days(days: npt.NDArray[np.int64], by: str) -> Any:
    """Each day's period, as its first day at 00:00 UTC."""
    dates = days.astype("datetime64[D]")
    if by == "month":
        dates = dates.astype("datetime64[M]").astype("datetime64[D]")
    if by == "week":
        dates = monday_of(days).astype("datetime64[D]")
    return utc(dates.astype(_US).astype(np.int64))


def lots(
    start: Time | None = None,
    end: Time | None = None,
    *,
    account: str | Sequence[str] | None = None,
    symbol: str | Sequence[str] | None = None,
    bucket: Place = None,
) -> Frame:
    """Purchases made in a range, each with its sales until now.

    Which SELL sold which BUY is inferred from the profit that the SELL tells.

    Args:
        start: a date is the bot's own day; a time is a moment, naive means UTC.
        end: a date includes that day, a time does not include itself.
        account: one or some; all by default.
        symbol: one or some.
        bucket: default CQS_BUCKET.

    Returns:
        account, symbol, opened and closed (datetime64[us, UTC]; closed is NaT while coins are left), quantity (bought),
        left (not sold), entry_price, exit_price (mean of what was sold), profit (as logged, gross), sales, currency.

    Raises:
        UsageError: no logs, or a date is wrong.
        UnknownName: no such account or symbol.

    >>> lots()[["symbol", "quantity", "left", "exit_price", "profit"]]
      symbol  quantity   left  exit_price  profit
    0    BTC    1000.0  600.0       110.0  4000.0
    """
    import pandas as pd

    parse_range(start, end)
    snapshot = snapshot_of(bucket)
    names, wanted = accounts_of(snapshot, account), symbols_of(snapshot, symbol)
    found = [
        {**_lot_row(snapshot, name, lot), "day": day}
        for name in names
        for lot, day in _lots_of(snapshot, name)
        if wanted is None or lot.symbol in wanted
    ]
    columns = [*_LOT, "day"]
    frame = pd.DataFrame(found, columns=columns)
    keep = in_range(frame["day"].to_numpy(np.int64), frame["opened"].to_numpy(np.int64), start, end)
    frame = frame[keep].drop(columns="day").sort_values("opened", ignore_index=True)
    for name in ("opened", "closed"):
        frame[name] = pd.to_datetime(frame[name], unit="us", utc=True).dt.as_unit("us")
    return Frame(frame)


def _lot_row(snapshot: Snapshot, account: str, lot: Any) -> dict[str, Any]:
    return {
        "account": account,
        "symbol": lot.symbol,
        "opened": lot.at,
        "closed": None if lot.open or not lot.sales else lot.sales[-1].at,
        "quantity": lot.quantity,
        "left": lot.left if lot.open else 0.0,
        "entry_price": lot.price,
        "exit_price": _mean([(sale.price, sale.quantity) for sale in lot.sales]),
        "profit": sum(sale.profit for sale in lot.sales),
        "sales": len(lot.sales),
        "currency": snapshot.currency(account),
    }


def _lots_of(snapshot: Snapshot, account: str) -> list[tuple[Any, int]]:
    """Lots of an account, each with the bot's own day of its purchase."""
    import pyarrow as pa
    import pyarrow.compute as pc

    table = snapshot.only(account)
    bought = table.filter(pc.invert(table["sell"]))
    days = bought["date"].cast(pa.int32()).to_numpy().tolist()
    return list(zip(match(table)[0], days, strict=True))


def _mean(parts: list[tuple[float, float]]) -> float:
    quantity = sum(part for _, part in parts)
    return sum(price * part for price, part in parts) / quantity if quantity else float("nan")
