"""Imports files into the lake: all of them are read and checked first, then all are stored, or none."""

from __future__ import annotations

from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from cqs_core import FIELDS, Lake, Series, UsageError, progress
from cqs_core.lake import AdjacentCandles, quarantine, stamps
from cqs_core.time import intervals
from cqs_data.importing.archives import is_aside, members
from cqs_data.importing.recognize import Recognized, recognize
from cqs_data.importing.records import ImportRecord, import_id, write_record
from cqs_data.importing.zones import check_clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from cqs_core.lake import Reject
    from cqs_data.importing.import_options import Options

_LISTED = 8  # refusals shown
_EDGE = 10  # missing bars between two files that are still one stretch, at most
_FETCHED = ("exchange", "endpoint")


@dataclass(frozen=True)
class Imported:
    """The result of one file.

    Attributes:
        found: the file, understood.
        replaced: fetched candles that its candles replace with other values.
        flagged: candles that are ten times a neighbor, or a tenth of it.
        id: of the import that it belongs to; None if nothing was stored.
    """

    found: Recognized
    replaced: int
    flagged: int
    id: str | None

    def row(self) -> dict[str, Any]:
        """As flat JSON."""
        found = self.found
        return {
            "file": found.file,
            "format": found.format,
            **found.series._asdict(),
            "zone": found.zone.name,
            "first": found.first,
            "last": found.last,
            "rows": len(found.checked.table),
            "rejected": len(found.checked.rejects),
            "replaced": self.replaced,
            "flagged": self.flagged,
            "import": self.id,
        }


def import_files(
    lake: Lake,
    paths: Iterable[str | Path],
    options: Options,
    *,
    dry_run: bool = False,
    report: Callable[[Recognized], None] = lambda _: None,
) -> Sequence[Imported]:
    """Store the candles of files, checked, as one import for each series.

    Args:
        lake: where they go.
        paths: files, archives of files, folders, or patterns such as `*.csv`.
        options: what the files do not say.
        dry_run: only understand and check them.
        report: called with each file that was understood, before anything is stored.

    Raises:
        UsageError: a file is not one of candles, contradicts the options or the lake, or would replace fetched candles
            without `options.replace`. Nothing was stored.
    """
    found = _recognized(expand(paths), options)
    for one in found:
        report(one)
    groups: dict[Series, list[Recognized]] = {}
    for one in found:
        groups.setdefault(one.series, []).append(one)
    prepared = [_prepare(lake, series, files, options) for series, files in groups.items()]
    if dry_run:
        return [item for one in prepared for item in one.rows(None)]
    return [item for one in prepared for item in one.store(lake, options)]


def expand(paths: Iterable[str | Path]) -> Sequence[Path]:
    """The files of paths, folders and all below them, and patterns (`**` is any depth), sorted within each.

    Raises:
        UsageError: one does not exist or holds no file.
    """
    files: list[Path] = []
    for path in map(Path, paths):
        try:
            inside = _inside(path)
        except OSError as error:
            raise UsageError(f"{str(path)[:60]!r}… cannot be read: {error.strerror}; name another") from None
        if not inside:
            raise UsageError(f"no file {str(path)!r}; name a file, a folder or a pattern such as '*.csv'")
        files += inside
    return files


def _inside(path: Path) -> list[Path]:
    if path.is_dir():
        below = (p for p in path.rglob("*") if not any(part.startswith(".") for part in p.relative_to(path).parts))
        return sorted(p for p in below if p.is_file() and not is_aside(p.name))
    if path.is_file():
        return [path]
    found = glob(str(path), recursive=True)  # noqa: PTH207 - a Path's own takes no absolute patterns
    return sorted(p for p in map(Path, found) if p.is_file())


def _recognized(files: Sequence[Path], options: Options) -> list[Recognized]:
    found: list[Recognized] = []
    refused: list[str] = []
    with progress("reading files", len(files)) as bar:
        for file in files:
            try:
                for name, data in members(file.name, file.read_bytes()):
                    found.append(recognize(name, data, options))
            except UsageError as error:
                refused.append(str(error))
            except OSError as error:
                refused.append(f"{str(file)!r} cannot be read: {error.strerror}")
            bar.advance()
    if refused:
        more = f"; and {len(refused) - _LISTED} more" if len(refused) > _LISTED else ""
        raise UsageError("; ".join(refused[:_LISTED]) + more + ("; nothing was stored" if len(files) > 1 else ""))
    if not found:
        raise UsageError(f"{str(files[0])!r} holds no file of candles")
    return found


@dataclass(frozen=True)
class _Prepared:
    """Files of one series, checked against the lake."""

    series: Series
    files: Sequence[Recognized]
    table: pa.Table
    replaced: Sequence[int]
    flagged: Sequence[Reject]
    seen: int

    def rows(self, id_: str | None) -> list[Imported]:
        flags = np.array([reject.row[0] for reject in self.flagged], dtype=np.float64)
        inside = [int(((flags >= one.first) & (flags <= one.last)).sum()) for one in self.files]
        return [Imported(*item, id_) for item in zip(self.files, self.replaced, inside, strict=True)]

    def store(self, lake: Lake, options: Options) -> list[Imported]:
        source = "archive" if options.absent == "no-trade" else "import"
        seq = 0
        for start, end in _stretches(self.series, self.files):
            ts = stamps(self.table)
            low, high = np.searchsorted(ts, (start, end))
            part = self.table.slice(low, high - low)
            written = lake.append(self.series, part, start, end, source=source, seen=self.seen, seq=seq or None)
            seq = seq or max(o.seq for o in written)
        rejects = [reject for one in self.files for reject in one.checked.rejects] + list(self.flagged)
        bounds = min(one.first for one in self.files), max(one.last for one in self.files)
        kept = quarantine(lake.bucket, self.series, rejects, bounds, "import")
        done = self.rows(import_id(seq))
        write_record(lake.bucket, ImportRecord.of(done, seq, source, kept))
        return done


def _prepare(lake: Lake, series: Series, files: Sequence[Recognized], options: Options) -> _Prepared:
    """Check the files of one series against each other and against the lake.

    Raises:
        UsageError: they contradict each other or the lake's clock, or would replace fetched candles.
    """
    table = _joined(series, files)
    objects = lake.objects(series)
    ts, close = stamps(table), table.column("close").to_numpy()
    check_clock(lake, series, ts.astype(np.float64), close, files[0].zone.name)
    changed = _changed(lake, series, table)
    replaced = [int(((changed >= one.first) & (changed <= one.last)).sum()) for one in files]
    if len(changed) and not options.replace:
        raise UsageError(
            f"{len(changed):,} fetched candles of {series} have other values than {files[0].file!r}, and would be "
            "replaced; say --replace if that is meant"
        )
    flagged = AdjacentCandles(lake.bucket, objects).jumps(table)
    return _Prepared(series, files, table, replaced, flagged, max((o.seq for o in objects), default=0))


def _joined(series: Series, files: Sequence[Recognized]) -> pa.Table:
    """The candles of all files, ascending.

    Raises:
        UsageError: two files have different values for a candle.
    """
    whole = pa.concat_tables([one.checked.table for one in files]).sort_by("ts").combine_chunks()
    ts = stamps(whole)
    again = np.flatnonzero(np.diff(ts) == 0)
    differ = [i for i in again if whole.slice(int(i), 1).to_pylist() != whole.slice(int(i) + 1, 1).to_pylist()]
    if differ:
        at = np.datetime64(int(ts[differ[0]]), "ms")
        raise UsageError(f"files give {len(differ)} candles of {series} twice with different values, first at {at}")
    return whole.take(np.r_[0, np.flatnonzero(np.diff(ts)) + 1]) if len(again) else whole


def _changed(lake: Lake, series: Series, table: pa.Table) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Opens of fetched candles that have other values in the table, ms UTC."""
    from cqs_core.lake import read_objects

    fetched = [o for o in lake.objects(series) if o.source in _FETCHED]
    ts = stamps(table)
    have = read_objects(lake.bucket, fetched, int(ts[0]), int(ts[-1]) + 1)
    both, mine, theirs = np.intersect1d(ts, stamps(have), return_indices=True)
    if not len(both):
        return both
    new, old = table.take(mine), have.take(theirs)
    differs = [new.column(name).to_numpy() != old.column(name).to_numpy() for name in FIELDS]
    return np.asarray(both[np.logical_or.reduce(differs)], dtype=np.int64)


def _stretches(series: Series, files: Sequence[Recognized]) -> Iterable[tuple[int, int]]:
    """Ranges that the files cover, adjacent ones joined: a missing file leaves a hole."""
    bounds = sorted((one.first, intervals.next_open(series.interval, one.last)) for one in files)
    start, end = bounds[0]
    for low, high in bounds[1:]:
        if low > intervals.next_open(series.interval, end, _EDGE):
            yield start, end
            start = low
        end = max(end, high)
    yield start, end
