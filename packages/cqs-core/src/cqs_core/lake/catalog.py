"""What one listing tells: the objects of every series, and which of them overlap."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from cqs_core.lake.names import ROOT, LakeObject, Series, parse_folder, parse_object

if TYPE_CHECKING:
    from cqs_core.bucket import Bucket, Entry


class Plan(NamedTuple):
    """How to read some objects: `plain` ones in time order, and groups whose rows overlap, newest seq wins."""

    plain: Sequence[LakeObject]
    groups: Sequence[Sequence[LakeObject]]


def objects_by_series(bucket: Bucket, prefix: str = ROOT) -> dict[Series, list[LakeObject]]:
    """All objects below `prefix`, by series; names that are not ours are passed over."""
    folders: dict[str, list[Entry]] = {}
    for entry in bucket.list(prefix, immutable=True):
        folders.setdefault(entry.key.rpartition("/")[0], []).append(entry)
    found = ((parse_folder(folder), objects_of(entries)) for folder, entries in folders.items())
    return {series: objects for series, objects in found if series is not None and objects}


def objects_of(entries: Iterable[Entry]) -> list[LakeObject]:
    """What the names of objects say."""
    found = (parse_object(entry.key, entry.size, entry.modified) for entry in entries)
    return [item for item in found if item is not None]


def plan(objects: Iterable[LakeObject], start: int | None = None, end: int | None = None) -> Plan:
    """Objects with rows in `[start, end)`, told apart by whether their rows' ranges overlap."""
    wanted = sorted(
        (o for o in objects if o.rows and (start is None or o.last >= start) and (end is None or o.first < end)),
        key=lambda o: (o.first, o.last),
    )
    groups: list[list[LakeObject]] = []
    reach = 0
    for item in wanted:
        if groups and item.first <= reach:
            groups[-1].append(item)
            reach = max(reach, item.last)
        else:
            groups.append([item])
            reach = item.last
    return Plan([g[0] for g in groups if len(g) == 1], [g for g in groups if len(g) > 1])
