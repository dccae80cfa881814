"""Figures as text: short, with their unit, and a dash if unknown."""

from __future__ import annotations

import datetime as dt
import math
from zoneinfo import ZoneInfo

UNKNOWN = "–"
_SIGNS = {"KRW": "₩", "USD": "$", "EUR": "€", "JPY": "¥"}
_STEPS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))
_AGES = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
_BYTES = ((1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "kB"))


def amount(value: float | None, currency: str = "", *, signed: bool = False) -> str:
    """Money or a price; as many decimals as its size deserves.

    >>> amount(10_184_200.4, "KRW"), amount(-12.3456, "USDT", signed=True), amount(0.01873, "KRW")
    ('₩10,184,200', '-12.35 USDT', '₩0.01873')
    """
    if value is None or not math.isfinite(value):
        return UNKNOWN
    size = abs(value)
    text = f"{size:,.0f}" if size >= 1_000 or size == 0 else f"{size:,.2f}" if size >= 1 else f"{size:.4g}"
    sign = "-" if value < 0 else "+" if signed and value > 0 else ""
    if currency in _SIGNS:
        return f"{sign}{_SIGNS[currency]}{text}"
    return f"{sign}{text} {currency}".rstrip()


def percent(value: float | None, *, signed: bool = False) -> str:
    """A number that is in percent already.

    >>> percent(35.912), percent(1.8, signed=True), percent(None)
    ('35.9 %', '+1.8 %', '–')
    """
    if value is None or not math.isfinite(value):
        return UNKNOWN
    return f"{value:{'+' if signed else ''},.1f} %"


def ratio(value: float | None) -> str:
    """A plain ratio.

    >>> ratio(1.2345), ratio(float("inf"))
    ('1.23', '∞')
    """
    if value is None or math.isnan(value):
        return UNKNOWN
    return f"{value:,.2f}" if math.isfinite(value) else "∞" if value > 0 else "-∞"


def short(value: float | None, digits: int = 3) -> str:
    """Three digits and a letter; with two digits, still all those before the point.

    >>> short(1_234_567), short(950), short(999_700), short(-1_234_567, 2), short(99_700, 2)
    ('1.23M', '950', '1M', '-1.2M', '99.7k')
    """
    if value is None or not math.isfinite(value):
        return UNKNOWN
    size = float(f"{abs(value):.3g}")  # 999,700 is a million
    step, letter = next(((step, letter) for step, letter in _STEPS if size >= step), (1, ""))
    return f"{value / step:.{digits if size < 99.5 * step else 3}g}{letter}"


def count(value: int | None) -> str:
    """A whole number.

    >>> count(26261)
    '26,261'
    """
    return UNKNOWN if value is None else f"{value:,}"


def size(count_of_bytes: int | None) -> str:
    """Bytes.

    >>> size(1536), size(12)
    ('1.5 kB', '12 B')
    """
    if count_of_bytes is None:
        return UNKNOWN
    for step, unit in _BYTES:
        if count_of_bytes >= step:
            return f"{count_of_bytes / step:.1f} {unit}"
    return f"{count_of_bytes} B"


def age(seconds: float | None) -> str:
    """How long, in its largest unit, or in the next one where it is between 1.1 and 2 of that.

    >>> age(7300), age(5400), age(3700), age(0.2)
    ('2 h', '90 min', '1 h', '0 s')
    """
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    for step, unit in _AGES:
        if seconds >= 2 * step or step <= seconds < 1.1 * step:
            return f"{seconds / step:.0f} {unit}"
    return f"{int(seconds)} s"


def when(ts: int | None, timezone: str | None = None) -> str:
    """A time in ms UTC, in the user's zone; None is the machine's.

    >>> when(1_700_000_000_000, "Asia/Seoul")
    '2023-11-15 07:13'
    """
    if ts is None:
        return UNKNOWN
    at = dt.datetime.fromtimestamp(ts / 1000, tz=dt.UTC).astimezone(ZoneInfo(timezone) if timezone else None)
    return at.strftime("%Y-%m-%d %H:%M")


def zone_name(timezone: str | None = None) -> str:
    """The name of the time zone that `when` uses, and its current offset from UTC.

    >>> zone_name("Asia/Seoul"), zone_name("UTC")
    ('Asia/Seoul (UTC+09:00)', 'UTC')
    """
    now = dt.datetime.now(dt.UTC).astimezone(ZoneInfo(timezone) if timezone else None)
    offset = f"{now:%z}"
    name = timezone or now.tzname() or ""
    if offset == "+0000":
        return "UTC"
    return f"{name} (UTC{offset[:3]}:{offset[3:]})"


_WORDS = {"btc": "BTC", "eth": "ETH", "ma": "moving average", "ema": "EMA", "sma": "SMA", "rsi": "RSI", "atr": "ATR"}
_UNITS = {"pct": "%", "bps": "bps"}


def label(name: str) -> str:
    """A name in code as a label.

    >>> label("volatility_breakout"), label("btc_ma"), label("late_entry_pct")
    ('Volatility breakout', 'BTC moving average', 'Late entry, %')
    """
    *words, last = name.split("_")
    unit = _UNITS.get(last)
    text = " ".join(_WORDS.get(word, word) for word in ([*words] if unit else [*words, last]))
    return f"{text[:1].upper()}{text[1:]}" + (f", {unit}" if unit else "")
