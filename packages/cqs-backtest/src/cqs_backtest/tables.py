"""A run's results in the shapes that people and programs read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_core.times import iso
from cqs_core.trades import OPEN, Trades, reason

if TYPE_CHECKING:
    import pandas as pd

    from cqs_core.result import RunResult

_NUMBERS = ("entry_price", "exit_price", "quantity", "pnl", "return_pct", "fees")
_MORE = ("position", "bars", "mae_pct", "mfe_pct")


def equity_series(result: RunResult) -> pd.Series[float]:
    """Equity at each bar's close in quote currency, stamped with the bar's open, UTC."""
    import pandas as pd

    index = pd.DatetimeIndex(result.candles.ts.astype("datetime64[ms]"), name="timestamp").tz_localize("UTC")
    return pd.Series(result.execution.equity, index=index, name="equity")


def trades_frame(result: RunResult, trades: Trades | None = None) -> pd.DataFrame:
    """Round trips, or any other trades of the run, one a row; what is still held has no exit and the reason `open`."""
    import pandas as pd

    rows = result.trades if trades is None else trades
    stamps = result.candles.ts.astype("datetime64[ms]")
    out = np.where(rows["exit"] == OPEN, np.datetime64("NaT", "ms"), stamps[rows["exit"]])
    columns = {
        "symbol": np.array(result.candles.symbols, dtype=object)[rows["symbol"]],
        "entry_time": pd.DatetimeIndex(stamps[rows["entry"]]).tz_localize("UTC"),
        "exit_time": pd.DatetimeIndex(out).tz_localize("UTC"),
        **{name: rows[name] for name in _NUMBERS},
        "reason": np.array([reason(code) for code in rows["reason"]], dtype=object),
        **{name: rows[name] for name in _MORE},
    }
    return pd.DataFrame(columns)


def equity_rows(result: RunResult) -> list[list[Any]]:
    """`[iso time, equity]`, one point a bar."""
    return [
        [iso(ts), value] for ts, value in zip(result.candles.ts.tolist(), result.execution.equity.tolist(), strict=True)
    ]


def trade_rows(result: RunResult) -> list[dict[str, Any]]:
    """Round trips as flat objects."""
    ts = result.candles.ts
    return [
        {
            "symbol": result.candles.symbols[row["symbol"]],
            "entry_time": iso(int(ts[row["entry"]])),
            "exit_time": None if row["exit"] == OPEN else iso(int(ts[row["exit"]])),
            **{name: row[name].item() for name in _NUMBERS},
            "reason": reason(row["reason"]),
            **{name: row[name].item() for name in _MORE},
        }
        for row in result.trades
    ]
