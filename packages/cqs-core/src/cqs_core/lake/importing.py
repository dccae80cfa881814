"""Files into the lake: checked like an exchange's answers, marked as imported."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cqs_core import intervals, times
from cqs_core.errors import UsageError
from cqs_core.lake.cleaning import clean, possible_opens
from cqs_core.lake.files import read_rows
from cqs_core.lake.jumps import Neighbours
from cqs_core.lake.quarantine import quarantine
from cqs_core.lake.table import stamps

_SOME = 3  # candles; fewer may well stand alone

if TYPE_CHECKING:
    from cqs_core.lake.cleaning import Cleaned
    from cqs_core.lake.lake import Lake
    from cqs_core.lake.names import Series


@dataclass(frozen=True)
class Imported:
    """What became of a file: candles stored, rows refused (they are in quarantine), rows stored that jump absurdly."""

    series: Series
    rows: int
    rejected: int
    flagged: int


def import_file(lake: Lake, path: str | Path, series: Series, zone: str | None = None) -> Imported:
    """Store the candles of a file.

    Args:
        lake: where they go.
        path: CSV, parquet or feather; see `files.read_rows`.
        series: whose candles they are.
        zone: IANA name for naive times; None is UTC, and KST in the neighbours' files.

    Raises:
        UsageError: no such file, or none of its rows is a candle of this interval; nothing was stored.
    """
    file = Path(path)
    if not file.is_file():
        raise UsageError(f"no file {str(file)!r}; name a CSV, parquet or feather file")
    rows = read_rows(file.name, file.read_bytes(), zone)
    opens = rows[possible_opens(rows[:, 0]), 0]
    closed = intervals.floor(series.interval, times.now())
    start = intervals.floor(series.interval, int(opens.min())) if len(opens) else 0
    end = min(closed, intervals.next_open(series.interval, int(opens.max()))) if len(opens) else 0
    checked = clean(rows, series.interval, start, end, closed)
    if not len(checked.table):
        why = f"the first is {checked.rejects[0].reason}" if checked.rejects else "it has none"
        raise UsageError(
            f"no row of {str(file)!r} is a candle of {series.interval!r} ({why}); check --interval and --zone"
        )
    _check_interval(str(file), series.interval, checked)
    objects = lake.objects(series)
    flagged = Neighbours(lake.bucket, objects).jumps(checked.table)
    quarantine(lake.bucket, series, [*checked.rejects, *flagged], (start, end), "import")
    seen = max((o.seq for o in objects), default=0)
    lake.append(series, checked.table, start, end, source="import", seen=seen)
    return Imported(series, len(checked.table), len(checked.rejects), len(flagged))


def _check_interval(name: str, interval: str, checked: Cleaned) -> None:
    """Whether most rows are candles of the interval, next to one another somewhere.

    Raises:
        UsageError: they are those of another one, whose first of each day would be stored as days.
    """
    off = sum(reject.reason == "off_grid" for reject in checked.rejects)
    ts = stamps(checked.table)
    if off > len(ts):
        raise UsageError(
            f"{off:,} rows of {name!r} are no opens of {interval!r}, only {len(ts):,} are; check --interval"
        )
    if len(ts) > _SOME and (ts[1:] > [intervals.next_open(interval, int(at)) for at in ts[:-1]]).all():
        raise UsageError(f"no two candles of {name!r} are {interval!r} apart; check --interval")
