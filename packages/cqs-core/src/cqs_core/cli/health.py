"""`cqs health`: whether this installation works."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import click

from cqs_core.cli.options import command_options, emit
from cqs_core.cli.table import print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core.host.health import Health

_COLORS = {"ok": "green", "warning": "yellow", "failed": "red"}


@click.command("health")
@command_options
def command(bucket: str | None, as_json: bool) -> int:
    """Check bucket, disk, services, newest candles and logs of bots; exit code 1 if something failed."""
    from cqs_core.bucket import Bucket
    from cqs_core.config.variables import bucket_url
    from cqs_core.jobs import health

    found = health(Bucket(bucket_url(bucket)))
    good = all(one.state != "failed" for one in found)
    rows = [dataclasses.asdict(one) for one in found]
    emit({"ok": good, "checks": rows}, as_json, lambda: _print(found))
    return 0 if good else 1


def _print(found: Sequence[Health]) -> None:
    cells = [[one.name, one.state, one.fact] for one in found]
    print_table(
        ["Check", "State", "Fact"],
        [False] * 3,
        cells,
        lambda row, column: _COLORS[found[row].state] if column == 1 else "",
    )
