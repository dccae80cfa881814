"""`cqs backtest list|show|annotate|delete|restore|compare|verify|report`: kept runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cqs_core import UsageError
from cqs_core.cli import command_options, emit, open_bucket
from cqs_core.files import safe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_backtest.luck import Luck
    from cqs_backtest.runs import Annotation

_SHOWN = ("cagr", "mdd", "sharpe", "num_trades")
_BADGES = ("lookahead", "parity", "gaps", "stale", "no_volume_fills", "left_out")


trust_code = click.option(
    "--trust-code",
    "trust",
    multiple=True,
    metavar="FILE:SHA256",
    help="Run this file that is kept with RUN; repeatable. Read it first: code can do what you can.",
)


@click.command("list")
@command_options
def list_runs(bucket: str | None, as_json: bool) -> None:
    """List kept runs, newest first."""
    from cqs_backtest.luck import lucks
    from cqs_backtest.runs import annotations_of, survey

    opened = open_bucket(bucket)
    found, damaged = survey(opened)
    worth, said = lucks(opened, found), annotations_of(opened, found)
    rows = [_summary(*each) for each in zip(found, said, worth, strict=True)]

    def table() -> None:
        for row, luck, annotation in zip(rows, worth, said, strict=True):
            dates = f"{row['first'][:10]} to {row['last'][:10]}"
            mark = "  (metrics of another version)" if row["other_versions"] else ""
            deflated = f", deflated {luck.short} sets" if luck.short else ""
            text = f"CAGR {_number(row['cagr'])} %  Sharpe {_number(row['sharpe'], 2)}{deflated}{mark}"
            click.echo(safe(f"{row['id']}  {row['symbols']}  {dates}  {text}{_said(annotation)}"))
        if not rows:
            click.echo("no runs yet; `cqs backtest run` keeps them")

    emit(rows, as_json, table)
    for fault in [*map(str, damaged), *(one.fault for one in said if one.fault)]:
        click.echo(safe(f"cqs: {fault}"), err=True)


@click.command("annotate")
@click.argument("run")
@click.option("--name", help="A name in one line; empty takes it away.")
@click.option("--note", help="What you found; empty takes it away.")
@click.option("--tag", "added", multiple=True, metavar="TAG", help="Add a tag; repeatable.")
@click.option("--untag", "removed", multiple=True, metavar="TAG", help="Remove a tag; repeatable.")
@click.option("--star/--no-star", default=None, help="Mark it, or take the mark away.")
@command_options
def annotate(
    bucket: str | None,
    as_json: bool,
    run: str,
    name: str | None,
    note: str | None,
    added: tuple[str, ...],
    removed: tuple[str, ...],
    star: bool | None,
) -> None:
    """Name, tag or star RUN, or add a note to it. What verify checks stays as it is."""
    from dataclasses import asdict, replace

    from cqs_backtest.runs import annotate as keep_annotation
    from cqs_backtest.runs import annotation_of, manifest_of

    opened = open_bucket(bucket)
    opened.check(write=True)
    made = manifest_of(opened, run)
    seen = annotation_of(opened, made)
    tags = sorted((set(seen.tags) | set(added)) - set(removed)) if added or removed else None
    kept = keep_annotation(opened, made["id"], seen, name=name, note=note, tags=tags, star=star)

    def text() -> None:
        click.echo(safe(f"{made['id']}{_said(replace(kept, name=kept.name or '(no name)'))}"))
        for line in kept.note.splitlines():
            click.echo(safe(f"  {line}"))

    about = {"run": made["id"], **asdict(kept), "tags": [*kept.tags]}
    del about["fault"]
    emit(about, as_json, text)


@click.command("delete")
@click.argument("runs", nargs=-1, required=True)
@click.option("--for-good", is_flag=True, help="Remove their files too; this cannot be undone.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@command_options
def delete(bucket: str | None, as_json: bool, runs: tuple[str, ...], for_good: bool, yes: bool) -> None:
    """Take RUNS out of the lists; `cqs backtest restore` brings them back. They still count as tried."""
    from cqs_backtest.runs import delete as take_out
    from cqs_backtest.runs import purge
    from cqs_backtest.runs.store import id_of

    opened = open_bucket(bucket)
    opened.check(write=True)
    found = list(dict.fromkeys(id_of(opened, run) for run in runs))
    if for_good and not yes:
        if as_json:
            raise UsageError("--json asks nothing: add --yes to remove files for good")
        click.confirm(safe(f"Remove all files of {', '.join(found)} for good?"), abort=True, err=True)
    gone = [(purge if for_good else take_out)(opened, run) for run in found]
    emit({"deleted": gone, "for_good": for_good}, as_json, lambda: _say_each("deleted", gone))


@click.command("restore")
@click.argument("runs", nargs=-1)
@command_options
def restore(bucket: str | None, as_json: bool, runs: tuple[str, ...]) -> None:
    """Bring deleted RUNS back; without RUNS, list them."""
    from cqs_backtest.runs import deleted
    from cqs_backtest.runs import restore as bring_back

    opened = open_bucket(bucket)
    if not runs:
        listed = list(deleted(opened))
        emit({"deleted": listed}, as_json, lambda: _say_each("", listed or ["no run is deleted"]))
        return
    opened.check(write=True)
    back = [bring_back(opened, run) for run in runs]
    emit({"restored": back}, as_json, lambda: _say_each("restored", back))


@click.command("show")
@click.argument("run")
@command_options
def show(bucket: str | None, as_json: bool, run: str) -> None:
    """Print the manifest of RUN: an id, or how it begins."""
    from cqs_backtest.luck import lucks
    from cqs_backtest.runs import read

    opened = open_bucket(bucket)
    made = read(opened, run).manifest
    luck = lucks(opened, [made])[0]

    def text() -> None:
        from cqs_core.files import SafeConsole

        SafeConsole().print_json(data=made)
        if luck.sentence:
            click.echo(safe(luck.sentence))

    emit(made | {"luck": luck.row()}, as_json, text)


@click.command("compare")
@click.argument("runs", nargs=-1, required=True)
@command_options
def compare(bucket: str | None, as_json: bool, runs: tuple[str, ...]) -> None:
    """Put RUNS side by side: settings that differ, metrics, and trades that entered, left or changed."""
    from cqs_backtest.runs.run_comparison import compare as side_by_side

    if len(runs) < 2:
        raise UsageError("compare needs two runs or more; `cqs backtest list` names them")
    found = side_by_side(open_bucket(bucket), runs)

    def table() -> None:
        from cqs_backtest.commands.printing import print_comparison
        from cqs_core.files import SafeConsole

        print_comparison(SafeConsole(), found)

    emit(found, as_json, table)


@click.command("verify")
@click.argument("run")
@trust_code
@command_options
def verify(bucket: str | None, as_json: bool, run: str, trust: tuple[str, ...]) -> None:
    """Make RUN again and say whether it is identical, or what changed."""
    from cqs_backtest.runs.reproducing import verify as made_again

    found = made_again(open_bucket(bucket), run, trust)

    def text() -> None:
        click.echo(found["verdict"])
        for reason in found["because"]:
            click.echo(f"  {reason}")

    emit(found, as_json, text)


@click.command("confirm")
@click.argument("run")
@trust_code
@command_options
def confirm(bucket: str | None, as_json: bool, run: str, trust: tuple[str, ...]) -> None:
    """Execute RUN on the other engine too, however large it is, and note whether they agree."""
    from cqs_backtest.runs.confirm import confirm as on_both

    opened = open_bucket(bucket)
    opened.check(write=True)
    found = on_both(opened, run, trust)

    def text() -> None:
        click.echo(
            f"parity {found['parity']}, within {found['parity_difference']:.0e} {found['parity_where'] or ''}".rstrip()
        )

    emit(found, as_json, text)


@click.command("report")
@click.argument("run")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The HTML file to write, or a picture: FILE.png.",
)
@command_options
def report(bucket: str | None, as_json: bool, run: str, output: Path) -> None:
    """Write RUN as one HTML page that needs nothing else."""
    from cqs_backtest.luck import lucks
    from cqs_backtest.report import tear_sheet
    from cqs_backtest.result.tear_sheet import TearSheet
    from cqs_backtest.runs import read

    if not output.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {str(output.absolute().parent)!r}; make it, or name another output")
    opened = open_bucket(bucket)
    stored = read(opened, run)
    TearSheet(tear_sheet(stored, lucks(opened, [stored.manifest])[0])).save(output)
    emit({"run": stored.id, "output": str(output)}, as_json, lambda: click.echo(f"wrote {output}"))


def _say_each(verb: str, texts: Sequence[str]) -> None:
    for text in texts:
        click.echo(safe(f"{verb} {text}".strip()))


def _said(annotation: Annotation) -> str:
    """Star, name and tags, each after two spaces."""
    parts = ["*" if annotation.star else "", annotation.name, *(f"#{tag}" for tag in annotation.tags)]
    return "".join(f"  {part}" for part in parts if part)


def _summary(made: dict[str, Any], said: Annotation, luck: Luck) -> dict[str, Any]:
    from cqs_backtest.metrics.conventions import other_versions

    return {
        "id": made["id"],
        "name": said.name,
        "note": said.note,
        "tags": [*said.tags],
        "star": said.star,
        "created": made["created"],
        "strategy": made["strategy"]["name"],
        "exchange": made["exchange"],
        "symbols": ",".join(made["symbols"]),
        "interval": made["interval"],
        "first": made["first"],
        "last": made["last"],
        "engine": made["engine"],
        **{name: made["performance"].get(name) for name in _SHOWN},
        **{name: made["badges"].get(name) for name in _BADGES},
        "other_versions": other_versions(made),
        **luck.row(),
    }


def _number(value: float | None, digits: int = 1) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
