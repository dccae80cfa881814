"""Name, note, tags and star of a run: kept in its folder, beside what `verify` checks.

Each edit is a new object `runs/{run}/annotations/{number}.json`, created only where no other edit has that number. So
edits of two windows come one after the other, and older ones stay readable.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from cqs_backtest.runs.store import FOLDER, manifest_of
from cqs_core import UsageError
from cqs_core.bucket import edited, edits_by_folder, edits_in, newest_edit, parsed_edit
from cqs_core.files import format_fields, one_line, whole
from cqs_core.time.clock import iso, now

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqs_core import Bucket

FORMAT = 1
LONGEST_NAME, LONGEST_NOTE, LONGEST_TAG, MOST_TAGS = 120, 4_000, 40, 20
_TEXTS = ("name", "note")


@dataclass(frozen=True)
class Annotation:
    """What the user says about a run.

    Attributes:
        name: one line of at most 120 characters.
        note: text of at most 4,000.
        tags: at most 20 words, sorted; none has a comma.
        star: whether it is marked.
        fault: why the newest edit cannot be read; empty if it can. The other fields are then those of the edit before.
    """

    name: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()
    star: bool = False
    fault: str = ""


class _Shape(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)
    name: str = ""
    note: str = ""
    tags: list[str] = []
    star: bool = False


def annotations_of(
    bucket: Bucket, manifests: Sequence[Mapping[str, Any]], keys: Sequence[str] | None = None
) -> list[Annotation]:
    """The annotations of several runs; one that has none has the name of its manifest.

    Args:
        bucket: that keeps them.
        manifests: of the runs.
        keys: of all objects in `runs/`, if they are listed already.
    """
    if keys is None:
        keys = [entry.key for entry in bucket.list(FOLDER)] if manifests else []
    found = edits_by_folder(keys)
    edits = [found.get(f"{FOLDER}/{made['id']}/annotations", []) for made in manifests]
    newest = bucket.read_many([max(each) for each in edits if each])
    return [_newest(bucket, made, each, newest) for made, each in zip(manifests, edits, strict=True)]


def annotation_of(bucket: Bucket, made: Mapping[str, Any]) -> Annotation:
    """The annotation of one run, from its manifest."""
    return _newest(bucket, made, edits_in(bucket, f"{FOLDER}/{made['id']}/annotations"))


def annotate(bucket: Bucket, run: str, seen: Annotation | None = None, **changes: Any) -> Annotation:
    """Change the name, note, tags or star of a run; what is not given stays as it is.

    Args:
        bucket: that keeps it.
        run: its id, or how that begins.
        seen: what the user saw when the edit began; fields that are the same in `changes` stay as they are. A name or
            note that another window changed since is not overwritten; tags are added and removed one by one.
        changes: `name`, `note`, `tags` or `star`.

    Returns:
        The annotation as it is kept now.

    Raises:
        UnknownName: there is no such run.
        UsageError: a text is too long, or was changed in another window.
        NewerFormat: a newer version wrote the annotation.
    """
    made, wanted = manifest_of(bucket, run), _checked(changes)
    folder = f"{FOLDER}/{made['id']}/annotations"
    return edited(bucket, folder, _parsed, _named(made), lambda current: _edited(current, seen, wanted), _fields)


def _newest(
    bucket: Bucket, made: Mapping[str, Any], keys: Sequence[str], read: Mapping[str, bytes] | None = None
) -> Annotation:
    """The newest edit that can be read; `read` has objects that are read already."""
    found, fault = newest_edit(bucket, keys, _parsed, read)
    return replace(found or _named(made), fault=str(fault or ""))


def _named(made: Mapping[str, Any]) -> Annotation:
    """Before the first edit."""
    return Annotation(one_line(str(made.get("name") or ""), LONGEST_NAME))


def _fields(said: Annotation) -> dict[str, Any]:
    about = {**format_fields("cqs-backtest", FORMAT), "changed": iso(now()), **asdict(said)}
    del about["fault"]
    return about


def _parsed(key: str, data: bytes) -> Annotation:
    found = parsed_edit(key, data, _Shape, FORMAT, "cqs-backtest", "save the annotation again")
    tags = sorted({one_line(tag, LONGEST_TAG).replace(",", " ") for tag in found.tags[:MOST_TAGS]})
    return Annotation(one_line(found.name, LONGEST_NAME), whole(found.note)[:LONGEST_NOTE], tuple(tags), found.star)


def _checked(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The changes as they are kept.

    Raises:
        UsageError: one of them cannot be.
    """
    found = {name: value for name, value in changes.items() if value is not None}
    for name, longest in (("name", LONGEST_NAME), ("note", LONGEST_NOTE)):
        if name in found:
            text = whole(str(found[name])).strip()
            found[name] = one_line(text) if name == "name" else text
            if len(found[name]) > longest:
                raise UsageError(f"the {name} has {len(found[name]):,} characters; {longest:,} are allowed")
    if "tags" in found:
        found["tags"] = tuple(sorted({tag for text in found["tags"] if (tag := one_line(whole(text)))}))
        if len(found["tags"]) > MOST_TAGS:
            raise UsageError(f"{len(found['tags'])} tags are too many; {MOST_TAGS} are allowed")
        for tag in found["tags"]:
            if len(tag) > LONGEST_TAG or "," in tag:
                raise UsageError(f"tag {one_line(tag, 60)!r} has a comma, or more than {LONGEST_TAG} characters")
    return found


def _edited(current: Annotation, seen: Annotation | None, wanted: Mapping[str, Any]) -> Annotation:
    """The annotation with the changes, those of other windows kept."""
    before = seen or current
    changes = {name: value for name, value in wanted.items() if seen is None or value != getattr(seen, name)}
    for name in _TEXTS:
        now_, then = getattr(current, name), getattr(before, name)
        if name in changes and now_ not in (then, changes[name]):
            fact = f"the {name} was changed in another window, to {one_line(now_, 80)!r}"
            raise UsageError(f"{fact}; yours is not saved yet: save again to replace it")
    if "tags" in changes:
        kept = (set(current.tags) | (set(changes["tags"]) - set(before.tags))) - (
            set(before.tags) - set(changes["tags"])
        )
        changes["tags"] = tuple(sorted(kept))
    return replace(current, **changes, fault="")
