"""Sets of markets that have a name, kept in the bucket: an object each, so that two people can save two at once."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from cqs_core import DataError, UsageError, market_of
from cqs_core.files import format_fields, require_format
from cqs_core.lake import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core import Bucket

FOLDER = "config/market-sets"
FORMAT = 1
_LONGEST = 60  # characters of a name
_MOST = 2_000  # markets


@dataclass(frozen=True)
class MarketSet:
    """Markets of one exchange.

    Attributes:
        name: that people read.
        exchange: its id.
        markets: unified names.
    """

    name: str
    exchange: str
    markets: Sequence[str]


def save_market_set(bucket: Bucket, name: str, exchange: str, markets: Sequence[str]) -> MarketSet:
    """Keep a set; one of this name is replaced.

    Raises:
        UsageError: the name or a market cannot be used.
        NotPermitted: the user of a dashboard may only look.
    """
    named = name.strip()
    if not named or len(named) > _LONGEST or not named.isprintable():
        raise UsageError(f"{name!r} is not a name for a set; write one line of 1 to {_LONGEST} characters")
    if not 0 < len(markets) <= _MOST:
        raise UsageError(f"a set has 1 to {_MOST:,} markets, not {len(markets):,}; choose some in the list")
    made = MarketSet(named, exchange, [market_of(market, exchange, None, markets) for market in markets])
    about = {**asdict(made), **format_fields("cqs-data", FORMAT)}
    bucket.write(_key(named), json.dumps(about, ensure_ascii=False, indent=1).encode())
    return made


def market_sets(bucket: Bucket) -> Sequence[MarketSet]:
    """All sets, by name.

    Raises:
        NewerFormat: a newer version wrote one.
        DataError: one is damaged.
    """
    keys = [entry.key for entry in bucket.list(FOLDER) if entry.key.endswith(".json")]
    found = bucket.read_many(keys)
    return sorted((_read(key, data) for key, data in found.items()), key=lambda one: one.name.casefold())


def delete_market_set(bucket: Bucket, name: str) -> None:
    """Remove a set; its candles stay."""
    bucket.delete([_key(name)])


def _read(key: str, data: bytes) -> MarketSet:
    try:
        stored: dict[str, Any] = json.loads(data)
        require_format(f"market set {key!r}", stored, FORMAT, "cqs-data")
        return MarketSet(str(stored["name"]), str(stored["exchange"]), [str(one) for one in stored["markets"]])
    except (AttributeError, KeyError, TypeError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(f"market set {key!r} is damaged ({error}); save it again, or delete the file") from None


def _key(name: str) -> str:
    return f"{FOLDER}/{escape(name)}.json"
