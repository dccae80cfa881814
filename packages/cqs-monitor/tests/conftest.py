from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cqs_core import Bucket
from cqs_monitor.logs.header import HEADER
from cqs_monitor.logs.row import Row

HEAD = HEADER.encode() + b"\r\n"
BUY = b"2025-10-20T23:59:59.525006+09:00,2025-10-20,BUY,DOGE,285.0,17543.85964912,5000000,,\r\n"
SELL = (
    b"2025-10-21T00:00:01.625003+09:00,2025-10-21,SELL,DOGE,291.0,17543.85964912,5105263.15789392,"
    b"2.1052631578947434,105263.15789472\r\n"
)
REAL = Path(__file__).parents[4] / "shared" / "data" / "bot"


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    cache = tmp_path / "cache"
    monkeypatch.setenv("CQS_CACHE_DIR", str(cache))
    return cache


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    bucket = tmp_path / "bucket"
    bucket.mkdir()
    return bucket


@pytest.fixture
def bucket(folder: Path) -> Bucket:
    return Bucket(str(folder))


@pytest.fixture
def put(folder: Path) -> Callable[[str, bytes], Path]:
    def write(key: str, data: bytes) -> Path:
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    return write


@pytest.fixture
def real() -> Bucket:
    if not REAL.is_dir():
        pytest.skip(f"no real logs: {REAL} is absent")
    return Bucket(str(REAL))


def line(
    when: str,
    action: str,
    symbol: str,
    price: float,
    quantity: float,
    entry: float | None = None,
    date: str | None = None,
) -> bytes:
    """A row as the bot writes it; `entry` is the entry price of a SELL."""
    amount = price * quantity
    profit = ","
    if entry is not None:
        profit = f"{(price / entry - 1) * 100!r},{(price - entry) * quantity!r}"
    return f"{when}+09:00,{date or when[:10]},{action},{symbol},{price!r},{quantity!r},{amount!r},{profit}\r\n".encode()


def day(*rows: bytes) -> bytes:
    return HEAD + b"".join(rows)


__all__ = ["BUY", "HEAD", "REAL", "SELL", "Row", "day", "line"]
