"""The list of trades, filtered as people type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cqs_monitor.logs.days import day_of, local_times

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

    from cqs_monitor.logs.snapshot import Rows
    from cqs_monitor.performance.reader import Figures
    from cqs_monitor.performance.report import Choice


_FIGURES = ("profit", "profit_pct", "price", "quantity", "amount")


@dataclass(frozen=True)
class TradeFilter:
    """Which trades.

    Attributes:
        text: words that symbol, action, account or time must contain, all of them, in any case.
        first: day, by the choice's days; None for the first.
        last: day, included; None for the newest.
    """

    text: str = ""
    first: dt.date | None = None
    last: dt.date | None = None


def chosen_trades(figures: Figures, choice: Choice, asked: TradeFilter) -> Rows:
    """The trades that pass, newest first."""
    rows = figures.rows(choice.day_start).of(choice.accounts(figures.snapshot))
    inside = np.ones(len(rows.timestamp), bool)
    if asked.first is not None:
        inside &= rows.day >= day_of(asked.first)
    if asked.last is not None:
        inside &= rows.day <= day_of(asked.last)
    rows = rows if inside.all() else rows.where(inside)
    rows = rows.where(np.argsort(-rows.timestamp, kind="stable"))
    words = asked.text.casefold().split()
    return rows.where(_matching(_named(rows), words)) if words else rows


def trades_frame(rows: Rows, *, net: bool = False) -> pd.DataFrame:
    """Trades with the time as text, on the bot's clock, and the account; profits net of estimated fees where asked."""
    table = rows.table
    values: dict[str, Any] = {name: table[name].to_pandas() for name in _FIGURES}
    if net:
        values["profit"], values["profit_pct"] = _net(rows)
    frame = _named(rows)
    account = frame.pop("account")
    return frame.assign(**values, account=account)


def _named(rows: Rows) -> pd.DataFrame:
    """What can be searched by words."""
    import pandas as pd

    return pd.DataFrame(
        {
            "time": _on_the_clock(rows),
            "action": np.where(rows.sell, "SELL", "BUY"),
            "symbol": rows.table["symbol"].to_pandas(),
            "account": rows.names,
        }
    )


def _net(rows: Rows) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Profits of sales less estimated fees; the percentage is of what was paid, fee included."""
    profit = np.where(rows.sell, rows.net_sales(), np.nan)
    paid = rows.amount - rows.profit
    return profit, 100 * profit / (paid * (1 + rows.rates))


def _on_the_clock(rows: Rows) -> npt.NDArray[Any]:
    """To the second."""
    local = rows.by_format(lambda form, at: local_times(at, form.zone))
    texts = np.datetime_as_string((local // 1_000_000).astype("datetime64[s]")).tolist()
    return np.array([text.replace("T", " ") for text in texts], dtype=object)


def _matching(frame: pd.DataFrame, words: list[str]) -> npt.NDArray[np.bool_]:
    found = np.ones(len(frame), bool)
    for word in words:
        hit = np.zeros(len(frame), bool)
        for name in frame.columns:
            hit |= frame[name].str.casefold().str.contains(word, regex=False).to_numpy(bool)
        found &= hit
    return found
