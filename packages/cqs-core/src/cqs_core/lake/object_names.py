"""Names of lake objects: what they say, and how to read it back.

    data/candles/exchange=E/market=M/interval=I/{start}-{end}_{first}-{last}_{rows}_{seq}_{source}_{hash}.parquet

Times are `YYYYMMDDTHHMMSS` UTC. `[start, end)` was asked and answered; first and last are candle opens, equal to start
where there are no rows. The same name always means the same bytes.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from typing import NamedTuple
from urllib.parse import unquote

from cqs_core.errors import UsageError
from cqs_core.time.intervals import DAY, HOUR, INTERVALS, MINUTE

ROOT = "data/candles"
SOURCES = ("exchange", "endpoint", "import", "archive")
IMPORTED = ("import", "archive")  # what an archive lacks was not traded; other files say nothing
_SEQS = 1 << 62  # beyond it no clock leads, and a next one could not be stored
_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - UTC by construction
_EPOCH_DAY = dt.date(1970, 1, 1).toordinal()
_HASH = re.compile("[0-9a-f]{16}")  # any other could not be checked
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.")


class Series(NamedTuple):
    """The candles of one market of one exchange at one interval.

    >>> str(Series("upbit", "BTC/KRW", "1d"))
    'upbit BTC/KRW 1d'
    """

    exchange: str
    market: str
    interval: str

    def __str__(self) -> str:
        return " ".join(self)

    @property
    def folder(self) -> str:
        """Where its objects are."""
        interval = "1mo" if self.interval == "1M" else self.interval
        return f"{ROOT}/exchange={escape(self.exchange)}/market={escape(self.market)}/interval={escape(interval)}"


class LakeObject(NamedTuple):
    """One object, all of it read off its name but `size` (bytes) and `modified` (seconds). Times are ms UTC."""

    key: str
    size: int
    start: int
    end: int
    first: int
    last: int
    rows: int
    seq: int
    source: str
    hash: str
    modified: float | None = None


def escape(name: str) -> str:
    """A name as part of a path: `/` becomes `-`, everything but ASCII letters, digits and `.` is percent-encoded.

    >>> escape("BTC/USDT:USDT"), unescape(escape("a-b/메"))
    ('BTC-USDT%3AUSDT', 'a-b/메')
    """
    if not name:
        raise UsageError("a name must not be empty")
    return "".join("-" if c == "/" else c if c in _PLAIN else _percent(c) for c in name)


def unescape(part: str) -> str:
    """The name that was escaped.

    Raises:
        ValueError: no name is escaped like that.
    """
    return unquote(part.replace("-", "/"), errors="surrogatepass")


def _percent(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


def object_name(o: LakeObject) -> str:
    """The file name, without the folder; ignores `o.key`."""
    return f"{object_stem(o)}_{o.hash}.parquet"


def object_stem(o: LakeObject) -> str:
    """All that the name says but the hash."""
    times = f"{_stamp(o.start)}-{_stamp(o.end)}_{_stamp(o.first)}-{_stamp(o.last)}"
    return f"{times}_{o.rows}_{o.seq}_{o.source}"


@functools.lru_cache(maxsize=1 << 15)
def parse_object(key: str, size: int = 0, modified: float | None = None) -> LakeObject | None:
    """Parse a name; None if it is not one of ours. Cached, since listings repeat."""
    name = key.rpartition("/")[2]
    parts = name.removesuffix(".parquet").split("_")
    if len(parts) != 6 or not name.endswith(".parquet") or parts[4] not in SOURCES:
        return None
    asked, have, rows, seq, source, digest = parts
    try:
        start, end = _times(asked)
        first, last = _times(have)
        item = LakeObject(key, size, start, end, first, last, int(rows), int(seq), source, digest, modified)
    except ValueError:
        return None
    ours = start < end and item.rows >= 0 and 0 <= item.seq < _SEQS and _HASH.fullmatch(digest)
    return item if ours else None


@functools.lru_cache(maxsize=1 << 12)
def parse_folder(folder: str) -> Series | None:
    """The series whose objects are in a folder; None if it is not exactly a folder of the lake."""
    parts = folder.split("/")[-3:]
    try:
        exchange, market, interval = (unescape(part.partition("=")[2]) for part in parts)
        series = Series(exchange, market, "1M" if interval == "1mo" else interval)
        ours = series.interval in INTERVALS and series.folder == folder
    except ValueError:
        return None
    return series if ours else None


def _stamp(ts: int) -> str:
    return (_EPOCH + dt.timedelta(milliseconds=ts)).strftime("%Y%m%dT%H%M%S").zfill(15)


def _times(pair: str) -> tuple[int, int]:
    a, _, b = pair.partition("-")
    return _time(a), _time(b)


@functools.lru_cache(maxsize=1 << 14)
def _time(text: str) -> int:
    """A listing says the same few times again and again: they are remembered, and read without strptime."""
    if len(text) != 15 or text[8] != "T":
        raise ValueError(text)
    day = dt.date(int(text[:4]), int(text[4:6]), int(text[6:8])).toordinal() - _EPOCH_DAY
    return day * DAY + int(text[9:11]) * HOUR + int(text[11:13]) * MINUTE + int(text[13:15]) * 1000
