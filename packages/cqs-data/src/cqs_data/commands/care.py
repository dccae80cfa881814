"""`cqs data gaps`, `repair`, `verify` and `compact`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from cqs_core import Lake, Series, parse_interval, settings
from cqs_core.cli import command_options, emit, open_bucket
from cqs_core.progress import progress
from cqs_core.times import iso

if TYPE_CHECKING:
    from cqs_core.lake.gaps import Gap
    from cqs_core.lake.verify import Verified

_MENDABLE = ("no_trade", "outage", "never_fetched", "unknown", "delisted")


@click.command("gaps")
@click.option("--interval", help="Only of series of this interval.")
@command_options
def gaps(interval: str | None, bucket: str | None, as_json: bool) -> None:
    """Print every hole between first and last candle, with its cause."""
    found = _found(Lake(open_bucket(bucket)), interval)
    rows = [
        {**gap.series._asdict(), "start": iso(gap.start), "end": iso(gap.end), "bars": gap.bars, "cause": gap.cause}
        for gap in found
    ]

    def table() -> None:
        for gap in found:
            start, end = (iso(at)[:16].replace("T", " ") for at in (gap.start, gap.end))
            click.echo(f"{gap.series}  {start} .. {end}  {gap.bars:>6,} bars  {gap.cause}")
        click.echo(f"{sum(gap.bars for gap in found):,} bars missing in {len(found):,} holes")

    emit(rows, as_json, table)


@click.command("repair")
@click.option("--interval", help="Only of series of this interval.")
@click.option("--cause", metavar="A,B", help=f"Only holes of these causes: {', '.join(_MENDABLE)}.")
@click.option("--endpoint", metavar="URL", help="Ask this instead of the real exchange.")
@command_options
def repair(interval: str | None, cause: str | None, endpoint: str | None, bucket: str | None, as_json: bool) -> int:
    """Ask the exchanges again for just the holes."""
    from cqs_data.commands.reporting import report
    from cqs_data.fetching import repair as ask_again

    causes = _chosen(cause)
    lake = Lake(open_bucket(bucket, write=True))
    holes = [(gap.series, (gap.start, gap.end)) for gap in _found(lake, interval) if gap.cause in causes]
    return report(lake, ask_again(lake, holes, settings(endpoint=endpoint).endpoint), as_json)


@click.command("verify")
@command_options
def verify(bucket: str | None, as_json: bool) -> int:
    """Read every byte of the lake and hold it against the names; exit code 1 where something is wrong."""
    lake = Lake(open_bucket(bucket))
    found: list[Verified] = []
    series = lake.series()
    with progress("verify", total=len(series), unit="series") as work:
        for one in series:
            found += lake.verify([one])
            work.advance(1, note=str(one))
    rows = [
        {**one.series._asdict(), "rows": one.rows, "sha256": one.sha256, "problems": list(one.problems)}
        for one in found
    ]

    def table() -> None:
        for one in found:
            click.echo(
                f"{one.series}  {one.rows:,} rows  {(one.sha256 or '-')[:16]}  {'ok' if not one.problems else ''}"
            )
            for problem in one.problems:
                click.echo(f"  {problem}")

    emit(rows, as_json, table)
    return 1 if any(one.problems for one in found) else 0


@click.command("compact")
@click.option("--no-wait", is_flag=True, help="Leave the merged objects' inputs to the next run.")
@command_options
def compact(no_wait: bool, bucket: str | None, as_json: bool) -> None:
    """Merge small objects, wait until readers can know, and delete what was merged."""
    from cqs_core.lake.compaction import GRACE

    lake = Lake(open_bucket(bucket, write=True))
    done = lake.compact()
    if done.written and not no_wait:
        with progress("compact", total=GRACE, unit="s") as work:
            for _ in range(int(GRACE) + 2):
                time.sleep(1)
                work.advance(1, note="waiting before inputs are deleted")
        done += lake.compact()
    row = {"merged": done.merged, "written": done.written, "deleted": done.deleted}
    said = f"{done.merged:,} objects merged into {done.written:,}, {done.deleted:,} deleted"
    emit(row, as_json, lambda: click.echo(said))


def _found(lake: Lake, interval: str | None) -> list[Gap]:
    name = None if interval is None else parse_interval(interval)
    series: list[Series] = [s for s in lake.series() if name in {None, s.interval}]
    return list(lake.gaps(series))


def _chosen(given: str | None) -> set[str]:
    from cqs_core import UnknownName

    causes = {part.strip() for part in given.split(",")} if given else set(_MENDABLE)
    for cause in sorted(causes - set(_MENDABLE)):
        raise UnknownName("cause", cause, _MENDABLE)
    return causes
