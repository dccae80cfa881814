"""The catalog from one listing: the objects of every series, and which of them overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cqs_core.lake.format import check_marks
from cqs_core.lake.object_names import ROOT, LakeObject, Series, parse_folder
from cqs_core.lake.receipts import Contents, contents_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cqs_core.bucket import Bucket, Entry


class ReadPlan(NamedTuple):
    """How to read some objects: `plain` ones in time order, and groups whose rows overlap, newest seq wins."""

    plain: Sequence[LakeObject]
    groups: Sequence[Sequence[LakeObject]]


def contents_by_series(bucket: Bucket, prefix: str = ROOT) -> dict[Series, Contents]:
    """All objects below `prefix`, and those that are missed, by series; names that are not ours are passed over.

    Raises:
        NewerFormat: the lake, or an object, is of a format that this version does not know.
    """
    folders: dict[str, list[Entry]] = {}
    for entry in bucket.list(prefix, immutable=True):
        folders.setdefault(entry.key.rpartition("/")[0], []).append(entry)
    check_marks(bucket, (entry.key for entry in folders.get(ROOT, ())))
    found = ((parse_folder(folder), contents_of(entries)) for folder, entries in folders.items())
    return {series: each for series, each in found if series is not None and (each.objects or each.missing)}


def objects_by_series(bucket: Bucket, prefix: str = ROOT) -> dict[Series, Sequence[LakeObject]]:
    """All objects below `prefix`, by series."""
    found = contents_by_series(bucket, prefix)
    return {series: each.objects for series, each in found.items() if each.objects}


def plan(objects: Iterable[LakeObject], start: int | None = None, end: int | None = None) -> ReadPlan:
    """Objects with rows in `[start, end)`, split by whether the ranges of their rows overlap."""
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
    return ReadPlan([g[0] for g in groups if len(g) == 1], [g for g in groups if len(g) > 1])
