"""`cqs models`: inspect the trainer's models without loading them; evaluate trusted ones in an isolated process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cqs_core.cli import command_options, emit, open_bucket, print_table

if TYPE_CHECKING:
    from cqs_monitor.models.registry import Model


@click.group("models")
def models() -> None:
    """List, inspect, trust and evaluate regime models."""


@models.command("list")
@command_options
def list_(bucket: str | None, as_json: bool) -> None:
    """List versions, newest first, each inspected without being loaded."""
    from cqs_monitor.models.registry import models as registered
    from cqs_monitor.models.trust import trusted

    known = trusted()
    rows = [row.json() | {"trusted": row.sha256 in known} for row in registered(open_bucket(bucket))]
    emit(rows, as_json, lambda: _table(rows))


@models.command("show")
@click.argument("version")
@command_options
def show(version: str, bucket: str | None, as_json: bool) -> None:
    """Print one version with its metadata."""
    from cqs_monitor.models.registry import model
    from cqs_monitor.models.trust import trusted

    found = model(open_bucket(bucket), version)
    data = found.json() | {"trusted": found.sha256 in trusted(), "metadata": dict(found.metadata)}
    emit(data, as_json, lambda: _lines(data))


@models.command("inspect")
@click.argument("version")
@command_options
def inspect(version: str, bucket: str | None, as_json: bool) -> None:
    """Say what loading a version would import, without loading it."""
    from cqs_monitor.models.registry import model

    data = _inspected(model(open_bucket(bucket), version))
    emit(data, as_json, lambda: _lines(data))


@models.command("trust")
@click.argument("sha256")
@click.option("--revoke", is_flag=True, help="Take the trust back.")
@click.option("--unusual-code", is_flag=True, help="Also if it imports code outside the usual packages.")
@command_options
def trust(sha256: str, revoke: bool, unusual_code: bool, bucket: str | None, as_json: bool) -> None:
    """Allow the model with this hash to be loaded on this machine, in an isolated process.

    Loading a pickle runs code. Trust only models from people who may use this computer.
    """
    from cqs_monitor.models import trust as trust_list
    from cqs_monitor.models.registry import models as registered

    if revoke:
        trust_list.distrust(sha256)
        emit({"sha256": sha256, "trusted": False}, as_json, lambda: click.echo(f"{sha256}: no longer trusted"))
        return
    found = trust_list.trust(registered(open_bucket(bucket)), sha256, unusual=unusual_code)
    data = {"sha256": found.sha256, "version": found.version, "trusted": True}
    emit(
        data,
        as_json,
        lambda: click.echo(
            f"{found.version} is trusted on this machine; evaluate it: cqs models evaluate {found.version}"
        ),
    )


@models.command("evaluate")
@click.argument("version")
@click.option("--exchange", help="Where the candles are from; the home exchange by default.")
@click.option("--market", help="Which candles; BTC by default.")
@click.option(
    "--seconds", type=click.IntRange(1, 3600), default=120, show_default=True, help="That the model may take."
)
@click.option("--dry", is_flag=True, help="Do not store the regimes in the bucket.")
@command_options
def evaluate(
    version: str, exchange: str | None, market: str | None, seconds: int, dry: bool, bucket: str | None, as_json: bool
) -> None:
    """Hold a trusted model against the lake and store its regimes by day."""
    from cqs_monitor.models.evaluation.evaluate import evaluate as hold

    home = open_bucket(bucket, write=not dry)
    data = hold(home, version, exchange=exchange, market=market, seconds=seconds, keep=not dry).evaluation
    emit(data, as_json, lambda: _scores(data))


def _inspected(found: Model) -> dict[str, Any]:
    about = found.inspection.json() if found.inspection else {}
    size = found.entry.size if found.entry else None
    named: dict[str, Any] = {
        "version": found.version,
        "state": found.state,
        "sha256": found.sha256,
        "size": size,
        "verdict": None,
        "imports": [],
    }
    return named | about | {"problem": about.get("problem") or found.problem}


def _table(rows: list[dict[str, Any]]) -> None:
    if not rows:
        click.echo("no models; the trainer uploads them as models/regime_classifier_VERSION.pkl")
        return
    titles = ["Version", "State", "Size", "Verdict", "Trusted", "sha256"]
    cells = [_cells(row) for row in rows]
    colors = {"dangerous": "red", "imports unusual code": "red", "imports code": "yellow"}
    print_table(
        titles,
        [title == "Size" for title in titles],
        cells,
        lambda row, column: colors.get(cells[row][column], "") if column == 3 else "",
    )
    for row in rows:
        if row["problem"]:
            click.echo(f"{row['version']}: {row['problem']}", err=True)


def _cells(row: dict[str, Any]) -> list[str]:
    return [
        row["version"] + (" (latest)" if row["latest"] else ""),
        row["state"],
        "" if row["size"] is None else f"{row['size']:,}",
        row["verdict"] or "unknown",
        "yes" if row["trusted"] else "no",
        (row["sha256"] or "")[:12],
    ]


def _lines(data: dict[str, Any]) -> None:
    for name, value in data.items():
        shown = ", ".join(map(str, value)) if isinstance(value, list) else value
        if shown not in (None, "", {}):
            click.echo(f"{name:>16}  {shown}")


def _scores(data: dict[str, Any]) -> None:
    def percent(value: float | None) -> str:
        return "unknown" if value is None else f"{100 * value:.1f} %"

    click.echo(
        f"{data['version']} on {data['exchange']} {data['market']}, "
        f"{data['start']} to {data['end']}: now {data['regime']}"
    )
    click.echo(
        f"accuracy {percent(data['accuracy'])} (always the commonest label: {percent(data['majority'])}), "
        f"F1 {percent(data['f1'])}"
    )
    after = data["after_training"]
    click.echo(
        f"after training: {percent(after['accuracy'])} on {after['days']} days; "
        f"said by training: {percent(data['decay']['training_accuracy'])}"
    )
    for quarter in data["quarters"][-8:]:
        click.echo(
            f"  {quarter['quarter']}  {quarter['days']:>3} days  "
            f"accuracy {percent(quarter['accuracy']):>7}  F1 {percent(quarter['f1']):>7}"
        )
    for name, value in data["drift"].items():
        click.echo(f"  drift of {name}: {'unknown' if value is None else f'PSI {value:.2f}'}")
    for problem in data["problems"]:
        click.echo(f"note: {problem}", err=True)
    click.echo(
        f"regimes: {data['regimes'] or 'not stored'}; network of the model's process: {data['isolation']['network']}"
    )
