"""`cqs backtest walk-forward`, and `montecarlo`, `permute` and `stress` of a kept run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from cqs_backtest.commands.request_options import request_options, with_features
from cqs_backtest.commands.runs import trust_code
from cqs_backtest.commands.sweep import make_sweep, search_options
from cqs_core.cli import command_options, emit, open_bucket

if TYPE_CHECKING:
    from collections.abc import Mapping

_SURE = 0.05


@click.command("walk-forward")
@click.argument("strategy")
@request_options
@search_options
@click.option("--optimize-days", type=int, required=True, help="Days on which parameters are chosen.")
@click.option("--test-days", type=int, required=True, help="Days after them on which the choice is tried.")
@click.option("--step-days", type=int, help="From one test to the next; by default as long as the test.")
@click.option("--embargo-days", type=int, default=0, show_default=True, help="Left out between the two.")
@click.option("--anchored", is_flag=True, help="Every choice begins with the first bar; else the days move along.")
@command_options
def walk_forward(
    bucket: str | None,
    as_json: bool,
    optimize_days: int,
    test_days: int,
    step_days: int | None,
    embargo_days: int,
    anchored: bool,
    **options: Any,
) -> None:
    """Choose parameters of STRATEGY on some days and try them on the next ones, again and again."""
    from cqs_backtest.search.walk_forward import Plan
    from cqs_backtest.search.walk_forward import walk_forward as walked

    plan = Plan(optimize_days, test_days, step_days, embargo_days, anchored)
    sweep, own = make_sweep(bucket, options)
    opened = open_bucket(bucket)
    opened.check(write=True)
    sweep = replace(sweep, request=with_features(sweep.request, own["features"], opened))
    found = walked(sweep, plan, opened, threads=own["threads"])
    emit(found, as_json, lambda: _print_windows(found))


def _print_windows(found: Mapping[str, Any]) -> None:
    for row in found["windows"]:
        dates = f"{row['test_start'][:10]} to {row['test_stop'][:10]}"
        if row["test"] is None:
            click.echo(f"{dates}  no set met the requirements; cash")
            continue
        chosen = " ".join(f"{name}={value}" for name, value in row["parameters"].items())
        click.echo(f"{dates}  {row['test']['total_return']:>8.2f} %  {chosen}")
    told = found["performance"]
    click.echo(
        f"tried: {told['total_return']:.2f} %, max drawdown {told['mdd']:.2f} %, Sharpe {told['sharpe']:.2f}; "
        f"efficiency {found['efficiency']:.2f}, {found['consistency']:.0%} of the windows earned"
    )
    click.echo(f"deflated Sharpe ratio {found['dsr']:.1%} of {found['trials']:,} trials")


@click.command("montecarlo")
@click.argument("run")
@click.option("--samples", type=int, default=1000, show_default=True, help="Curves of each method.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same curves.")
@click.option("--block", type=float, default=20.0, show_default=True, help="Mean days of the bootstrap's blocks.")
@click.option(
    "--noise", type=float, default=0.1, show_default=True, help="Noise on candles, as a fraction of the true range."
)
@click.option("--noise-samples", type=int, default=100, show_default=True, help="Runs on candles with noise.")
@click.option(
    "--ruin", type=float, default=0.5, show_default=True, help="Share of capital below which a curve is ruined."
)
@trust_code
@command_options
def montecarlo(bucket: str | None, as_json: bool, run: str, trust: tuple[str, ...], **options: Any) -> None:
    """Say what else RUN might have come to: trades in another order, days drawn anew, candles with noise."""
    from cqs_backtest.search.montecarlo import METHODS
    from cqs_backtest.search.montecarlo import montecarlo as drawn
    from cqs_backtest.search.opened_run import opened_run

    with opened_run(open_bucket(bucket), run, trust) as opened:
        found = drawn(opened, **options)

    def text() -> None:
        for name in METHODS:
            part = found[name]
            if part is None:
                click.echo(f"{name:<10} not done")
                continue
            cagr, mdd = part["cagr"], part["mdd"]
            click.echo(
                f"{name:<10} CAGR {cagr['low']:.1f} to {cagr['high']:.1f} %, max drawdown {mdd['low']:.1f} to "
                f"{mdd['high']:.1f} %, ruin {part['ruin']:.1%}"
            )

    emit(found, as_json, text)


@click.command("permute")
@click.argument("run")
@click.option("--samples", type=click.IntRange(1, 1_000_000), default=1000, show_default=True, help="Random entries.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the random numbers.")
@trust_code
@command_options
def permute(bucket: str | None, as_json: bool, run: str, samples: int, seed: int, trust: tuple[str, ...]) -> None:
    """Test whether the entries of RUN are better than random ones with the same holding times."""
    from cqs_backtest.search.opened_run import opened_run
    from cqs_backtest.search.permutation import permutation_test

    with opened_run(open_bucket(bucket), run, trust) as opened:
        found = {"run": opened.stored.id, **permutation_test(opened.result(), samples=samples, seed=seed)}

    def text() -> None:
        verdict = "better than chance" if found["p_value"] <= _SURE else "not distinguishable from chance"
        click.echo(f"p-value {found['p_value']:.3f}: the entries are {verdict}")
        click.echo(f"{found['mean_return']:.2f} % a position against {found['random_mean']:.2f} % at random")

    emit(found, as_json, text)


@click.command("stress")
@click.argument("run")
@click.option(
    "--shifts", type=click.IntRange(0, 100), default=5, show_default=True, help="Bars by which the start moves."
)
@trust_code
@command_options
def stress(bucket: str | None, as_json: bool, run: str, shifts: int, trust: tuple[str, ...]) -> None:
    """Run RUN again under worse costs, other starts, fewer symbols and years, and parameters one step away."""
    from cqs_backtest.search.opened_run import opened_run
    from cqs_backtest.search.stress import stress as stressed

    opened_bucket = open_bucket(bucket)
    with opened_run(opened_bucket, run, trust) as opened:
        found = stressed(opened, opened_bucket, shifts=shifts)

    def text() -> None:
        for row in [{"case": "as it was", "error": None, **found["base"]}, *found["rows"]]:
            figures = (
                row["error"] or f"CAGR {row['cagr']:>8.2f} %  MDD {row['mdd']:>7.2f} %  Sharpe {row['sharpe']:>6.2f}"
            )
            click.echo(f"{row['case']:<28} {figures}")
        click.echo(found["weakest"])

    emit(found, as_json, text)
