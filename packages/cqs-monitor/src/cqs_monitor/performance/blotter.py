"""The list of trades, filtered as people type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cqs_monitor.performance.columns import FEE
from cqs_monitor.performance.report import Choice, columns_of_choice

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from cqs_monitor.logs.snapshot import Snapshot


def trades_frame(snapshot: Snapshot, choice: Choice, text: str = "", most: int | None = None) -> pd.DataFrame:
    """Trades, newest first: time (KST text), action, symbol, profit_krw, profit_pct, price, quantity, amount, account.

    Args:
        snapshot: of which.
        choice: of whose; net of estimated fees where it says so, those of the purchase included.
        text: words that symbol, action, account or time must contain, all of them, in any case.
        most: rows at most.
    """
    import pandas as pd

    columns = columns_of_choice(snapshot, choice)
    order = np.argsort(-columns.timestamp, kind="stable")
    if not text and most is not None:
        order = order[:most]
    table = columns.table.take(order)
    table = _net(table) if choice.net else table
    names = np.array([*snapshot.accounts, ""], dtype=object)
    frame = pd.DataFrame(
        {
            "time": _korean(columns.timestamp[order]),
            "action": np.where(columns.sell[order], "SELL", "BUY"),
            **{name: table[name].to_pandas() for name in ("symbol", *_FIGURES)},
            "account": names[columns.account[order]],
        }
    )
    return _matching(frame, text.casefold().split())[:most]


def _net(table: pa.Table) -> pa.Table:
    """Profits of sales less estimated fees; the percentage is of what was paid, fee included."""
    import pyarrow.compute as pc

    cost = pc.subtract(table["amount"], table["profit_krw"])
    profit = pc.subtract(table["profit_krw"], pc.multiply(pc.add(table["amount"], cost), FEE))
    share = pc.multiply(pc.divide(profit, pc.multiply(cost, 1 + FEE)), 100.0)
    for name, values in (("profit_krw", profit), ("profit_pct", share)):
        table = table.set_column(table.schema.get_field_index(name), name, values)
    return table


_FIGURES = ("profit_krw", "profit_pct", "price", "quantity", "amount")


def _korean(timestamps: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    """KST, to the second."""
    shifted = (timestamps // 1_000_000 + 9 * 3600).astype("datetime64[s]")
    texts = np.datetime_as_string(shifted).tolist()
    return np.array([text.replace("T", " ") for text in texts], dtype=object)


def _matching(frame: pd.DataFrame, words: list[str]) -> pd.DataFrame:
    for word in words:
        hit = np.zeros(len(frame), bool)
        for name in ("time", "account", "action", "symbol"):
            hit |= frame[name].str.casefold().str.contains(word, regex=False).to_numpy(bool)
        frame = frame[hit]
    return frame.reset_index(drop=True)
