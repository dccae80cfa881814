"""`positions`: what bots hold, now or at the end of every day, with what it is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cqs_core import Frame, Lake, Series, warn_of_data
from cqs_core.cli import open_bucket
from cqs_core.time.clock import now, parse_range
from cqs_core.time.intervals import DAY
from cqs_monitor.performance.chosen_rows import accounts_of, snapshot_of
from cqs_monitor.performance.lots import crumb, match
from cqs_monitor.performance.prices import market_of
from cqs_monitor.performance.reader import reader_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from cqs_core import LogFormat
    from cqs_core.time.clock import Time
    from cqs_monitor.logs.snapshot import Snapshot
    from cqs_monitor.performance.chosen_rows import Place
    from cqs_monitor.performance.holdings import Holding

    Floats = npt.NDArray[np.float64]
    Stamps = npt.NDArray[np.int64]

COLUMNS = (
    *("timestamp", "account", "symbol", "quantity", "entry_price", "price", "priced"),
    *("value", "unrealized", "unrealized_pct", "dust", "currency"),
)
_OLD = 7 * DAY  # of a price that still values something


class PositionRow(NamedTuple):
    """A position in one symbol at a moment, without its value. Times are ms UTC."""

    timestamp: int
    account: str
    symbol: str
    quantity: float
    entry_price: float
    price: float | None
    priced: int | None
    dust: bool
    currency: str

    @classmethod
    def of(cls, at: int, one: Holding) -> PositionRow:
        held, price = one.position, one.price
        last, when = (None, None) if price is None else (price.value, price.at)
        paid, currency = held.entry_price, one.form.currency
        return cls(at, one.account, held.symbol, held.quantity, paid, last, when, held.dust, currency)


def positions(
    start: Time | None = None,
    end: Time | None = None,
    *,
    account: str | Sequence[str] | None = None,
    live: bool = False,
    bucket: Place = None,
) -> Frame:
    """Positions of the bots now, by their files; with a range, at the end of each UTC day, by their trades.

    A warning names what is held and has no price.

    Args:
        start: first day; only `end` given means from the first trade.
        end: a date includes that day; None is the last day that ended.
        account: one or some; all by default.
        live: of now: ask the exchange for prices, else the last candle of the lake.
        bucket: default CQS_BUCKET.

    Returns:
        timestamp (now, or the end of the day), account, symbol, quantity (coins), entry_price, price and when it was
        one (priced), value, unrealized (gross), unrealized_pct (percent of the entry price), dust, currency. NaN where
        there is no price, or only one that is older than the entry, or than a week.

    Raises:
        UsageError: no logs, or a date is wrong.
        UnknownName: no such account.

    >>> positions("2025-10-20", "2025-10-21")[["timestamp", "symbol", "quantity", "price", "unrealized"]]
                      timestamp symbol  quantity  price  unrealized
    0 2025-10-21 00:00:00+00:00    BTC     600.0  101.0       600.0
    1 2025-10-22 00:00:00+00:00    BTC     600.0  102.0      1200.0
    """
    bounds = parse_range(start, end)
    snapshot = snapshot_of(bucket)
    names, opened = accounts_of(snapshot, account), Lake(open_bucket(bucket))
    if bounds == (None, None):
        found = _frame(_held_now(opened, snapshot, names, live=live))
    else:
        found = _frame([row for name in names for row in _held_daily(opened, snapshot, name, *bounds)])
    if missing := sorted(set(found[found["price"].isna() & ~found["dust"].astype(bool)]["symbol"])):
        warn_of_data(f"no price of {', '.join(missing)}; sums leave them out")
    return found


def _frame(rows: Sequence[PositionRow]) -> Frame:
    import pandas as pd

    frame = pd.DataFrame(rows, columns=list(PositionRow._fields))
    for name in ("timestamp", "priced"):
        frame[name] = pd.to_datetime(frame[name], unit="ms", utc=True).dt.as_unit("us")
    for name in ("quantity", "entry_price", "price"):
        frame[name] = frame[name].astype(float)
    frame["value"] = frame["price"] * frame["quantity"]
    frame["unrealized"] = frame["value"] - frame["entry_price"] * frame["quantity"]
    frame["unrealized_pct"] = 100 * (frame["price"] / frame["entry_price"].where(frame["entry_price"] > 0) - 1)
    return Frame(frame[list(COLUMNS)].sort_values(["timestamp", "account", "symbol"], ignore_index=True))


def _held_now(lake: Lake, snapshot: Snapshot, names: Sequence[str], *, live: bool) -> list[PositionRow]:
    from cqs_monitor.performance.holdings import holdings

    for name in names:
        if (found := snapshot.held(name)).state == "unreadable":
            warn_of_data(f"positions of {name!r} cannot be read: {found.reason}")
    prices, at = reader_of(lake.bucket.address).prices(live=live), now()
    held = [one for name in names for one in holdings(snapshot, name, prices, at)]
    return [PositionRow.of(at, one) for one in held]


def _held_daily(lake: Lake, snapshot: Snapshot, account: str, start: int | None, end: int | None) -> list[PositionRow]:
    """Rows of one account at the end of each day in `[start, end)`, ms UTC."""
    rows: list[PositionRow] = []
    found, form = match(snapshot.only(account))[0], snapshot.formats[account]
    if not found:
        return []
    first = min(lot.at for lot in found) // 1000
    low = max(first, start or 0) // DAY
    high = min(now(), now() if end is None else end + DAY - 1) // DAY
    ends: Stamps = np.arange(low + 1, high + 1, dtype=np.int64) * DAY
    for symbol in sorted({lot.symbol for lot in found}):
        mine = [lot for lot in found if lot.symbol == symbol]
        quantity, cost = _sums(mine, ends)
        held = quantity > crumb(max(lot.quantity for lot in mine))
        if held.any():
            priced, price = _closes(lake, symbol, form, ends[held])
            columns = (ends[held], quantity[held], cost[held] / quantity[held], price, priced)
            for at, coins, paid, last, when in zip(*(column.tolist() for column in columns), strict=True):
                rows.append(PositionRow(at, account, symbol, coins, paid, last, when or None, False, form.currency))
    return rows


def _sums(found: Sequence[Any], ends: Stamps) -> tuple[Floats, Floats]:
    """Coins held and what they cost at each time."""
    events = [(lot.at, lot.quantity, lot.price) for lot in found]
    events += [(sale.at, -sale.quantity, lot.price) for lot in found for sale in lot.sales]
    at, coins, price = (np.array(column) for column in zip(*sorted(events), strict=True))
    place = np.searchsorted(at, ends * 1000)
    zero = np.zeros(1)
    return np.concatenate([zero, np.cumsum(coins)])[place], np.concatenate([zero, np.cumsum(coins * price)])[place]


def _closes(lake: Lake, symbol: str, form: LogFormat, ends: Stamps) -> tuple[Stamps, Floats]:
    """The last daily close before each time, and when it was; NaN and 0 where there is none, or an old one."""
    from cqs_core.lake import stamps

    market = market_of(symbol, form)
    nothing = np.zeros(len(ends), np.int64), np.full(len(ends), np.nan)
    if market is None:
        return nothing
    series = Series(*market, "1d")
    table = lake.derive(series, int(ends[0]) - DAY - _OLD, int(ends[-1]), missing_ok=True)
    closed = stamps(table) + DAY
    if not len(closed):
        return nothing
    place = np.searchsorted(closed, ends, side="right") - 1
    fresh = (place >= 0) & (ends - closed[place] < _OLD)
    return np.where(fresh, closed[place], 0), np.where(fresh, table["close"].to_numpy()[place], np.nan)
