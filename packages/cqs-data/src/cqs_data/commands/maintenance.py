"""`cqs data gaps`, `repair`, `verify` and `compact`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from cqs_core import Lake, Series, progress
from cqs_core.cli import command_options, emit, open_bucket, say, stoppable
from cqs_core.files import safe
from cqs_core.lake import maybe_open
from cqs_core.time.clock import iso
from cqs_data.commands.endpoint import endpoint_of, endpoint_option
from cqs_data.commands.fetch_report import STOPPED, counted, report
from cqs_data.commands.series_arguments import NO_SERIES, chosen_series, series_options

if TYPE_CHECKING:
    from collections.abc import Collection

    from cqs_core.lake import Gap, Verified
    from cqs_core.lake.mending import Damage
    from cqs_data.fetching import Fetched

_MENDABLE = ("no_trade", "outage", "never_fetched", "unknown", "delisted")


@click.command("gaps")
@series_options
@command_options
def gaps(exchange: str | None, symbols: str | None, interval: str | None, bucket: str | None, as_json: bool) -> int:
    """Print every hole, with its cause."""
    lake = Lake(open_bucket(bucket))
    series = chosen_series(lake, exchange, symbols, interval)
    holes = lake.holes(series)
    found = [gap for one in holes for gap in one]
    rows = [
        {**gap.series._asdict(), "start": iso(gap.start), "end": iso(gap.end), "bars": gap.bars, "cause": gap.cause}
        for gap in found
    ]
    emit(rows, as_json, lambda: say([*map(_line, found), _summary(found)] if series else [NO_SERIES]))
    hidden = [f"cqs: holes of {one.series} are not known: {one.problem}" for one in holes if one.problem]
    for line in hidden:
        click.echo(safe(line), err=True)
    return 1 if hidden else 0


def _line(gap: Gap) -> str:
    start, end = (iso(at)[:16].replace("T", " ") for at in (gap.start, gap.end))
    return f"{gap.series}  {start} .. {end}  {counted(gap.bars, 'bar'):>11}  {gap.cause}"


def _summary(found: Collection[Gap]) -> str:
    return f"{counted(sum(gap.bars for gap in found), 'bar')} missing in {counted(len(found), 'hole')}"


@click.command("repair")
@series_options
@click.option("--cause", metavar="A,B", help=f"Only holes of these causes: {', '.join(_MENDABLE)}.")
@endpoint_option("Ask this instead of the real exchange.")
@command_options
def repair(
    exchange: str | None,
    symbols: str | None,
    interval: str | None,
    cause: str | None,
    endpoint: str | None,
    bucket: str | None,
    as_json: bool,
) -> int:
    """Fetch missing bars and lost objects again.

    Those are the damaged and missing ones that `cqs data verify` finds. Damaged ones are kept in data/damaged.
    """
    causes, base = _chosen(cause), endpoint_of(endpoint)
    lake = Lake(open_bucket(bucket, write=True, create=False))
    series = chosen_series(lake, exchange, symbols, interval)
    if not series:
        emit([], as_json, lambda: say([NO_SERIES]))
        return 0
    with stoppable(STOPPED):
        return _repair(lake, series, causes, base, as_json)


def _repair(lake: Lake, series: Collection[Series], causes: Collection[str], base: str | None, as_json: bool) -> int:
    from cqs_data.fetching import repair as ask_again

    mended = _mend(lake, series, base)
    holes = [(gap.series, (gap.start, gap.end)) for gap in _of_causes(lake, series, causes)]
    holes += [(one, last) for one in series for last in maybe_open(one, lake.objects(one))]
    code = report(lake, [*mended, *ask_again(lake, holes, base)], as_json, base)
    left = _damaged(lake, {one.series for one in mended})
    if not as_json:
        bars = sum(gap.bars for gap in _of_causes(lake, series, causes))
        say([f"{counted(bars, 'bar')} still missing in the {len(series):,} series checked"])
    for one, found in left.items():
        for item in (*found.damaged, *found.missing):
            click.echo(safe(f"cqs: {one} is still damaged: {item.key}"), err=True)
    return 1 if left else code


def _mend(lake: Lake, series: Collection[Series], base: str | None) -> list[Fetched]:
    """Repair what is damaged or missing: restore objects that only lost their names, fetch the rest again."""
    from cqs_core.lake.mending import put_back
    from cqs_data.fetching import mend

    found = _damaged(lake, series)
    if back := put_back(lake.bucket, found):
        click.echo(f"{counted(back, 'object')} put back under the right name", err=True)
        found = _damaged(lake, found)
    return mend(lake, found, base) if found else []


def _damaged(lake: Lake, series: Collection[Series]) -> dict[Series, Damage]:
    from cqs_core.lake.mending import damage_of

    found = {}
    with progress("verify", total=len(series), unit="series") as work:
        for one in series:
            if damage := damage_of(lake.bucket, one):
                found[one] = damage
            work.advance(1, note=str(one))
    return found


def _of_causes(lake: Lake, series: Collection[Series], causes: Collection[str]) -> list[Gap]:
    return [gap for gap in lake.gaps(series) if gap.cause in causes]


@click.command("verify")
@series_options
@command_options
def verify(exchange: str | None, symbols: str | None, interval: str | None, bucket: str | None, as_json: bool) -> int:
    """Hold every byte against its name.

    Reads the whole lake: hashes, schema, overlaps; exit code 1 where something is wrong.
    """
    from cqs_core.lake import series_in

    lake = Lake(open_bucket(bucket))
    found: list[Verified] = []
    every = exchange is symbols is interval is None  # then also folders in which nothing can be read
    series = series_in(lake.bucket) if every else chosen_series(lake, exchange, symbols, interval)
    with progress("verify", total=len(series), unit="series") as work:
        for one in series:
            found += lake.verify([one])
            work.advance(1, note=str(one))
    rows = [
        {**one.series._asdict(), "rows": one.rows, "sha256": one.sha256, "problems": list(one.problems)}
        for one in found
    ]
    emit(rows, as_json, lambda: say([line for one in found for line in _verdict(one)] or [NO_SERIES]))
    return 1 if any(one.problems for one in found) else 0


def _verdict(one: Verified) -> list[str]:
    line = f"{one.series}  {counted(one.rows, 'row')}  {(one.sha256 or '-')[:16]}  {'' if one.problems else 'ok'}"
    return [line.rstrip(), *(f"  {problem}" for problem in one.problems)]


@click.command("compact")
@click.option("--no-wait", is_flag=True, help="Leave the merged objects' inputs to the next run.")
@command_options
def compact(no_wait: bool, bucket: str | None, as_json: bool) -> int:
    """Merge small objects.

    Waits until no reader can still need the merged objects, then deletes them.
    """
    from cqs_core.lake import GRACE

    lake = Lake(open_bucket(bucket, write=True, create=False))
    done = lake.compact()
    if done.written and not no_wait:
        with progress("compact", total=GRACE, unit="s") as work:
            for _ in range(int(GRACE) + 2):
                time.sleep(1)
                work.advance(1, note="waiting before inputs are deleted")
        done += lake.compact()
    row = {"merged": done.merged, "written": done.written, "deleted": done.deleted}
    said = f"{counted(done.merged, 'object')} merged into {done.written:,}, {done.deleted:,} deleted"
    emit(row, as_json, lambda: say([said if lake.series() else NO_SERIES]))
    for problem in dict.fromkeys(done.problems):
        click.echo(safe(f"cqs: not compacted: {problem}"), err=True)
    return 1 if done.problems else 0


def _chosen(given: str | None) -> set[str]:
    from cqs_core import UnknownName

    causes = {part.strip() for part in given.split(",")} if given else set(_MENDABLE)
    for cause in sorted(causes - set(_MENDABLE)):
        raise UnknownName("cause", cause, _MENDABLE)
    return causes
