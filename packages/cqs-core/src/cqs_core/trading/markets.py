"""Resolves symbols: `BTC`, `BTC/KRW` and `KRW-BTC` become one unified market, without network access."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cqs_core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

QUOTES = (
    "KRW",
    "USDT",
    "USDC",
    "USD",
    "FDUSD",
    "TUSD",
    "BUSD",
    "EUR",
    "JPY",
    "GBP",
    "TRY",
    "BRL",
    "AUD",
    "BTC",
    "ETH",
    "BNB",
)
_COINS = ("BTC", "ETH", "BNB")
_FALLBACKS = ("USDT", "USD")
_PATTERN = frozenset("*?[")


def names_of(given: object, what: str = "a symbol", example: str = "'BTC' or ['BTC', 'ETH']") -> list[str]:
    """One name, or those of a list, an array or a Series, as text.

    Raises:
        UsageError: one is not text; the message says what was expected.

    >>> names_of("BTC"), names_of(("BTC", "ETH"))
    (['BTC'], ['BTC', 'ETH'])
    """
    found = [given] if isinstance(given, str) or not isinstance(given, Iterable) else list(given)
    for name in found:
        if not isinstance(name, str):
            raise UsageError(f"{name!r} is not {what}; write {example}")
    return [str(name) for name in found]


def is_pattern(symbol: str) -> bool:
    """Whether it is a pattern, such as `*/KRW`."""
    return bool(_PATTERN & set(symbol))


def quote_of(market: str) -> str:
    """The currency in which a unified market is paid for.

    >>> quote_of("BTC/KRW"), quote_of("BTC/USDT:USDT")
    ('KRW', 'USDT')
    """
    return market.partition("/")[2].partition(":")[0]


def resolve(
    symbol: str,
    exchange: str,
    *,
    quote: str | None = None,
    home: str | None = None,
    home_quote: str | None = None,
    own_quote: str | None = None,
    id_form: str = "",
    known: Collection[str] = (),
) -> str:
    """The unified market.

    Args:
        symbol: `BTC` (of `quote`; else the home quote on the home exchange; elsewhere the exchange's own quote, else
            USDT, or USD where only that is known), `BTC/KRW` or `BTC/USDT:USDT` (taken as they are), or the
            exchange's own id (`KRW-BTC`, `BTCUSDT`).
        exchange: on which.
        quote: the quote of bare symbols, before any default.
        home: the configured exchange.
        home_quote: the configured quote, of bare symbols on `home`.
        own_quote: of the exchange, of bare symbols elsewhere.
        id_form: how the exchange builds ids, see `Exchange.id_form`.
        known: markets that are known to exist there, to choose among readings.

    Raises:
        UsageError: empty or malformed, or with two readings; the message offers both.
    """
    if not isinstance(symbol, str):
        raise UsageError(f"{symbol!r} is not a symbol; write BTC, BTC/KRW or the exchange's own id")
    if not isinstance(quote, str | None):
        raise UsageError(f"{quote!r} is not a quote currency; write KRW or USDT")
    text = symbol.strip()
    spaced = "/" not in text and any(c.isspace() for c in text)
    if not text or spaced or not text.isprintable() or text.count("/") > 1:
        raise UsageError(f"{symbol!r} is not a symbol; write BTC, BTC/KRW or the exchange's own id")
    if text in known:
        return text
    refuse_prefix(text)
    if "/" in text:
        alike = [market for market in known if market.casefold() == text.casefold()]
        return alike[0] if len(alike) == 1 else _unified(symbol, text)
    readings = list(dict.fromkeys(_readings(_upper(text), id_form, known)))
    if len(readings) > 1:
        offered = " or ".join(repr(r) for r in readings)
        raise UsageError(f"{symbol!r} is ambiguous on {exchange!r}; write {offered}")
    here = quote or (home_quote if exchange == home else None)
    return readings[0] if readings else _bare(_upper(text), exchange, here, own_quote, known)


def refuse_prefix(symbol: str, interval: str = "1d") -> None:
    """Refuse `kraken:BTC/USD`, which would be a market `KRAKEN:BTC/USD` of another exchange.

    Raises:
        UsageError: `:` comes before the quote; the message says how to write what is meant.
    """
    base = symbol.partition("/")[0]
    if ":" in base:
        meant = _without_prefix(symbol.strip(), interval)
        raise UsageError(f"{symbol!r} is not a market: its base has ':'; write {meant}")


def _without_prefix(symbol: str, interval: str) -> str:
    head, _, rest = symbol.partition(":")
    settled = rest.upper() if rest.upper() in QUOTES and rest.upper() not in _COINS else ""
    if settled and len(base := head.upper().removesuffix(settled)) < len(head) and base:
        return f"'{base}/{settled}:{settled}'"
    if not head.strip() or not rest.strip():
        return "'BTC/KRW', or 'kraken BTC/USD 1d' for a series of another exchange"
    return f"'{head.lower()} {rest} {interval}', with the exchange as a word (in commands: --exchange {head.lower()})"


def _upper(text: str) -> str:
    """ASCII letters alone: `ß` is not `SS`."""
    return "".join(c.upper() if c.isascii() else c for c in text)


def _unified(symbol: str, text: str) -> str:
    base, _, rest = (text if " " in text else _upper(text)).partition("/")  # names of several words keep their case
    if not base.strip() or not rest.strip() or rest.startswith(":") or rest.endswith(":"):
        raise UsageError(f"{symbol!r} is not a market; write it as BTC/KRW")
    return f"{base}/{rest}"


def _bare(text: str, exchange: str, here: str | None, own_quote: str | None, known: Collection[str]) -> str:
    if "-" in text:
        raise UsageError(f"{text!r} is not a readable market of {exchange!r}; write it as BASE/QUOTE")
    if here:
        return f"{text}/{_upper(here)}"
    readings = [f"{text}/{q}" for q in dict.fromkeys(filter(None, (own_quote, *_FALLBACKS)))]
    return next((r for r in readings if r in known), readings[0])


def _readings(text: str, id_form: str, known: Collection[str]) -> Iterable[str]:
    """Unified markets that the text may mean as an exchange's own id."""
    if "-" in text:
        a, _, b = text.partition("-")
        yield from _dashed(a, b, id_form, known)
    elif id_form == "BASEQUOTE" and text not in QUOTES:
        yield from _joined(text, known)


def _joined(text: str, known: Collection[str]) -> Iterable[str]:
    """`BTCUSDT`; a coin's own name may end like a quote (`WBTC`), so that coins as quotes have two readings."""
    ends = sorted((q for q in QUOTES if text.endswith(q)), key=len, reverse=True)
    if not ends:
        return
    split = f"{text.removesuffix(ends[0])}/{ends[0]}"
    bare = f"{text}/{_FALLBACKS[0]}"
    listed = [market for market in (split, bare) if market in known]
    if listed:
        yield from listed
    else:
        yield split
        if ends[0] in _COINS:
            yield bare


def _dashed(a: str, b: str, id_form: str, known: Collection[str]) -> Iterable[str]:
    if not a or not b or "-" in b:
        return
    both = {"QUOTE-BASE": f"{b}/{a}", "BASE-QUOTE": f"{a}/{b}"}
    listed = [market for market in both.values() if market in known]
    if listed:
        yield from listed
    elif a in QUOTES and b in QUOTES:
        yield from _of_two_quotes(both, id_form)
    elif id_form in both and (a if id_form == "QUOTE-BASE" else b) in QUOTES:
        yield both[id_form]
    elif a in QUOTES:
        yield both["QUOTE-BASE"]
    elif b in QUOTES:
        yield both["BASE-QUOTE"]


def _of_two_quotes(both: Mapping[str, str], id_form: str) -> Iterable[str]:
    """`KRW-BTC`: the exchange's own form if its quote is the more common currency, else both readings."""
    own = both.get(id_form)
    if own:
        base, _, quote = own.partition("/")
        yield own
        if QUOTES.index(quote) < QUOTES.index(base):
            return
    yield from both.values()
