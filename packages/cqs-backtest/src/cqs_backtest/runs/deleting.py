"""Deleting kept runs, and taking that back: a deleted run keeps its files, and its manifest has another name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_backtest.runs.store import DELETED, FOLDER, MANIFEST, id_of
from cqs_core import UnknownName, UsageError, jobs

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from cqs_core import Bucket


def delete(bucket: Bucket, run: str) -> str:
    """Take a run out of all lists; `restore` brings it back. Its sets still count as tried.

    Args:
        bucket: that keeps it.
        run: its id, or how that begins.

    Returns:
        Its id.

    Raises:
        UnknownName: there is no such run, or it is deleted already.
        UsageError: it is being written, or a job works on it.
    """
    run = id_of(bucket, run)
    _refuse_running(bucket, run)
    _rename(bucket, run, MANIFEST, DELETED, "it is deleted already, or being written")
    return run


def restore(bucket: Bucket, run: str) -> str:
    """Bring a deleted run back, and return its id.

    Raises:
        UnknownName: there is no such run, or it is not deleted.
    """
    run = id_of(bucket, run)
    _rename(bucket, run, DELETED, MANIFEST, "it is not deleted")
    return run


def purge(bucket: Bucket, run: str) -> str:
    """Remove all files of a run for good, deleted before or not, and return its id; raises as `delete`."""
    run = id_of(bucket, run)
    _refuse_running(bucket, run)
    entries = [entry.key for entry in bucket.list(f"{FOLDER}/{run}")]
    manifests = [f"{FOLDER}/{run}/{name}" for name in (MANIFEST, DELETED)]
    if not set(entries) & set(manifests):
        raise UsageError(f"run {run!r} is being written, or is not whole; wait until it is")
    bucket.delete(manifests)  # first: no list shows half a run
    bucket.delete(key for key in entries if key not in manifests)
    return run


def deleted(bucket: Bucket, keys: Collection[str] | None = None) -> Sequence[str]:
    """Ids of deleted runs, newest first.

    Args:
        bucket: that keeps them.
        keys: of all objects in `runs/`, if they are listed already.
    """
    names = {entry.key for entry in bucket.list(FOLDER)} if keys is None else set(keys)
    runs = {key.split("/")[1] for key in names if key.endswith(f"/{DELETED}") and key.count("/") == 2}
    return sorted((run for run in runs if f"{FOLDER}/{run}/{MANIFEST}" not in names), reverse=True)


def _rename(bucket: Bucket, run: str, old: str, new: str, remedy: str) -> None:
    """The copy first: a crash in between leaves both, and the run as it was."""
    try:
        data = bucket.read(f"{FOLDER}/{run}/{old}")
    except FileNotFoundError:
        raise UnknownName("run", run, (), remedy) from None
    bucket.write(f"{FOLDER}/{run}/{new}", data)
    bucket.delete([f"{FOLDER}/{run}/{old}"])


def _refuse_running(bucket: Bucket, run: str) -> None:
    """Jobs of this machine that work on the run must end first."""
    for job in jobs.listing():
        if not job.over and run in job.args and bucket.url in job.args:
            raise UsageError(f"run {run!r} is in use by the job {job.title!r}; wait until it ends, or cancel it")
