"""The list of trades, filtered as people type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cqs_monitor.logs.days import local_times

if TYPE_CHECKING:
    import pandas as pd

    from cqs_monitor.logs.snapshot import Rows
    from cqs_monitor.performance.reader import Figures
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
    rows = figures.rows(choice.day_start).of(choice.accounts(snapshot))
    order = np.argsort(-rows.timestamp, kind="stable")
    rows = rows.where(order[:most] if not text and most is not None else order)
    table = rows.table
    values: dict[str, Any] = {name: table[name].to_pandas() for name in _FIGURES}
    if choice.net:
        values["profit"], values["profit_pct"] = _net(rows)
    frame = pd.DataFrame(
        {
            "time": _on_the_clock(rows),
            "action": np.where(rows.sell, "SELL", "BUY"),
            "symbol": table["symbol"].to_pandas(),
            **values,
            "account": rows.names,
        }
    )
    return _matching(frame, text.casefold().split())[:most]


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


def _matching(frame: pd.DataFrame, words: list[str]) -> pd.DataFrame:
    for word in words:
        hit = np.zeros(len(frame), bool)
        for name in ("time", "account", "action", "symbol"):
            hit |= frame[name].str.casefold().str.contains(word, regex=False).to_numpy(bool)
        frame = frame[hit]
    return frame.reset_index(drop=True)
