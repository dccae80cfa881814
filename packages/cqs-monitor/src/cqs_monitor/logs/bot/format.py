"""The log format of the ecosystem's bot, see docs/spec/logs.md."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from typing import TYPE_CHECKING, Any, BinaryIO
from zoneinfo import ZoneInfo

from cqs_core import LoggedPosition, LoggedTrade, PendingOrder
from cqs_monitor.logs.bot.header import begins_as_bot, read_header
from cqs_monitor.logs.bot.parse import BOM, parse
from cqs_monitor.logs.problems import Findings
from cqs_monitor.logs.table import TableFormat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from cqs_core.host import LogKind

_DAY = re.compile(r"trades_(\d{4}-\d\d-\d\d)\.csv")
_SMALL: dict[str, LogKind] = {
    "trades.csv": "trades",
    "positions.json": "positions",
    "runtime_state.json": "state",
    ".heartbeat": "heartbeat",
}


class BotFormat(TableFormat):
    name = "crypto-bot"
    title = "crypto-bot"
    currency = "KRW"
    zone = "Asia/Seoul"
    day_start = "09:00"
    fee = 0.0005
    min_order = 5_000.0
    strategy = "volatility_breakout"
    columns: Mapping[str, str] = {"profit": "profit_krw"}

    def kind(self, name: str) -> LogKind:
        if name.endswith(".jsonl"):
            return "errors"
        if name in _SMALL or not name.startswith("trades"):
            return _SMALL.get(name, "")
        match = _DAY.fullmatch(name)
        try:
            dt.date.fromisoformat(match[1] if match else "")
        except ValueError:
            raise ValueError("no valid date in its name") from None
        return "trades"

    def owns(self, name: str, head: bytes) -> bool:
        line, _, rest = head.removeprefix(BOM).partition(b"\n")
        return not name.endswith(".csv") or read_header(line) is not None or begins_as_bot(rest or line)

    tables = staticmethod(parse)

    def trades(self, stream: BinaryIO, report: Callable[[int | None, str], None]) -> Iterator[LoggedTrade]:
        findings = Findings()
        for table in self.tables([("", stream)], findings):
            for row in table.to_pylist():
                at, day = int(row["timestamp"].timestamp() * 1e6), (row["date"] - dt.date(1970, 1, 1)).days
                del row["file"]
                yield LoggedTrade(**row | {"timestamp": at, "date": day})
        for problem in findings.problems():
            report(problem.line, problem.reason)

    def positions(self, data: bytes) -> Sequence[LoggedPosition]:
        """All of them or none: a file of which one entry cannot be read is unreadable."""
        found = json.loads(data)
        if not isinstance(found, dict):
            raise ValueError(f"a JSON {type(found).__name__} where an object is expected")  # noqa: TRY004 - the file is wrong, not the caller
        return [self._position(symbol, entry) for symbol, entry in found.items()]

    def state(self, data: bytes) -> tuple[Sequence[PendingOrder], Mapping[str, int]]:
        try:
            found = json.loads(data)
            blocks = {symbol: _milliseconds(at) for symbol, at in found.get("buy_block_until", {}).items()}
            return [_pending(symbol, one) for symbol, one in found.get("pending_buys", {}).items()], blocks
        except (TypeError, AttributeError) as error:
            raise ValueError(str(error)) from None

    def heartbeat(self, data: bytes) -> int:
        return _milliseconds(float(data.strip(b"\0 \r\n")))

    def _position(self, symbol: str, entry: Any) -> LoggedPosition:
        if not isinstance(entry, dict):
            raise ValueError(f"{symbol[:40]!r} is not an object")  # noqa: TRY004 - as above
        quantity, price = (_number(symbol, entry, name) for name in ("quantity", "entry_price"))
        return LoggedPosition(symbol, quantity, price, self._time(entry.get("entry_time")))

    def _time(self, text: Any) -> dt.datetime | None:
        try:
            at = dt.datetime.fromisoformat(text)
        except (TypeError, ValueError):
            return None
        return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(self.zone))


def _pending(symbol: str, order: Any) -> PendingOrder:
    amount, created = order.get("amount"), order.get("created_at")
    return PendingOrder(
        symbol,
        None if amount is None else float(amount),
        None if created is None else _milliseconds(created),
        str(order.get("uuid", "")),
    )


def _milliseconds(seconds: Any) -> int:
    value = float(seconds)
    if not math.isfinite(value):
        raise ValueError(f"{seconds!r} is not a time")
    return round(value * 1000)


def _number(symbol: str, entry: dict[str, Any], name: str) -> float:
    value = entry.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value < 0:
        raise ValueError(f"{name} of {symbol[:40]!r} is {str(value)[:40]!r}, no quantity")
    return float(value)


BOT = BotFormat()
