"""The list of trades, filtered as people type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cqs_monitor.logs.days import local_times
from cqs_monitor.performance.columns import by_format

if TYPE_CHECKING:
    import pandas as pd

    from cqs_monitor.performance.columns import Columns
    from cqs_monitor.performance.figures import Figures
    from cqs_monitor.performance.report import Choice


_FIGURES = ("profit", "profit_pct", "price", "quantity", "amount")


def trades_frame(figures: Figures, choice: Choice, text: str = "", most: int | None = None) -> pd.DataFrame:
    """Trades, newest first, with the time as text, on the bot's clock, and the account.

    Args:
        figures: of which snapshot.
        choice: of whose; net of estimated fees where it says so, those of the purchase included.
        text: words that symbol, action, account or time must contain, all of them, in any case.
        most: rows at most.
    """
    import pandas as pd

    snapshot = figures.snapshot
    columns = figures.columns(choice.day_start).of(choice.accounts(snapshot))
    order = np.argsort(-columns.timestamp, kind="stable")
    columns = columns.where(order[:most] if not text and most is not None else order)
    table = columns.table
    values: dict[str, Any] = {name: table[name].to_pandas() for name in _FIGURES}
    if choice.net:
        values["profit"], values["profit_pct"] = _net(columns)
    frame = pd.DataFrame(
        {
            "time": _on_the_clock(columns),
            "action": np.where(columns.sell, "SELL", "BUY"),
            "symbol": table["symbol"].to_pandas(),
            **values,
            "account": columns.names,
        }
    )
    return _matching(frame, text.casefold().split())[:most]


def _net(columns: Columns) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Profits of sales less estimated fees; the percentage is of what was paid, fee included."""
    profit = np.where(columns.sell, columns.net_sales(), np.nan)
    paid = columns.amount - columns.profit
    return profit, 100 * profit / (paid * (1 + columns.rates))


def _on_the_clock(columns: Columns) -> npt.NDArray[Any]:
    """To the second."""
    local = by_format(columns.formats, columns.account, columns.timestamp, lambda form, at: local_times(at, form.zone))
    texts = np.datetime_as_string((local // 1_000_000).astype("datetime64[s]")).tolist()
    return np.array([text.replace("T", " ") for text in texts], dtype=object)


def _matching(frame: pd.DataFrame, words: list[str]) -> pd.DataFrame:
    for word in words:
        hit = np.zeros(len(frame), bool)
        for name in ("time", "account", "action", "symbol"):
            hit |= frame[name].str.casefold().str.contains(word, regex=False).to_numpy(bool)
        frame = frame[hit]
    return frame.reset_index(drop=True)
