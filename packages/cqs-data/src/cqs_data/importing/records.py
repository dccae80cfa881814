"""Records of imports, and how to undo one: an import is the objects that carry its stamp."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from cqs_core import Bucket, Lake, Series, UnknownName
from cqs_core.files import format_fields, require_format
from cqs_core.lake import IMPORTED, remove, renamed_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core.lake import LakeObject
    from cqs_data.importing.imports import Imported

FORMAT = 1
FOLDER = "data/imports"


@dataclass(frozen=True)
class ImportRecord:
    """One import.

    Attributes:
        id: its ingest stamp as a time, UTC.
        exchange: of the series.
        market: of the series.
        interval: of the series.
        first: open of the first candle, ms UTC.
        last: open of the last candle, ms UTC.
        rows: candles stored.
        source: `import`, or `archive` if absent bars had no trade.
        zone: the clock that naive times were read with; empty where unknown.
        files: their names; empty if an earlier version imported them.
        formats: what they were recognized as.
        rejected: rows that were not stored.
        replaced: fetched candles that got other values.
        quarantine: key of the rows that were rejected or flagged.
    """

    id: str
    exchange: str
    market: str
    interval: str
    first: int
    last: int
    rows: int
    source: str
    zone: str = ""
    files: Sequence[str] = field(default_factory=list)
    formats: Sequence[str] = field(default_factory=list)
    rejected: int = 0
    replaced: int = 0
    quarantine: str | None = None

    @property
    def series(self) -> Series:
        return Series(self.exchange, self.market, self.interval)

    @classmethod
    def of(cls, done: Sequence[Imported], seq: int, source: str, quarantine: str | None) -> ImportRecord:
        """The record of files that were stored with one stamp."""
        found = [one.found for one in done]
        return cls(
            import_id(seq),
            *found[0].series,
            first=min(one.first for one in found),
            last=max(one.last for one in found),
            rows=sum(len(one.checked.table) for one in found),
            source=source,
            zone=found[0].zone.name,
            files=[one.file for one in found],
            formats=sorted({one.format for one in found}),
            rejected=sum(len(one.checked.rejects) for one in found),
            replaced=sum(one.replaced for one in done),
            quarantine=quarantine,
        )


def import_id(seq: int) -> str:
    """An ingest stamp (ms UTC) as it is shown and typed.

    >>> import_id(1_704_067_200_123)
    '20240101T000000.123'
    """
    return f"{dt.datetime.fromtimestamp(seq / 1000, dt.UTC):%Y%m%dT%H%M%S}.{seq % 1000:03}"


def write_record(bucket: Bucket, record: ImportRecord) -> None:
    """Keep what only this moment knows, such as names of files; objects alone say the rest."""
    about = format_fields("cqs-data", FORMAT) | asdict(record)
    bucket.write(_key(record.id, record.series), json.dumps(about).encode())


def rename_records(bucket: Bucket, old: Series, new: Series) -> None:
    """Move the records of a series' imports to its new name."""
    for entry in bucket.list(FOLDER):
        if not entry.key.startswith(_key("", old).removesuffix(".json")):
            continue
        try:
            kept = _kept(bucket, entry.key)
            moved = renamed_key(kept["quarantine"], old, new) if kept.get("quarantine") else None
            record = ImportRecord(**{**kept, **new._asdict(), "quarantine": moved})
        except (ValueError, TypeError, AttributeError):
            continue
        if entry.key == _key(record.id, old):
            write_record(bucket, record)
            bucket.delete([entry.key])


def imports(lake: Lake) -> Sequence[ImportRecord]:
    """All imports that the lake has candles of, oldest first."""
    return [_record(lake, *item) for item in sorted(_objects(lake).items(), key=lambda item: item[0][1])]


def undo(lake: Lake, id_: str) -> ImportRecord:
    """Take one import back: its objects are deleted, and what they replaced is read again.

    Raises:
        UnknownName: there is no such import.
    """
    found = {import_id(seq): (series, seq) for series, seq in _objects(lake)}
    if id_ not in found:
        raise UnknownName("import", id_, found, remedy="`cqs data imports` lists them")
    key = found[id_]
    objects = _objects(lake)[key]
    record = _record(lake, key, objects)
    remove(lake.bucket, [o.key for o in objects])
    beside = [record.quarantine, _key(id_, record.series)]
    lake.bucket.delete([one for one in beside if one and lake.bucket.exists(one)])
    return record


def _objects(lake: Lake) -> dict[tuple[Series, int], list[LakeObject]]:
    """Objects of imports by series and stamp."""
    found: dict[tuple[Series, int], list[LakeObject]] = {}
    for series in lake.series():
        for item in lake.objects(series):
            if item.source in IMPORTED:
                found.setdefault((series, item.seq), []).append(item)
    return found


def _record(lake: Lake, key: tuple[Series, int], objects: Sequence[LakeObject]) -> ImportRecord:
    series, seq = key
    filled = [o for o in objects if o.rows]
    plain = ImportRecord(
        import_id(seq),
        *series,
        first=min(o.first for o in filled),
        last=max(o.last for o in filled),
        rows=sum(o.rows for o in filled),
        source=objects[0].source,
    )
    try:
        kept = _kept(lake.bucket, _key(plain.id, series))
        return ImportRecord(**{**kept, **{name: getattr(plain, name) for name in ("first", "last", "rows", "source")}})
    except (FileNotFoundError, ValueError, TypeError, AttributeError):
        return plain


def _kept(bucket: Bucket, key: str) -> dict[str, Any]:
    """The fields of a stored record.

    Raises:
        NewerFormat: a newer version wrote it.
    """
    found: dict[str, Any] = json.loads(bucket.read(key))
    require_format(repr(key), found, FORMAT, "cqs-data")
    return {name: value for name, value in found.items() if name not in ("format", "written_by")}


def _key(id_: str, series: Series) -> str:
    return f"{FOLDER}/{series.folder.removeprefix('data/candles/').replace('/', '_')}_{id_}.json"
