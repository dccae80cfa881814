"""Which column holds what: by the format, else by the names that such columns usually have, else as the user says."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cqs_core import UsageError, plugins
from cqs_core.host.candle_format import COLUMNS, CandleFormat
from cqs_data.importing.formats import FORMATS
from cqs_data.importing.texts import normal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cqs_data.importing.tables import Table

NEEDED = ("time", "open", "high", "low", "close", "volume")
_NAMES: Mapping[str, Sequence[str]] = {
    "time": (
        "ts",
        "timestamp",
        "open_time",
        "opentime",
        "open time",
        "unix",
        "unix timestamp",
        "unix_timestamp",
        "epoch",
        "datetime",
        "date_time",
        "date",
        "time",
        "gmt time",
        "time (utc)",
        "index",
        "",
        "unnamed: 0",
        "시간",
        "일시",
        "일자",
        "날짜",
        "时间",
        "日期",
        "日時",
        "日付",
    ),
    "open": ("open", "o", "opening_price", "open_price", "openprice", "시가", "开盘", "开盘价", "始値"),
    "high": ("high", "h", "high_price", "highprice", "max", "고가", "最高", "最高价", "高値"),
    "low": ("low", "l", "low_price", "lowprice", "min", "저가", "最低", "最低价", "安値"),
    "close": (
        "close",
        "c",
        "closing_price",
        "close_price",
        "closeprice",
        "trade_price",
        "종가",
        "收盘",
        "收盘价",
        "終値",
    ),
    "volume": ("volume", "vol", "vol.", "v", "base_volume", "basevolume", "volume_base", "거래량", "成交量", "出来高"),
    "symbol": ("symbol", "pair", "market", "ticker", "instrument", "product_id", "coin", "tic", "asset", "종목"),
    "interval": ("interval", "timeframe", "tf", "period", "granularity"),
}
_CLOSES = ("close_time", "closetime", "close time", "time_close", "timeclose")
_PLAIN = CandleFormat()
_PLAIN.name = "named-columns"


class Columns(NamedTuple):
    """The format of a table, and `{field: column}`."""

    format: CandleFormat
    fields: Mapping[str, str]


def find_columns(name: str, table: Table, given: Mapping[str, str]) -> Columns:
    """The columns of a table.

    Args:
        name: of the file, for messages.
        table: as read.
        given: `{field: column name or number from 0}` as the user says; they win.

    Raises:
        UsageError: a column is missing, there twice, or unknown.
    """
    chosen, fields = _by_format(table)
    if not fields:
        chosen, fields = _PLAIN, _by_name(list(table.frame.columns))
    told = {k: v for k, v in _by_name(list(table.frame.columns)).items() if k in {"symbol", "interval"}}
    fields = {**told, **fields, **_given(name, table, given)}
    if missing := [one for one in NEEDED if one not in fields]:
        raise UsageError(
            f"{name!r} has no column that is known as {missing[0]}; it has {_listed(table.frame.columns)}: "
            f"name it with --columns {missing[0]}=…" + (" (volume=none stores 0)" if missing == ["volume"] else "")
        )
    twice = next((c for c in fields.values() if list(table.frame.columns).count(c) > 1), None)
    if twice is not None:
        raise UsageError(f"{name!r} has more than one column {twice!r}; remove one, or name it by number in --columns")
    return Columns(chosen, fields)


def parse_columns(text: str | None) -> dict[str, str]:
    """`time=unix,volume=5` as a dict.

    Raises:
        UsageError: a field is unknown, or a part is not FIELD=COLUMN.
    """
    found = {}
    for part in (text or "").split(","):
        what, sign, column = part.partition("=")
        if not part.strip():
            continue
        if not sign or what.strip() not in COLUMNS or not column.strip():
            raise UsageError(f"--columns {part.strip()!r} is not FIELD=COLUMN; fields are {', '.join(COLUMNS)}")
        found[what.strip()] = column.strip()
    return found


def known_formats() -> list[CandleFormat]:
    """Our formats, then those of plugins."""
    return [*FORMATS, *plugins().candle_formats().values()]


def _by_format(table: Table) -> Columns:
    for one in known_formats():
        fields = one.columns(table.frame, headless=table.headless)
        if fields and set(fields.values()) <= set(table.frame.columns):
            return Columns(one, fields)
    return Columns(_PLAIN, {})


def _by_name(have: Sequence[str]) -> dict[str, str]:
    found = {what: name for what, names in _NAMES.items() if (name := _first(names, have)) is not None}
    if "time" not in found and (closing := _first(_CLOSES, have)) is not None:
        found["time"] = closing
    if found.get("time") == "date" and "time" in have:  # a column for the day, another for the time of day
        found["clock"] = "time"
    return found


def _first(names: Iterable[str], have: Sequence[str]) -> str | None:
    return next((name for name in names if name in have), None)


def _given(name: str, table: Table, given: Mapping[str, str]) -> dict[str, str]:
    have = list(table.frame.columns)
    found = {}
    for what, column in given.items():
        if what == "volume" and column == "none":
            found[what] = column
        elif normal(column) in have:
            found[what] = normal(column)
        elif column.isdigit() and int(column) < len(have):
            found[what] = have[int(column)]
        else:
            raise UsageError(
                f"{name!r} has no column {column!r}; it has {_listed(have)}, or their numbers 0 to {len(have) - 1}"
            )
    return found


def _listed(names: Iterable[object]) -> str:
    shown = [repr(str(name)) for name in names]
    return ", ".join(shown[:12]) + (" …" if len(shown) > 12 else "")


def closes(fields: Mapping[str, str]) -> bool:
    """Whether the times are those at which bars end, by the column's name."""
    return fields.get("time") in _CLOSES
