"""Log files as the bot writes them, for tests."""

from __future__ import annotations

from pathlib import Path

HEAD = b"timestamp,date,action,symbol,price,quantity,amount,profit_pct,profit_krw\r\n"
BUY = b"2025-10-20T23:59:59.525006+09:00,2025-10-20,BUY,DOGE,285.0,17543.85964912,5000000,,\r\n"
SELL = (
    b"2025-10-21T00:00:01.625003+09:00,2025-10-21,SELL,DOGE,291.0,17543.85964912,5105263.15789392,"
    b"2.1052631578947434,105263.15789472\r\n"
)
REAL = Path(__file__).parents[4] / "shared" / "data" / "bot"


def buy(when: str, symbol: str, price: float, quantity: float, date: str | None = None) -> bytes:
    """A BUY at `2025-10-20T23:59:59`, KST."""
    return _row(when, date, f"BUY,{symbol},{price!r},{quantity!r},{price * quantity!r},,")


def sell(when: str, symbol: str, price: float, quantity: float, entry: float, date: str | None = None) -> bytes:
    """A SELL of what was bought at `entry`."""
    profit = f"{(price / entry - 1) * 100!r},{(price - entry) * quantity!r}"
    return _row(when, date, f"SELL,{symbol},{price!r},{quantity!r},{price * quantity!r},{profit}")


def _row(when: str, date: str | None, rest: str) -> bytes:
    return f"{when}+09:00,{date or when[:10]},{rest}\r\n".encode()


def day(*rows: bytes) -> bytes:
    return HEAD + b"".join(rows)
