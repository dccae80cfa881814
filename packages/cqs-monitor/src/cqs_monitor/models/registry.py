"""The models of a bucket as the trainer left them: versions, which of them `latest` is, unfinished uploads.

An upload writes the model, then its copy `latest`, then the metadata; it can stop between any two of them.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from cqs_core import BucketError, UnknownName
from cqs_core.time.clock import iso

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqs_core import Bucket
    from cqs_core.bucket import Entry
    from cqs_monitor.models.fingerprints import Fingerprint
    from cqs_monitor.models.inspection import Inspection

ROOT = "models"
LATEST = "latest"
METADATA_LIMIT = 1 << 20
"""Bytes of a metadata file that are read."""

State = Literal["ok", "orphan model", "orphan metadata", "half upload"]
_MODEL = re.compile(r"models/regime_classifier_([^/]+?)\.(?:pkl|joblib|pt)")
_METADATA = re.compile(r"models/metadata/([^/]+)\.json")


@dataclass(frozen=True)
class Model:
    """One version.

    Attributes:
        version: the part of the names; `latest` where `latest` is a copy of no version.
        entry: of the model, None for orphan metadata.
        metadata: what its JSON says; empty where absent or no JSON.
        sha256: of the model's bytes, None where they were not read.
        inspection: None where there is no model.
        latest: whether the bytes of `latest` are this version's.
        problem: of the model or its metadata, for people.
    """

    version: str
    state: State
    entry: Entry | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    sha256: str | None = None
    inspection: Inspection | None = None
    latest: bool = False
    problem: str | None = None

    def json(self) -> dict[str, Any]:
        seen = self.inspection
        return {
            "version": self.version,
            "state": self.state,
            "latest": self.latest,
            "key": self.entry.key if self.entry else None,
            "size": self.entry.size if self.entry else None,
            "sha256": self.sha256,
            "verdict": seen.verdict if seen else None,
            "modified": iso(int(1000 * self.entry.modified)) if self.entry and self.entry.modified else None,
            "uploaded": self.metadata.get("upload_time"),
            "description": self.metadata.get("description"),
            "metrics": self.metadata.get("metrics"),
            "problem": self.problem,
        }


def models(bucket: Bucket) -> Sequence[Model]:
    """All versions, newest first; each model is hashed and inspected once as long as it does not change."""
    from cqs_monitor.models.fingerprints import fingerprint

    found = bucket.list(ROOT)
    entries = {match[1]: entry for entry in found if (match := _MODEL.fullmatch(entry.key))}
    about = {match[1]: entry for entry in found if (match := _METADATA.fullmatch(entry.key))}
    marks = {version: fingerprint(bucket, entry) for version, entry in entries.items()}
    newest = marks.get(LATEST)
    versions = sorted((set(entries) | set(about)) - {LATEST})
    rows = [_version(bucket, one, entries.get(one), about.get(one), marks.get(one), newest) for one in versions]
    if newest and not any(row.latest for row in rows):
        rows.append(_unknown(entries[LATEST], newest))
    return sorted(rows, key=_age, reverse=True)


def _unknown(entry: Entry, mark: Fingerprint) -> Model:
    fact = "latest is a copy of no version here: an upload stopped, or its version was deleted"
    problems = _joined(fact, mark.problem)
    return Model(LATEST, "half upload", entry, {}, mark.sha256, mark.inspection, latest=True, problem=problems)


def _version(
    bucket: Bucket,
    version: str,
    entry: Entry | None,
    about: Entry | None,
    mark: Fingerprint | None,
    newest: Fingerprint | None,
) -> Model:
    metadata, damaged = _metadata(bucket, about)
    is_latest = bool(mark and newest and mark.sha256 and mark.sha256 == newest.sha256)
    state, problem = _state(entry, about, metadata, mark.inspection if mark else None)
    sha, seen = (mark.sha256, mark.inspection) if mark else (None, None)
    problems = _joined(damaged, problem, mark.problem if mark else None)
    return Model(version, state, entry, metadata, sha, seen, is_latest, problems)


def model(bucket: Bucket, version: str) -> Model:
    """One version; `latest` is the version that it is a copy of.

    Raises:
        UnknownName: there is none.
    """
    rows = models(bucket)
    for row in rows:
        if row.version == version or (version == LATEST and row.latest):
            return row
    raise UnknownName("model", version, [row.version for row in rows], remedy="" if rows else _none(bucket))


def _none(bucket: Bucket) -> str:
    return f"there is no model in {bucket.url!r}; the trainer uploads them as models/regime_classifier_VERSION.pkl"


def _age(row: Model) -> tuple[float, str]:
    return (row.entry.modified or 0.0 if row.entry else 0.0, row.version)


def _joined(*parts: str | None) -> str | None:
    return "; ".join(part for part in parts if part) or None


def _metadata(bucket: Bucket, entry: Entry | None) -> tuple[dict[str, Any], str | None]:
    if entry is None:
        return {}, None
    if entry.size > METADATA_LIMIT:
        return {}, f"its metadata is {entry.size:,} bytes long and was not read"
    try:
        value = json.loads(bucket.read(entry.key))
    except (ValueError, RecursionError) as error:
        return {}, f"its metadata is not JSON ({error})"
    except (FileNotFoundError, BucketError) as error:
        return {}, f"its metadata could not be read ({error})"
    return (value, None) if isinstance(value, dict) else ({}, "its metadata is not a JSON object")


def _state(
    entry: Entry | None, about: Entry | None, metadata: Mapping[str, Any], seen: Inspection | None
) -> tuple[State, str | None]:
    if entry is None:
        return "orphan metadata", "metadata without a model: it was deleted, or never came"
    promised = metadata.get("file_size_bytes")
    if isinstance(promised, int) and promised != entry.size:
        return "half upload", f"{entry.size:,} bytes are here, {promised:,} were uploaded"
    if seen is not None and seen.truncated:
        return "half upload", seen.problem
    if about is None:
        return "orphan model", "no metadata: its upload stopped early, or is still going on"
    return "ok", seen.problem if seen else None
