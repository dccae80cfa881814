"""`cqs backup` and `cqs restore`: a copy of the whole bucket, and back."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import click

from cqs_core.cli.options import command_options, emit, open_bucket
from cqs_core.cli.stopping import stoppable
from cqs_core.cli.table import say

if TYPE_CHECKING:
    from cqs_core.bucket import Bucket
    from cqs_core.jobs.backup import Copied

_STOPPED = "stopped; what was copied stays, and the same command continues"


@click.command("backup")
@click.argument("dest")
@command_options
def backup(dest: str, bucket: str | None, as_json: bool) -> None:
    """Copy the bucket to DEST, a folder or an fsspec URL, while writers run.

    Only what DEST does not have is copied, and read back. Nothing in DEST is deleted.
    """
    from cqs_core.jobs.backup import backup as copy

    source = open_bucket(bucket)
    with stoppable(_STOPPED):
        _report(copy(source, _apart(source, dest)), as_json, f"{source.url} is in {dest}")


@click.command("restore")
@click.argument("src")
@command_options
def restore(src: str, bucket: str | None, as_json: bool) -> None:
    """Copy a backup at SRC into the bucket, which must be empty, or hold part of the same backup."""
    from cqs_core.jobs.backup import restore as copy

    source = open_bucket(src)
    with stoppable(_STOPPED):
        _report(copy(source, open_bucket(bucket, write=True)), as_json, f"{src} is restored")


def _apart(source: Bucket, dest: str) -> Bucket:
    """The bucket to copy to, made if its parent exists; never inside the source."""
    from cqs_core.bucket import Bucket
    from cqs_core.jobs.backup import refuse_same

    refuse_same(source, Bucket(dest))
    return open_bucket(dest, write=True)


def _report(done: Copied, as_json: bool, fact: str) -> None:
    def human() -> None:
        counts = f"{done.objects:,} objects ({done.bytes / 1e6:,.1f} MB) copied and read back"
        say([f"{fact}: {counts}, {done.unchanged:,} were there"])

    emit(dataclasses.asdict(done), as_json, human)
