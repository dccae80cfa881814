"""Market and interval in the names of files, and in columns: `BTCUSDT-1h-2024-01.csv`, `XBTUSD_60.csv`, `tBTCUSD`."""

from __future__ import annotations

import itertools
import re
from typing import NamedTuple

from cqs_core import CqsError, parse_interval
from cqs_core.time.intervals import INTERVALS
from cqs_core.trading import QUOTES

_RENAMED = {"XBT": "BTC", "XXBT": "BTC", "XETH": "ETH", "XDG": "DOGE", "ZUSD": "USD", "ZEUR": "EUR", "ZKRW": "KRW"}
_KNOWN = """
BTC ETH XRP BNB SOL DOGE ADA TRX AVAX LINK DOT LTC BCH ETC XLM XMR NEAR ATOM UNI APT ARB OP FIL ICP SUI TON SHIB
PEPE MATIC POL ALGO VET AAVE EOS SAND MANA AXS FTM QNT GRT NEO XTZ DASH ZEC KLAY WEMIX
"""
_COINS = frozenset(_KNOWN.split())  # a name such as XBTUSD is split where this leaves one of them
_MINUTES = {"1": "1m", "3": "3m", "5": "5m", "10": "10m", "15": "15m", "30": "30m", "60": "1h", "120": "2h"} | {
    "240": "4h",
    "360": "6h",
    "480": "8h",
    "720": "12h",
    "1440": "1d",
    "10080": "1w",
}
_UNITS = {
    "min": "m",
    "minute": "m",
    "minutes": "m",
    "hour": "h",
    "hr": "h",
    "day": "d",
    "week": "w",
    "month": "M",
    "mo": "M",
}
_WORDS = {"minutely": "1m", "hourly": "1h", "daily": "1d", "d": "1d", "weekly": "1w", "monthly": "1M"}
_UNIFIED = re.compile(r"[A-Z0-9]+/[A-Z0-9]+:[A-Z0-9]+(-\d{6})?")  # futures as ccxt names them
_FUTURE = re.compile(r"(.+?)(?:\.P|[-_](?:PERP|SWAP)|_(\d{6}))")  # of TradingView, FTX, OKX, Binance
_NAMED_FUTURE = re.compile(
    r"(?<![A-Za-z0-9])([A-Z0-9]{2,}(?:[-_][A-Z]{3,5})?(?:\.P|[-_]PERP|[-_]SWAP|_\d{6}(?=-\d+[a-z])))(?![A-Za-z0-9])"
)
_METATRADER = re.compile(r"(M|H|D|W|MN)(\d{1,2})")


class Hint(NamedTuple):
    """The market and interval in a name; None if unclear."""

    market: str | None
    interval: str | None


def hint_of(name: str) -> Hint:
    """Market and interval in a file's name.

    >>> hint_of("BTCUSDT-1h-2024-01.csv"), hint_of("BINANCE_BTCUSDT, 60.csv").interval
    (Hint(market='BTC/USDT', interval='1h'), '1h')
    """
    stem = re.sub(r"\.(csv|txt|tsv|json|jsonl|feather|parquet|gz|zip|bz2|xz)\b", "", name, flags=re.IGNORECASE)
    stem = re.sub(r"(?<!\d)(19|20)\d{2}([-_.]\d{2}){0,2}(?!\d)", " ", stem)  # dates are not intervals
    words = [word for word in re.split(r"[\s_\-,.()]+", stem) if word]
    interval = next((i for word in reversed(words) if (i := interval_of(word))), None)
    plain = [word for word in words if word.isupper() or word.islower()]  # bitstampUSD names an exchange, not a coin
    found = [market for word in plain if (market := market_in(word))] or _pairs(words)
    if settled := re.search(r"(?<![A-Z0-9])([A-Z0-9]+)_([A-Z]+)_([A-Z]+)-\d", name):  # freqtrade's futures
        found = [f"{settled[1]}/{settled[2]}:{settled[3]}"]
    if future := _NAMED_FUTURE.search(name):
        found = [market for market in [market_in(future[1])] if market]
    return Hint(found[0] if len(set(found)) == 1 else None, interval)


def interval_of(word: str) -> str | None:
    """The interval that a word names, as `1h`, `minute60`, `60`, `H1`, `1-min` or `hour`; None if it does not."""
    try:
        return parse_interval(word)
    except CqsError:
        pass
    if word in _MINUTES:
        return _MINUTES[word]
    if found := _METATRADER.fullmatch(word):
        unit = {"M": "m", "H": "h", "D": "d", "W": "w", "MN": "M"}[found[1]]
        return _known(found[2] + unit)
    if found := re.fullmatch(r"(\d+)\s*([A-Za-z]+)", word):
        return _known(found[1] + _UNITS.get(found[2].lower().rstrip("s"), found[2].lower()))
    return _WORDS.get(word.lower())


def market_in(symbol: str) -> str | None:
    """The unified market that a symbol means on any exchange; None if that would be a guess.

    >>> market_in("XBTUSD"), market_in("BTC_USDT"), market_in("tBTCUSD"), market_in("KRW-BTC"), market_in("WBTC")
    ('BTC/USD', 'BTC/USDT', 'BTC/USD', 'BTC/KRW', None)
    >>> market_in("BTCUSDT.P"), market_in("BTCUSD_PERP"), market_in("BTCUSDT_240329"), market_in("BTC-PERP")
    ('BTC/USDT:USDT', 'BTC/USD:BTC', 'BTC/USDT:USDT-240329', None)
    """
    text = symbol.strip()
    if _UNIFIED.fullmatch(text):
        return text
    if future := _FUTURE.fullmatch(text.upper()):
        return _future(market_in(future[1]), future[2])
    text = text[1:] if re.fullmatch(r"t[A-Z0-9:]{6,}", text) else text
    parts = [part for part in re.split(r"[/_\-:]", text.upper()) if part]
    if len(parts) == 2:
        return _pair(*map(_common, parts))
    return _joined(text.upper()) if len(parts) == 1 else None


def _future(pair: str | None, expiry: str | None) -> str | None:
    """A future on a pair: those in dollars are settled in the coin."""
    if pair is None:
        return None
    base, _, quote = pair.partition("/")
    return f"{pair}:{base if quote == 'USD' else quote}" + (f"-{expiry}" if expiry else "")


def _joined(text: str) -> str | None:
    """`BTCUSDT`: split where only one quote fits, or where only one way leaves a coin that everybody knows."""
    splits = [(text.removesuffix(q), q) for q in (*QUOTES, "ZUSD", "ZEUR", "ZKRW") if text.endswith(q) and text != q]
    known = [(base, quote) for base, quote in splits if _common(base) in _COINS]
    if len(splits) == 1 and splits[0][1] in _COINS and not known:  # WBTC is a coin as well as W in BTC
        return None
    found = splits if len(splits) == 1 else known
    if len(found) != 1 or not found[0][0].isalnum():
        return None
    return f"{_common(found[0][0])}/{_common(found[0][1])}"


def _pair(a: str, b: str) -> str | None:
    """Base and quote in either order: the quote is the one that money is counted in."""
    ranks = [QUOTES.index(part) if part in QUOTES else len(QUOTES) for part in (a, b)]
    if ranks[0] == ranks[1]:
        return None
    if a == b:
        return None
    return f"{a}/{b}" if ranks[1] < ranks[0] else f"{b}/{a}"


def _pairs(words: list[str]) -> list[str]:
    """Two neighboring words that are a base and a quote, as in `BTC_USDT-1h` or `KRW-BTC_minute60`."""
    known = {*QUOTES, *_RENAMED}
    found = []
    for a, b in itertools.pairwise(words):
        coins = all(re.fullmatch(r"[A-Z0-9]{2,10}", word) and not word.isdigit() for word in (a, b))
        if coins and (a in known or b in known) and (market := _pair(_common(a), _common(b))):
            found.append(market)
    return found[:1]


def _common(part: str) -> str:
    return _RENAMED.get(part, part)


def _known(name: str) -> str | None:
    return name if name in INTERVALS else None
