"""A run's results in the shapes that people and programs read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_core.time.clock import iso
from cqs_core.trading import OPEN, Trades, reason

if TYPE_CHECKING:
    from cqs_core import RunResult

_NUMBERS = ("entry_price", "exit_price", "quantity", "pnl", "return_pct", "fees")
_MORE = ("position", "bars", "mae_pct", "mfe_pct")


def trade_columns(result: RunResult, trades: Trades | None = None) -> dict[str, Any]:
    """Round trips, or other trades of the run, as columns by name; open ones have no exit and the reason `open`."""
    import pyarrow as pa

    rows = result.trades if trades is None else trades
    stamp = pa.timestamp("ms", "UTC")
    ts, held = result.candles.ts, rows["exit"] == OPEN
    return {
        "symbol": pa.array([result.candles.symbols[s] for s in rows["symbol"]], pa.string()),
        "entry_time": pa.array(ts[rows["entry"]], stamp),
        "exit_time": pa.array(ts[rows["exit"]], stamp, mask=held),
        **{name: np.ascontiguousarray(rows[name]) for name in _NUMBERS},
        "reason": pa.array([reason(code) for code in rows["reason"]], pa.string()),
        **{name: np.ascontiguousarray(rows[name]) for name in _MORE},
    }


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
