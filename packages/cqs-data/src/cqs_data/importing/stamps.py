"""Times in files: Unix times of any unit, dates in any common form, with and without offsets, row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cqs_core import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    import pandas as pd

    from cqs_core.trading import Floats

_UNITS = (("s", 1e8, 1e11, 1e3), ("ms", 1e11, 1e14, 1.0), ("us", 1e14, 1e17, 1e-3), ("ns", 1e17, 1e20, 1e-6))
_EXCEL = (39_814, 73_415)  # days since 1899-12-30: 2009 to 2100
_EXCEL_EPOCH = 25_569  # 1970-01-01 as such a day
_DAY = 86_400_000
_ZULU = "(?:Z|UTC|GMT)"
_OFFSET = rf"\d:\d{{2}}.*?(?:{_ZULU}|[+-]\d{{2}}(?::?\d{{2}})?)$"
_DATES = (
    *("%Y-%m-%d", "%Y.%m.%d", "%Y/%m/%d", "%Y%m%d", "%Y-%b-%d", "%Y년 %m월 %d일", "%Y年%m月%d日"),
    *("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%d-%b-%Y", "%d %b %Y", "%d %B %Y"),
    *("%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%a %b %d %Y", "%a, %d %b %Y"),
)
_CLOCKS = (
    *("", " %H:%M:%S", " %H:%M", " %H:%M:%S.%f", " %I:%M:%S %p", " %I:%M %p", " %p %I:%M:%S", " %p %I:%M"),
    *(" %H", " %H%M", " %H%M%S", " %I-%p", " %I %p", " %H시", " %H시 %M분"),
)
_DIGITS = {8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_SAMPLE = 2_000  # distinct texts that every pattern is tried on


class Stamps(NamedTuple):
    """Times of a file's rows.

    Attributes:
        ms: float64 (n,), milliseconds; UTC where `naive` is false, else of an unknown clock. NaN where unreadable.
        naive: bool (n,), rows without an offset.
        unit: the unit that was recognized: `s`, `ms`, `us`, `ns`, several as `ms+us`, `date`, `ISO 8601`, or a pattern.
    """

    ms: Floats
    naive: npt.NDArray[np.bool_]
    unit: str


def read_stamps(name: str, column: pd.Series[Any], pattern: str | None = None) -> Stamps:
    """Times of a column.

    Args:
        name: of the file, for messages.
        column: numbers, text or datetimes.
        pattern: how text is written, as `strptime` says it; found out if None.

    Raises:
        UsageError: they cannot be read, or in two ways that give different dates.
    """
    import pandas as pd

    if isinstance(column.dtype, pd.DatetimeTZDtype) or pd.api.types.is_datetime64_dtype(column):
        return _from_datetimes(column)
    numbers = pd.to_numeric(column, errors="coerce").astype("float64")
    if pattern is None and numbers.notna().mean() > 0.5:
        return _from_numbers(name, np.asarray(numbers, dtype=np.float64))
    return _from_text(name, column.astype("string").str.strip(), pattern)


def localized(stamps: Stamps, zone: str) -> Floats:
    """UTC milliseconds, naive rows read on the clock of a zone; NaN in hours that this clock skips or repeats."""
    import pandas as pd

    if not stamps.naive.any() or zone == "UTC":
        return stamps.ms
    wall = pd.Series(pd.to_datetime(np.where(stamps.naive, stamps.ms, np.nan), unit="ms"))
    utc = wall.dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT").dt.tz_convert("UTC")
    return np.where(stamps.naive, _milliseconds(utc), stamps.ms)


def _from_datetimes(column: pd.Series[Any]) -> Stamps:
    import pandas as pd

    aware = isinstance(column.dtype, pd.DatetimeTZDtype)
    ms = _milliseconds(column.dt.tz_convert("UTC") if aware else column)
    return Stamps(ms, np.full(len(ms), not aware), "datetime")


def _from_numbers(name: str, numbers: Floats) -> Stamps:
    """Each row by its own size: files of several years mix milliseconds and microseconds."""
    ms, written = np.full(len(numbers), np.nan), _written(numbers)
    found = []
    for unit, low, high, factor in _UNITS:
        rows = (numbers >= low) & (numbers < high) & np.isnan(ms) & ~written
        ms[rows] = numbers[rows] * factor
        found += [unit] if rows.any() else []
    days = (numbers >= _EXCEL[0]) & (numbers < _EXCEL[1])
    if days.sum() > len(numbers) / 2:
        serial = np.where(days, numbers, np.nan) - _EXCEL_EPOCH
        return Stamps(np.round(serial * _DAY), np.full(len(ms), fill_value=True), "Excel")
    if written.sum() > len(numbers) / 2:
        import pandas as pd

        text = pd.Series(numbers).round().astype("Int64").astype("string")
        return _parsed(name, text, _DIGITS[int(text.str.len().mode()[0])])
    if not found:
        shown = numbers[np.isfinite(numbers)][:1]
        raise UsageError(
            f"the times of {name!r} are not Unix times ({_plain(shown)}); name the column: --columns time=…"
        )
    return Stamps(ms, np.zeros(len(ms), bool), "+".join(found))


def _written(numbers: Floats) -> npt.NDArray[np.bool_]:
    """Which numbers are dates as they are written: 20240131, or 20240131093000 with or without its last two or four."""
    day = numbers
    for digits in (1e6, 1e4, 1e2):
        day = np.where((day == numbers) & (numbers >= 20_090_101 * digits), np.floor(numbers / digits), day)
    with np.errstate(invalid="ignore"):
        month, date = np.floor(day / 100) % 100, day % 100
        fits = (day >= 20_090_101) & (day < 21_000_000) & (month >= 1) & (month <= 12) & (date >= 1) & (date <= 31)
    return np.asarray(fits & (numbers == np.floor(numbers)))


def _from_text(name: str, text: pd.Series[Any], pattern: str | None) -> Stamps:

    text = text.str.replace("오전", "AM").str.replace("오후", "PM").str.replace(r"\b([ap])\.m\.", r"\1m", regex=True)
    text = text.str.replace(r" ?KST$", "+09:00", regex=True).str.replace(r"(?:UTC|GMT)(?=[+-]\d)", "", regex=True)
    if pattern:
        return _parsed(name, text, pattern)
    offset = text.str.contains(_OFFSET, regex=True, na=False).to_numpy(dtype=bool)
    iso = _iso(text, offset)
    if iso.notna().mean() > 0.5:
        return Stamps(_milliseconds(iso), ~offset, "ISO 8601")
    wall, ahead = _without_offsets(text)
    text = _plain_dates(text.where(~offset, wall))
    found = _parsed(name, text, _pattern(name, text))
    return Stamps(found.ms - np.where(offset, ahead, 0), ~offset, found.unit)


def _pattern(name: str, text: pd.Series[Any]) -> str:
    """How dates are written.

    Raises:
        UsageError: in no way that is known, or in two that give different dates.
    """
    import pandas as pd

    sample = pd.Series(text.dropna().unique()[:_SAMPLE])
    fits = [found for date in _DATES if (found := _first_fit(sample, date))]
    if not fits:
        shown = text.dropna().head(1).tolist()
        raise UsageError(
            f"the times of {name!r} cannot be read ({_plain(shown)}); say how they are written, "
            "as in --date-format '%d.%m.%Y %H:%M'"
        )
    _refuse_two(name, sample, fits)
    return fits[0]


def _first_fit(sample: pd.Series[Any], date: str) -> str | None:
    return next((date + clock for clock in _CLOCKS if _reads_all(sample, date + clock)), None)


def _plain_dates(text: pd.Series[Any]) -> pd.Series[Any]:
    """`2024. 1. 30.` and `2024- 01- 30` as 2024-1-30."""
    return text.str.replace(r"(?<=\d)[.-] +(?=\d)", "-", regex=True).str.replace(r"(?<=\d)\.(?= |$)", "", regex=True)


def _without_offsets(text: pd.Series[Any]) -> tuple[pd.Series[Any], Floats]:
    """The time on the wall, and how far it is ahead of UTC, ms."""
    parts = text.str.extract(rf"^(.*?)\s*(?:{_ZULU}|([+-])(\d{{2}}):?(\d{{2}})?)$")
    hours, minutes = (parts[i].astype("Float64").fillna(0) for i in (2, 3))
    ahead = (hours * 60 + minutes) * 60_000 * parts[1].map({"+": 1, "-": -1}).astype("Float64").fillna(0)
    return parts[0], np.asarray(ahead, dtype=np.float64)


def _iso(text: pd.Series[Any], offset: npt.NDArray[np.bool_]) -> pd.Series[Any]:
    """ISO 8601 as UTC, naive rows as if they were."""
    import pandas as pd

    bare = text.str.replace(r"\s*(UTC|GMT)$", "", regex=True)
    aware = pd.to_datetime(bare.where(offset), format="ISO8601", errors="coerce", utc=True)
    naive = pd.to_datetime(bare.where(~offset), format="ISO8601", errors="coerce", utc=True)
    return aware.fillna(naive)


def _reads_all(sample: pd.Series[Any], pattern: str) -> bool:
    import pandas as pd

    head = pd.to_datetime(sample.head(3), format=pattern, errors="coerce")
    return bool(head.notna().any() and pd.to_datetime(sample, format=pattern, errors="coerce").notna().mean() > 0.95)


def _refuse_two(name: str, sample: pd.Series[Any], fits: Sequence[str]) -> None:
    """Days and months in either order: both can be read, so neither is believed."""
    import pandas as pd

    first = pd.to_datetime(sample, format=fits[0], errors="coerce")
    other = next((p for p in fits[1:] if not pd.to_datetime(sample, format=p, errors="coerce").equals(first)), None)
    if other:
        raise UsageError(
            f"dates of {name!r} such as {sample.iloc[0]!r} can be read in two ways; "
            f"say --date-format {fits[0]!r} or {other!r}"
        )


def _parsed(name: str, text: pd.Series[Any], pattern: str) -> Stamps:
    import pandas as pd

    try:
        times = pd.to_datetime(text, format=pattern, errors="coerce", utc=True)
    except ValueError as error:
        raise UsageError(f"--date-format {pattern!r} is not understood: {error}") from None
    if len(times) and times.isna().all():
        raise UsageError(f"no time of {name!r} is written as {pattern!r} ({_plain(text.head(1).tolist())})")
    return Stamps(_milliseconds(times), np.full(len(text), "%z" not in pattern), pattern)


def _milliseconds(times: pd.Series[Any]) -> Floats:
    """Float64: exact for whole milliseconds, NaN where there is no time."""
    whole = times.dt.as_unit("ms")
    return np.asarray(np.where(whole.isna(), np.nan, whole.astype("int64")), dtype=np.float64)


def _plain(values: Sequence[Any] | Floats) -> str:
    return repr(values[0].item() if hasattr(values[0], "item") else values[0]) if len(values) else "none"
