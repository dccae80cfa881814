"""Sets of markets that have a name, kept in the bucket: an object each, so that two people can save two at once.

Where symbols are named, `@name` stands for the markets of a set.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from cqs_core.config.home_market import market_of
from cqs_core.config.variables import settings
from cqs_core.errors import DataError, UnknownName, UsageError
from cqs_core.files import format_fields, require_format
from cqs_core.lake.object_names import escape, unescape
from cqs_core.trading import is_pattern, names_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cqs_core.bucket import Bucket

FOLDER = "config/market-sets"
FORMAT = 1
SIGN = "@"
"""Before the name of a set, where symbols are named."""
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

    @property
    def symbol(self) -> str:
        """What stands for its markets among symbols: `@name`."""
        return symbol_of_set(self.name)


def names_set(symbol: str) -> bool:
    """Whether a symbol stands for the markets of a set."""
    return symbol.startswith(SIGN)


def symbol_of_set(name: str) -> str:
    """What stands for the markets of the set of this name among symbols."""
    return f"{SIGN}{name}"


def save_market_set(bucket: Bucket, name: str, exchange: str, markets: Sequence[str]) -> MarketSet:
    """Keep a set; one of this name is replaced.

    Raises:
        UsageError: the name or a market cannot be used.
        NotPermitted: the user of a dashboard may only look.
    """
    named = name.strip()
    if not named or len(named) > _LONGEST or not named.isprintable() or "," in named or names_set(named):
        fact = f"{name!r} is not a name for a set"
        raise UsageError(f"{fact}; write one line of 1 to {_LONGEST} characters without a comma or a leading {SIGN}")
    if not 0 < len(markets) <= _MOST:
        raise UsageError(f"a set has 1 to {_MOST:,} markets, not {len(markets):,}; choose some in the list")
    made = MarketSet(named, exchange, [market_of(market, exchange, None, markets) for market in markets])
    about = {**asdict(made), **format_fields("cqs-core", FORMAT)}
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


def market_set(bucket: Bucket, name: str) -> MarketSet:
    """One set, by its name or `@name`; capitals do not matter where no other set has that name.

    Raises:
        UnknownName: there is none; the nearest one is named.
        DataError: it is damaged.
    """
    named = name.removeprefix(SIGN).strip()
    try:
        return _read(_key(named), bucket.read(_key(named)))
    except FileNotFoundError:
        pass
    known = names_of_sets(bucket)
    found = next((one for one in known if one.casefold() == named.casefold()), None)
    if found is None:
        remedy = "save one on the Data page" if not known else ""
        raise UnknownName("market set", symbol_of_set(named), [*map(symbol_of_set, known)], remedy=remedy)
    return _read(_key(found), bucket.read(_key(found)))


def names_of_sets(bucket: Bucket) -> list[str]:
    """The names of all sets, also of damaged ones."""
    keys = (entry.key for entry in bucket.list(FOLDER))
    return sorted(unescape(key.rpartition("/")[2].removesuffix(".json")) for key in keys if key.endswith(".json"))


def with_sets(
    symbols: str | Sequence[str],
    bucket: Callable[[], Bucket],
    exchange: str | None = None,
    quote: str | None = None,
) -> str | Sequence[str]:
    """Symbols with the markets of a set in place of its `@name`; what names no set is returned as it is.

    Args:
        symbols: as the user wrote them; text with commas is a list.
        bucket: opened only where a set is named.
        exchange: whose markets are meant; None is the home exchange.
        quote: of bare symbols.

    Raises:
        UnknownName: no such set.
        UsageError: the set has markets of another exchange.
        DataError: the set is damaged.
    """
    parts = [part.strip() for part in symbols.split(",")] if isinstance(symbols, str) else names_of(symbols)
    if not any(names_set(part) for part in parts):
        return symbols
    wanted, opened = exchange or settings().exchange, bucket()
    single = [part for part in parts if part and not names_set(part) and not is_pattern(part)]
    named = {market_of(part, wanted, quote) for part in single}
    found: dict[str, None] = {}
    for part in parts:
        if not names_set(part):
            found[part] = None
            continue
        of = market_set(opened, part)
        if of.exchange != wanted:
            raise UsageError(f"the set {part!r} has markets of {of.exchange}, not of {wanted}; name that exchange")
        found |= dict.fromkeys(market for market in of.markets if market not in named)
    return [part for part in found if part]


def delete_market_set(bucket: Bucket, name: str) -> None:
    """Remove a set; its candles stay."""
    bucket.delete([_key(name)])


def _read(key: str, data: bytes) -> MarketSet:
    try:
        stored: dict[str, Any] = json.loads(data)
        require_format(f"market set {key!r}", stored, FORMAT, "cqs-core")
        return MarketSet(str(stored["name"]), str(stored["exchange"]), [str(one) for one in stored["markets"]])
    except (AttributeError, KeyError, TypeError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(f"market set {key!r} is damaged ({error}); save it again, or delete the file") from None


def _key(name: str) -> str:
    return f"{FOLDER}/{escape(name)}.json"
