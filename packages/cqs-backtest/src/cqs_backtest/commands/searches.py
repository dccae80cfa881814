"""`cqs backtest searches`: sweeps and walk-forwards that the bucket keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cqs_core.cli import command_options, emit, open_bucket
from cqs_core.files import safe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cqs_backtest.search.kept import KeptSearch


@click.command("searches")
@click.argument("search", required=False)
@command_options
def searches(bucket: str | None, as_json: bool, search: str | None) -> None:
    """List sweeps and walk-forwards, newest first; or show SEARCH, an id or how it begins."""
    from cqs_backtest.search.kept import find, survey

    opened = open_bucket(bucket)
    if search is not None:
        found = find(opened, search)
        whole = {**found.about(), "manifest": found.manifest, "result": found.result}
        emit(whole, as_json, lambda: _print(found))
        return
    kept, damaged = survey(opened)
    rows = [one.about() for one in kept]
    emit(rows, as_json, lambda: _print_list(rows))
    for error in damaged:
        click.echo(safe(f"cqs: {error}"), err=True)


def _print_list(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        click.echo(safe(f"{row['id']}  {row['kind']}  {','.join(row['symbols'])}  {row['sets']:,} sets  {_worth(row)}"))
    if not rows:
        click.echo("no searches yet; `cqs backtest sweep` and `cqs backtest walk-forward` make them")


def _worth(row: Mapping[str, Any]) -> str:
    """The Sharpe ratio and the deflated one, in words."""
    if not row["done"]:
        return f"runs, or was stopped; go on with --resume {row['id']}"
    sharpe = "unknown" if row["sharpe"] is None else f"{row['sharpe']:.2f}"
    chance = "unknown" if row["dsr"] is None else f"{row['dsr']:.1%}"
    return f"Sharpe {sharpe}, deflated {chance} of {row['trials']:,} trials"


def _print(found: KeptSearch) -> None:
    from cqs_backtest.commands.printing import print_sweep, print_walk_forward
    from cqs_backtest.search.store import column_of
    from cqs_core.files import SafeConsole

    row = found.about()
    click.echo(
        safe(f"{row['id']}  {row['strategy']} on {','.join(row['symbols'])} ({row['exchange']}, {row['interval']})")
    )
    if found.result is None:
        click.echo(safe(_worth(row)))
    elif found.folder.kind == "sweep":
        print_sweep(SafeConsole(), found.result, [column_of(name) for name in found.manifest["axes"]])
    else:
        print_walk_forward(SafeConsole(), found.result)
