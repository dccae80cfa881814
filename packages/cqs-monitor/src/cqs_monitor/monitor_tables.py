"""SQL tables of the monitor: `bot_trades` and `regimes`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_core import SqlTable

if TYPE_CHECKING:
    import pyarrow as pa

    from cqs_core import Bucket

TABLES = [
    SqlTable(
        "bot_trades",
        {
            "timestamp": "timestamptz",
            "date": "date",
            "account": "varchar",
            "symbol": "varchar",
            "action": "varchar",
            "price": "double",
            "quantity": "double",
            "amount": "double",
            "profit": "double",
            "profit_pct": "double",
            "currency": "varchar",
        },
        "cqs_monitor.monitor_tables:bot_trades",
        "One row of a bot's log: what was bought or sold.",
    ),
    SqlTable(
        "regimes",
        {
            "version": "varchar",
            "exchange": "varchar",
            "market": "varchar",
            "ts": "timestamptz",
            "regime": "varchar",
            "realised": "varchar",
            "confidence": "double",
        },
        "cqs_monitor.models.evaluation.regime_frames:table",
        "One day of a market as a model saw it; ts is its open, known at its close.",
    ),
]


def bot_trades(bucket: Bucket) -> pa.Table:
    """All rows of all accounts; none where no bot has logs."""
    from cqs_monitor.performance.account_frames import trades_of
    from cqs_monitor.performance.reader import reader_of

    return trades_of(reader_of(bucket.address).refresh().rows()).to_arrow()
