"""Which column holds what: by the format, else by the names that such columns usually have, else as the user says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from cqs_core import CandleFormat, UsageError, plugins
from cqs_core.host import COLUMNS
from cqs_data.importing.formats import FORMATS
from cqs_data.importing.texts import normal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from cqs_data.importing.raw_table import RawTable

_LOOKED = 20  # cells
NEEDED = ("time", "open", "high", "low", "close", "volume")
_NAMES: Mapping[str, Sequence[str]] = {
    "time": (
        *(
            "open_time",
            "opentime",
            "open time",
            "ts",
            "mts",
            "timestamp",
            "unix",
            "unix timestamp",
            "unix_timestamp",
            "epoch",
        ),
        *("t", "datetime", "date_time", "date", "time", "gmt time", "local time", "utc", "time (utc)", "<date>"),
        *("시간", "일시", "일자", "날짜", "시각", "时间", "日期", "時間", "日時", "日付", "index", "", "unnamed: 0"),
    ),
    "open": (
        "open",
        "o",
        "opening_price",
        "open_price",
        "openprice",
        "<open>",
        "시가",
        "开盘",
        "开盘价",
        "開盤價",
        "始値",
    ),
    "high": ("high", "h", "high_price", "highprice", "max", "<high>", "고가", "最高", "最高价", "最高價", "高値"),
    "low": ("low", "l", "low_price", "lowprice", "min", "<low>", "저가", "最低", "最低价", "最低價", "安値"),
    "close": (
        *("close", "c", "closing_price", "close_price", "closeprice", "trade_price", "<close>"),
        *("종가", "현재가", "收盘", "收盘价", "收盤價", "終値"),
    ),
    "volume": (
        *("volume", "vol", "vol.", "v", "base_volume", "basevolume", "volume_base", "<vol>"),
        *("거래량", "成交量", "出来高"),
    ),
    "symbol": (
        "symbol",
        "pair",
        "market",
        "ticker",
        "<ticker>",
        "instrument",
        "product_id",
        "coin",
        "tic",
        "asset",
        "종목",
    ),
    "interval": ("interval", "timeframe", "tf", "period", "<per>", "granularity"),
    "exchange": ("exchange", "venue", "거래소"),
}
_CLOCKS = {"date": ("time",), "<date>": ("<time>",), "날짜": ("시간", "시각"), "일자": ("시간", "시각")}
_UNIT = re.compile(r"(.+?) ?[(\[]([^()\[\]]+)[)\]]")  # as in 시가(원)
_MONEY = {"krw", "usd", "usdt", "usdc", "eur", "jpy", "원", "만원", "백만원", "억원", "quote", "currency"}
_CLOSES = ("close_time", "closetime", "close time", "time_close", "timeclose")
_ABOUT = {"symbol", "interval", "exchange"}  # that are looked for in any format
_PLAIN = CandleFormat()
_PLAIN.name = "named-columns"


class ColumnMapping(NamedTuple):
    """The format of a table, and `{field: column}`."""

    format: CandleFormat
    fields: Mapping[str, str]


def find_columns(name: str, table: RawTable, given: Mapping[str, str]) -> ColumnMapping:
    """The columns of a table.

    Args:
        name: of the file, for messages.
        table: as read.
        given: `{field: column name or number from 0}` as the user says; they win.

    Raises:
        UsageError: a column is missing, there twice, or unknown.
    """
    doubled = _doubled_cells(table.frame)
    chosen, fields = _by_format(table)
    if not fields:
        chosen, fields = _PLAIN, _by_name(list(table.frame.columns))
    named = {k: v for k, v in _by_name(list(table.frame.columns)).items() if k in _ABOUT}
    if "time" in given:
        fields = {what: column for what, column in fields.items() if what != "clock"}
    fields = _with_clock(table.frame, {**named, **fields, **_given(name, table, given)})
    if table.headless and not {"time", "close"} & set(fields):
        raise UsageError(
            f"{name!r} has no header line, and its {table.frame.shape[1]} columns are in no known order: "
            "say which is which, as --columns time=0,open=1,high=2,low=3,close=4,volume=5"
        )
    _check_needed(name, table.frame, fields, doubled)
    return ColumnMapping(chosen, fields)


def _check_needed(
    name: str, frame: pd.DataFrame, fields: Mapping[str, str], doubled: Mapping[str, Sequence[int]]
) -> None:
    missing = [one for one in NEEDED if one not in fields]
    if again := next((column for one in missing for column in doubled if column in _NAMES[one]), None):
        numbers = ", ".join(map(str, doubled[again]))
        raise UsageError(
            f"{name!r} has more than one column {again!r}, numbers {numbers} from 0: say which, as --columns "
            f"{missing[0]}={doubled[again][0]}"
        )
    if missing:
        raise UsageError(
            f"{name!r} has no column that is known as {missing[0]}; it has {_listed(frame.columns)}: "
            f"name it with --columns {missing[0]}=…" + (" (volume=none stores 0)" if missing == ["volume"] else "")
        )


def _doubled_cells(frame: pd.DataFrame) -> dict[str, list[int]]:
    """Give columns with equal names unique names; returns their indices by the old name."""
    names = [str(column) for column in frame.columns]
    doubled = {one: [i for i, other in enumerate(names) if other == one] for one in names if names.count(one) > 1}
    frame.columns = [f"{one} #{i}" if one in doubled else one for i, one in enumerate(names)]
    return doubled


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


def _by_format(table: RawTable) -> ColumnMapping:
    for one in known_formats():
        fields = one.columns(table.frame, headless=table.headless)
        if fields and set(fields.values()) <= set(table.frame.columns):
            return ColumnMapping(one, fields)
    return ColumnMapping(_PLAIN, {})


def _by_name(have: Sequence[str]) -> dict[str, str]:
    plain = {_without_unit(column): column for column in reversed(have)} | {column: column for column in have}
    found = {what: plain[name] for what, names in _NAMES.items() if (name := _first(names, list(plain))) is not None}
    if "time" not in found and (closing := _first(_CLOSES, have)) is not None:
        found["time"] = closing
    return found


def _without_unit(column: str) -> str:
    """`시가(원)` as `시가`; a volume in money stays what it is."""
    parts = _UNIT.fullmatch(column)
    if not parts or (parts[2] in _MONEY and parts[1] in _NAMES["volume"]):
        return column
    return parts[1]


def _with_clock(frame: pd.DataFrame, fields: Mapping[str, str]) -> dict[str, str]:
    """With the column of a time of day, where another one has only the day."""
    import pandas as pd

    clock = _first(_CLOCKS.get(fields.get("time", ""), ()), list(frame.columns))
    if clock is None or "clock" in fields or not len(frame):
        return dict(fields)
    cells = frame[clock].dropna()
    if pd.api.types.is_numeric_dtype(cells) and len(cells) and cells.max() >= 240_000:  # Unix times, not hours
        return {**fields, "time": clock}
    if cells.astype(str).head(_LOOKED).str.contains(r"\d{4}[-/.]").any():  # a column of days
        return {**fields, "time": clock}
    return {**fields, "clock": clock}


def _first(names: Iterable[str], have: Sequence[str]) -> str | None:
    return next((name for name in names if name in have), None)


def _given(name: str, table: RawTable, given: Mapping[str, str]) -> dict[str, str]:
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
