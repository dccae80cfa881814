"""The searches that a bucket keeps: sweeps and walk-forwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cqs_backtest.search.store import SweepFolder
from cqs_backtest.search.walk_store import WalkFolder
from cqs_core import CqsError, DataError, UnknownName
from cqs_core.files import NewerFormat

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqs_core import Bucket

_SHOWN = ("exchange", "symbols", "interval", "first", "last", "sets", "windows")
KINDS: tuple[type[SweepFolder | WalkFolder], ...] = (SweepFolder, WalkFolder)


@dataclass(frozen=True, eq=False)
class KeptSearch:
    """A sweep or walk-forward as it is stored.

    Attributes:
        folder: where it is.
        manifest: the request.
        result: unknown numbers as None; None while the search runs, and if it was stopped.
    """

    folder: SweepFolder | WalkFolder
    manifest: dict[str, Any]
    result: dict[str, Any] | None

    def about(self) -> dict[str, Any]:
        """One row of a list: what was searched, and what its answer is worth."""
        made, result = self.manifest, self.result or {}
        best = result.get("best") or result.get("performance") or {}
        return {
            "id": self.folder.id,
            "kind": self.folder.kind,
            "created": made.get("created"),
            "strategy": made["strategy"]["name"],
            **{name: made.get(name) for name in _SHOWN},
            "done": self.result is not None,
            "sharpe": best.get("sharpe"),
            **{name: result.get(name) for name in ("dsr", "trials", "pbo")},
        }


def survey(
    bucket: Bucket, kinds: Sequence[type[SweepFolder | WalkFolder]] = KINDS
) -> tuple[Sequence[KeptSearch], Sequence[CqsError]]:
    """All searches, newest first, and errors for those that cannot be read: a damaged one does not hide others."""
    folders = [kind(bucket, name) for kind in kinds for name in bucket.folders(kind.root)]
    files = [folder.key(name) for folder in folders for name in ("manifest.json", "result.json")]
    data = bucket.read_many(files)
    found: list[KeptSearch] = []
    damaged: list[CqsError] = []
    for folder in folders:
        if (manifest := data.get(folder.key("manifest.json"))) is None:
            continue  # it is being written
        try:
            result = folder.read_result(data.get(folder.key("result.json"), b""))
            found.append(KeptSearch(folder, folder.read_manifest(manifest), result))
        except (DataError, NewerFormat) as error:
            damaged.append(error)
    return sorted(found, key=lambda one: one.folder.id, reverse=True), damaged


def find(bucket: Bucket, beginning: str) -> KeptSearch:
    """A sweep or walk-forward by its id, or by the start of an id that is unique.

    Raises:
        UnknownName: there is none, or several begin so.
        DataError: it is damaged.
    """
    failed: UnknownName | None = None
    for kind in KINDS:
        try:
            folder = kind.find(bucket, beginning)
        except UnknownName as error:
            failed = error
            continue
        return KeptSearch(folder, folder.manifest(), folder.result())
    raise failed or UnknownName("search", beginning, ())


def sweeps_like(bucket: Bucket, made: Mapping[str, Any]) -> list[KeptSearch]:
    """The sweeps of the same strategy, markets and interval as a run, newest first.

    Args:
        bucket: that keeps them.
        made: the manifest of the run.
    """
    return _like(bucket, made, SweepFolder)


def walks_like(bucket: Bucket, made: Mapping[str, Any]) -> list[KeptSearch]:
    """The walk-forwards of the same strategy, markets and interval as a run or a sweep, newest first.

    Args:
        bucket: that keeps them.
        made: the manifest of the run or the sweep.
    """
    return _like(bucket, made, WalkFolder)


def _like(bucket: Bucket, made: Mapping[str, Any], kind: type[SweepFolder | WalkFolder]) -> list[KeptSearch]:
    return [one for one in survey(bucket, [kind])[0] if _subject(one.manifest) == _subject(made)]


def _subject(made: Mapping[str, Any]) -> tuple[Any, ...]:
    return made["strategy"]["name"], made["exchange"], sorted(made["symbols"]), made["interval"]
