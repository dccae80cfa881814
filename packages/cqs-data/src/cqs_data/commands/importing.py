"""`cqs data import`, `imports`, `undo` and `delete`: files into the lake, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cqs_core import INTERVALS, Lake, Series, UsageError, settings
from cqs_core.cli import command_options, emit, open_bucket, parse_assignments, say
from cqs_core.files import safe
from cqs_core.time.clock import iso, parse_range
from cqs_data.commands.fetch_report import counted
from cqs_data.commands.files import series_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_data.importing import Imported, ImportRecord, Recognized


@click.command("import")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "--exchange", metavar="ID", help="Whose candles they are, also of one that is gone; default CQS_EXCHANGE."
)
@click.option("--market", metavar="BASE/QUOTE", help="Default: what a column or the file's name says.")
@click.option("--interval", help=f"Default: what the times show. {', '.join(INTERVALS)}.")
@click.option(
    "--zone", metavar="IANA", help="Time zone of times without offset; default UTC, Asia/Seoul for Korean exchanges."
)
@click.option("--stamp", type=click.Choice(["open", "close"]), help="Which end of its bar a time means; default open.")
@click.option("--where", multiple=True, metavar="COLUMN=VALUE", help="Only rows like this, as symbol=BTCUSDT.")
@click.option("--columns", metavar="FIELD=COLUMN,…", help="As time=unix,volume=5: names, or numbers from 0.")
@click.option("--delimiter", metavar="CHAR", help="Between fields of text; default: found out.")
@click.option("--date-format", metavar="FORMAT", help="As '%d.%m.%Y %H:%M'; default: found out.")
@click.option("--decimal", type=click.Choice([".", ","]), help="Decimal mark; default: found out.")
@click.option(
    "--absent", type=click.Choice(["unknown", "no-trade"]), default="unknown", help="What a missing bar means."
)
@click.option("--replace", is_flag=True, help="Let the files replace fetched candles that have other values.")
@click.option("--dry-run", is_flag=True, help="Only say what the files are.")
@command_options
def import_command(files: tuple[str, ...], bucket: str | None, as_json: bool, dry_run: bool, **given: Any) -> None:
    """Store candles of files, archives, or folders.

    Says first what each file is: format, market, interval, clock, range. Refuses what contradicts the options or the
    lake; nothing is stored then.
    """
    from cqs_data.importing import import_files

    lake = Lake(open_bucket(bucket, write=not dry_run))
    done = import_files(lake, files, _options(lake, **given), dry_run=dry_run, report=_report)
    emit([_row(one) for one in done], as_json, lambda: say(_lines(done)))


def _options(
    lake: Lake,
    exchange: str | None,
    market: str | None,
    zone: str | None,
    where: tuple[str, ...],
    columns: str | None,
    delimiter: str | None,
    date_format: str | None,
    **given: Any,
) -> Any:
    from cqs_data.fetching.selection import unusual_markets
    from cqs_data.importing import Options, parse_columns

    chosen = exchange or settings().exchange
    return Options(
        exchange=chosen,
        market=market,
        known=unusual_markets(lake, chosen, [market] if market else []),
        zone=_zone(zone) if zone else None,
        where=parse_assignments(where, "--where", "COLUMN=VALUE, as in symbol=BTCUSDT"),
        columns=parse_columns(columns),
        delimiter={"\\t": "\t", "tab": "\t"}.get(delimiter or "", delimiter),
        pattern=date_format,
        **given,
    )


def _zone(name: str) -> str | None:
    try:
        return settings(timezone=name).timezone
    except UsageError as error:
        raise UsageError(str(error).replace("--timezone", "--zone")) from None


def _report(found: Recognized) -> None:
    """The verdict on a file, on stderr: stdout is for results."""
    first, last = (iso(at)[:16].replace("T", " ") for at in (found.first, found.last))
    lines = [
        f"{found.file}: {found.format} ({found.details})",
        f"  {found.series}, {first} to {last} UTC, {counted(len(found.checked.table), 'candle')}",
        f"  times read as {found.zone.name} ({found.zone.why})",
        *(f"  {note}" for note in found.notes),
    ]
    if found.empty:
        lines.append(f"  {counted(found.empty, 'row')} without prices; --absent no-trade if nothing was traded then")
    for line in lines:
        click.echo(safe(line), err=True)


def _row(one: Imported) -> dict[str, Any]:
    row = one.row()
    return {**row, "first": iso(row["first"]), "last": iso(row["last"])}


def _lines(done: Sequence[Imported]) -> list[str]:
    lines = [_line(one) for one in done]
    total = sum(len(one.found.checked.table) for one in done)
    series = len({one.found.series for one in done})
    if len(done) > 1:
        lines.append(f"{counted(total, 'candle')} of {counted(len(done), 'file')} in {series} series")
    if done[0].id:
        undo = ", ".join(sorted({one.id for one in done if one.id}))
        lines.append(f"`cqs data undo ID` takes it back: {undo}")
    return lines


def _line(one: Imported) -> str:
    found = one.found
    verb = "imported" if one.id else "would be imported"
    counts = {
        "rows rejected (see data/quarantine)": len(found.checked.rejects),
        "fetched candles replaced": one.replaced,
        "candles jump ten times or more (see data/quarantine)": one.flagged,
    }
    extra = "".join(f", {n:,} {what}" for what, n in counts.items() if n)
    return f"{found.series}: {counted(len(found.checked.table), 'candle')} {verb} from {found.file}{extra}"


@click.command("imports")
@command_options
def imports_command(bucket: str | None, as_json: bool) -> None:
    """List what was imported, oldest first."""
    from dataclasses import asdict

    from cqs_data.importing import imports

    found = imports(Lake(open_bucket(bucket)))
    rows = [{**asdict(one), "first": iso(one.first), "last": iso(one.last)} for one in found]
    nothing = "nothing was imported; `cqs data import FILE` does it"
    emit(rows, as_json, lambda: say([_record_line(one) for one in found] or [nothing]))


def _record_line(one: ImportRecord) -> str:
    first, last = (iso(at)[:10] for at in (one.first, one.last))
    files = f"  {one.files[0]}" + (f" and {len(one.files) - 1} more" if len(one.files) > 1 else "") if one.files else ""
    return f"{one.id}  {one.series}  {first} to {last}  {counted(one.rows, 'candle')}{files}"


@click.command("undo")
@click.argument("import_id", metavar="ID")
@command_options
def undo_command(import_id: str, bucket: str | None, as_json: bool) -> None:
    """Take one import back: what it replaced is read again."""
    from cqs_data.importing import undo

    record = undo(Lake(open_bucket(bucket, write=True, create=False)), import_id)
    row = {"import": record.id, **record.series._asdict(), "rows": record.rows}
    emit(row, as_json, lambda: say([f"{record.series}: {counted(record.rows, 'imported candle')} taken back"]))


@click.command("delete")
@click.option("--exchange", metavar="ID", help="Default CQS_EXCHANGE.")
@click.option("--market", required=True, metavar="BASE/QUOTE", help="Whose candles to delete.")
@click.option("--interval", required=True, help=f"{', '.join(INTERVALS)}.")
@click.option("--start", metavar="DATE", help="First open, UTC; all by default.")
@click.option("--end", metavar="DATE", help="Exclusive; a bare date includes its day.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@command_options
def delete_command(
    exchange: str | None,
    market: str,
    interval: str,
    start: str | None,
    end: str | None,
    yes: bool,
    bucket: str | None,
    as_json: bool,
) -> None:
    """Delete a series, or the candles of a range, for good."""
    bounds = parse_range(start, end)
    lake = Lake(open_bucket(bucket, write=True, create=False))
    series = _stored(lake, exchange, market, interval)
    rows = len(lake.read(series, *bounds))
    if not yes:
        _confirm(series, rows, as_json)
    lake.delete(series, *bounds)
    emit({**series._asdict(), "rows": rows}, as_json, lambda: say([f"{series}: {counted(rows, 'candle')} deleted"]))


def _stored(lake: Lake, exchange: str | None, market: str, interval: str) -> Series:
    exact = Series(exchange or settings().exchange, market, interval)
    series = exact if lake.objects(exact) else series_of(lake, exchange, market, interval)
    if not lake.objects(series):
        raise UsageError(f"the lake has no {series}; `cqs data status` lists what it has")
    return series


def _confirm(series: Series, rows: int, as_json: bool) -> None:
    import sys

    if as_json or not sys.stdin.isatty():
        raise UsageError(f"{counted(rows, 'candle')} of {series} would be deleted; say --yes")
    click.confirm(safe(f"Delete {counted(rows, 'candle')} of {series}?"), abort=True, err=True)
