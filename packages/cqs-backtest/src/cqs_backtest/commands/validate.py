"""`cqs backtest walk-forward`, and `montecarlo`, `permute` and `stress` of a kept run."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from cqs_backtest.commands.executor_options import executor_of, executor_options
from cqs_backtest.commands.request_options import request_options, with_features
from cqs_backtest.commands.runs import trust_code
from cqs_backtest.commands.sweep import confirm, make_sweep, search_options, told_how_to_resume, yes_option
from cqs_core.cli import command_options, emit, open_bucket

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cqs_backtest.search.opened_run import OpenedRun
    from cqs_core import Bucket

_SURE = 0.05
_keep = click.option("--keep/--no-keep", default=True, show_default=True, help="Store the result with the run.")


@click.command("walk-forward")
@click.argument("strategy")
@request_options
@search_options
@click.option("--optimize-days", type=int, required=True, help="Days on which parameters are chosen.")
@click.option("--test-days", type=int, required=True, help="Days after them on which the choice is tried.")
@click.option("--step-days", type=int, help="From one test to the next; by default as long as the test.")
@click.option("--embargo-days", type=int, default=0, show_default=True, help="Left out between the two.")
@click.option("--anchored", is_flag=True, help="Every choice begins with the first bar; else the days move along.")
@click.option(
    "--resume", default="", metavar="ID", help="Go on with a walk-forward that was stopped, with the same options."
)
@yes_option
@command_options
def walk_forward(
    bucket: str | None,
    as_json: bool,
    resume: str,
    yes: bool,
    optimize_days: int,
    test_days: int,
    step_days: int | None,
    embargo_days: int,
    anchored: bool,
    **options: Any,
) -> None:
    """Choose parameters of STRATEGY on some days and try them on the next ones, again and again."""
    from cqs_backtest.commands.printing import print_walk_forward
    from cqs_backtest.search.plan import Plan
    from cqs_backtest.search.walk_forward import walk_forward as walked
    from cqs_core.files import SafeConsole

    plan = Plan(optimize_days, test_days, step_days, embargo_days, anchored)
    sweep, own = make_sweep(bucket, options)
    opened = open_bucket(bucket)
    opened.check(write=True)
    sweep = replace(sweep, request=with_features(sweep.request, own["features"], opened))

    def ask(sets: int, seconds: float) -> None:
        confirm("walk-forward", sets, seconds, yes=yes)

    with executor_of(own) as executor, told_how_to_resume() as tell:
        found = walked(sweep, plan, opened, executor=executor, resume=resume, ask=ask, tell=tell)
    emit(found, as_json, lambda: print_walk_forward(SafeConsole(), found))


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
@executor_options
@_keep
@trust_code
@command_options
def montecarlo(bucket: str | None, as_json: bool, run: str, trust: tuple[str, ...], keep: bool, **options: Any) -> None:
    """Say what else RUN might have come to: trades in another order, days drawn anew, candles with noise."""
    from cqs_backtest.search.montecarlo import METHODS
    from cqs_backtest.search.montecarlo import montecarlo as drawn

    with executor_of(options) as executor, _opened(bucket, run, trust, keep=keep) as opened:
        found = drawn(opened, executor=executor, **options)

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
    _store(opened.bucket, "montecarlo", found, options, keep=keep)


@click.command("permute")
@click.argument("run")
@click.option("--samples", type=click.IntRange(1, 1_000_000), default=1000, show_default=True, help="Random entries.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the random numbers.")
@_keep
@trust_code
@command_options
def permute(
    bucket: str | None, as_json: bool, run: str, samples: int, seed: int, trust: tuple[str, ...], keep: bool
) -> None:
    """Test whether the entries of RUN are better than random ones with the same holding times."""
    from cqs_backtest.search.permutation import permutation_test

    with _opened(bucket, run, trust, keep=keep) as opened:
        found = {"run": opened.stored.id, **permutation_test(opened.result(), samples=samples, seed=seed)}

    def text() -> None:
        verdict = "better than chance" if found["p_value"] <= _SURE else "not distinguishable from chance"
        click.echo(f"p-value {found['p_value']:.3f}: the entries are {verdict}")
        click.echo(f"{found['mean_return']:.2f} % a position against {found['random_mean']:.2f} % at random")

    emit(found, as_json, text)
    _store(opened.bucket, "permute", found, {"samples": samples, "seed": seed}, keep=keep)


@click.command("stress")
@click.argument("run")
@click.option(
    "--shifts", type=click.IntRange(0, 100), default=5, show_default=True, help="Bars by which the start moves."
)
@executor_options
@_keep
@trust_code
@command_options
def stress(
    bucket: str | None, as_json: bool, run: str, shifts: int, trust: tuple[str, ...], keep: bool, **options: Any
) -> None:
    """Run RUN again under worse costs, other starts, fewer symbols and years, and parameters one step away."""
    from cqs_backtest.search.stress import stress as stressed

    with executor_of(options) as executor, _opened(bucket, run, trust, keep=keep) as opened:
        found = stressed(opened, shifts=shifts, executor=executor)

    def text() -> None:
        for row in [{"case": "as it was", "error": None, **found["base"]}, *found["rows"]]:
            figures = (
                row["error"] or f"CAGR {row['cagr']:>8.2f} %  MDD {row['mdd']:>7.2f} %  Sharpe {row['sharpe']:>6.2f}"
            )
            click.echo(f"{row['case']:<28} {figures}")
        click.echo(found["weakest"])

    emit(found, as_json, text)
    _store(opened.bucket, "stress", found, {"shifts": shifts}, keep=keep)


@contextmanager
def _opened(bucket: str | None, run: str, trust: tuple[str, ...], *, keep: bool) -> Iterator[OpenedRun]:
    """A kept run; a bucket that cannot store the result is refused before anything is computed."""
    from cqs_backtest.search.opened_run import opened_run

    opened = open_bucket(bucket)
    opened.check(write=keep)
    with opened_run(opened, run, trust) as made:
        yield made


def _store(bucket: Bucket, kind: str, found: Mapping[str, Any], options: Mapping[str, Any], *, keep: bool) -> None:
    """After it is printed: a full disk does not lose it."""
    from cqs_backtest.search.validations import keep_validation

    if keep:
        keep_validation(bucket, kind, found, options)
