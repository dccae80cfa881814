"""Log files as the live bot writes them."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from cqs_monitor.demo.trade import Trade, still_held
from cqs_monitor.logs.bot.format import BOT
from cqs_monitor.logs.bot.header import HEADER

if TYPE_CHECKING:
    from collections.abc import Iterable


def log_files(account: str, trades: Iterable[Trade]) -> dict[str, bytes]:
    """`logs/{account}/…` by key: a CSV for each Korean calendar day with trades, positions and state."""
    trades = list(trades)
    days: dict[str, list[tuple[int, str]]] = {}
    for trade in trades:
        for at, line in rows(trade):
            days.setdefault(_kst(at).date().isoformat(), []).append((at, line))
    files = {
        f"logs/{account}/trades_{day}.csv": "".join([f"{HEADER}\r\n", *(line for _, line in sorted(rows))]).encode()
        for day, rows in days.items()
    }
    files[f"logs/{account}/positions.json"] = json.dumps(_positions(trades), indent=2).encode()
    files[f"logs/{account}/runtime_state.json"] = b'{\n  "buy_block_until": {},\n  "pending_buys": {}\n}'
    return files


def torn(data: bytes) -> bytes:
    """The file as it looks when its writer is killed in the middle of a row."""
    return data + data.splitlines()[-1][:17]


def header() -> bytes:
    """The first line of a CSV."""
    return f"{HEADER}\r\n".encode()


def rows(trade: Trade) -> Iterable[tuple[int, str]]:
    """Time (ms UTC) and line of the purchase, and of the sale where there is one."""
    amount = trade.price * trade.quantity
    yield trade.bought, _row(trade.bought, f"BUY,{trade.symbol},{trade.price!r},{trade.quantity!r},{amount!r},,")
    if trade.sold is not None and trade.exit_price is not None:
        got = trade.exit_price * trade.quantity
        profit = f"{(trade.exit_price / trade.price - 1) * 100!r},{got - amount!r}"
        yield (
            trade.sold,
            _row(trade.sold, f"SELL,{trade.symbol},{trade.exit_price!r},{trade.quantity!r},{got!r},{profit}"),
        )


def _row(at: int, rest: str) -> str:
    when = _kst(at)
    return f"{when.isoformat()},{when.date().isoformat()},{rest}\r\n"


def _positions(trades: Iterable[Trade]) -> dict[str, dict[str, object]]:
    return {trade.symbol: position(trade) for trade in still_held(trades)}


def position(trade: Trade) -> dict[str, object]:
    """An entry of positions.json."""
    return {
        "symbol": trade.symbol,
        "quantity": trade.quantity,
        "entry_price": trade.price,
        "entry_time": _kst(trade.bought).isoformat(),
    }


def _kst(at: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(at / 1000, ZoneInfo(BOT.zone))
