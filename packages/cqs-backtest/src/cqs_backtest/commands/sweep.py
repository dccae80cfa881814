"""`cqs backtest sweep` and `cqs backtest trials`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cqs_backtest.commands.executor_options import EXECUTOR, executor_of, executor_options
from cqs_backtest.commands.request_options import costs_of, request_options, run_options_of, with_features
from cqs_core import CqsError, UsageError
from cqs_core.cli import command_options, emit, open_bucket, parse_assignments, symbols_of

if TYPE_CHECKING:
    from cqs_backtest.search.sweep import Sweep

ASK_SETS = 100_000
ASK_SECONDS = 600


_F = TypeVar("_F", bound=Callable[..., Any])
_SEARCH = (
    click.option(
        "--param",
        "ranges",
        multiple=True,
        metavar="NAME[=RANGE]",
        help="lo:hi:step (hi included) or a,b,c; a bare name is the range of its own bounds. All by default.",
    ),
    click.option("--random", "count", type=int, help="So many sets of the grid at random, each once."),
    click.option("--optimize", type=int, help="So many sets that Optuna proposes; extra: cqs-backtest[optuna]."),
    click.option("--seed", type=int, default=0, show_default=True, help="Seed of --random and --optimize."),
    click.option(
        "--objective",
        "objectives",
        multiple=True,
        metavar="METRIC",
        help="What is looked for; Sharpe by default. Repeatable: the first chooses the best set.",
    ),
    click.option("--require", "requirements", multiple=True, metavar="TEXT", help="Such as 'num_trades>=30'."),
)


def search_options(function: _F) -> _F:
    """Add the options of every search: ranges, objectives and requirements."""
    function = executor_options(function)
    for option in reversed(_SEARCH):
        function = option(function)
    return function


yes_option = click.option("--yes", is_flag=True, help="Do not ask before a search that is large or takes long.")


def make_sweep(bucket: str | None, options: dict[str, Any]) -> tuple[Sweep, dict[str, Any]]:
    """The sweep that the options of a search describe, and the options of how it runs.

    Raises:
        UsageError: whatever makes no sense, before the bucket is touched.
    """
    from cqs_backtest.request import make_request
    from cqs_backtest.search.objective import make_objective
    from cqs_backtest.search.sweep import Sweep

    names = ("ranges", "count", "optimize", "seed", "objectives", "requirements", "features")
    own = {name: options.pop(name) for name in (*names, *EXECUTOR)}
    values: dict[str, Any] = {"costs": costs_of(options, bucket), "options": run_options_of(options)}
    fixed = parse_assignments(options.pop("params"), "--set")
    markets = symbols_of(options.pop("symbols"), bucket, options.get("exchange"), options.get("quote"))
    request = make_request(options.pop("strategy"), markets, params=fixed, **values, **options)
    objective = make_objective(own["objectives"] or "sharpe", own["requirements"])
    asked = Sweep(request, _ranges(own["ranges"], fixed), own["count"], own["seed"], objective, own["optimize"])
    asked.space()
    return asked, own


@click.command("sweep")
@click.argument("strategy")
@request_options
@search_options
@click.option(
    "--resume", default="", metavar="SWEEP", help="Go on with a sweep that was stopped, with the same options."
)
@yes_option
@command_options
def sweep(bucket: str | None, as_json: bool, resume: str, yes: bool, **options: Any) -> None:
    """Run STRATEGY with every set of parameters, and say how much of the best result may be luck."""
    from cqs_backtest.search.sweep import SweepJob

    asked, own = make_sweep(bucket, options)
    opened = open_bucket(bucket)
    opened.check(write=True)
    with executor_of(own) as executor:
        asked = replace(asked, request=with_features(asked.request, own["features"], opened))
        job = SweepJob(asked, opened, resume=resume, executor=executor)
        seconds = job.measure()
        confirm("sweep", len(job.space), seconds, yes=yes)
        with told_how_to_resume() as tell:
            result = job.run(tell)

    def text() -> None:
        from cqs_backtest.commands.printing import print_sweep
        from cqs_backtest.search.store import column_of
        from cqs_core.files import SafeConsole

        print_sweep(SafeConsole(), result, [column_of(axis.name) for axis in job.space.axes])

    emit(result, as_json, text)


@contextmanager
def told_how_to_resume() -> Iterator[Callable[[str], None]]:
    """A function that takes the id of a search; if that is stopped, the user is told how to go on with it."""
    started: list[str] = []
    remedy = "go on with the same command and --resume"
    try:
        yield started.append
    except KeyboardInterrupt:
        if started:
            click.echo(f"stopped; {remedy} {started[0]}", err=True)
        raise
    except CqsError as error:
        if not started or isinstance(error, UsageError):
            raise
        raise type(error)(f"{error}; {remedy} {started[0]}") from error


@click.command("trials")
@click.argument("strategy")
@command_options
def trials(bucket: str | None, as_json: bool, strategy: str) -> None:
    """Count the sets of parameters that were ever tried for STRATEGY, by markets and interval."""
    from cqs_backtest.loading.strategies import find, name_of
    from cqs_backtest.metrics.metric_text import figure
    from cqs_backtest.trials import survey

    name = name_of(find(strategy)) if strategy.endswith(".py") or ":" in strategy else strategy
    rows = survey(open_bucket(bucket), name)

    def text() -> None:
        for row in rows:
            dates = f"{row['first'][:10]} to {row['last'][:10]}"
            where = f"{row['exchange']} {','.join(row['symbols'])} {row['interval']}"
            click.echo(f"{row['trials']:>9,}  {where}  {dates}  best Sharpe {figure(row['best_sharpe'], '')}")
        if not rows:
            click.echo(f"no trials of {name!r} yet; `cqs backtest run` and `cqs backtest sweep` count them")

    emit(rows, as_json, text)


def _ranges(texts: tuple[str, ...], fixed: dict[str, str]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip()
        if name in found:
            raise UsageError(f"--param {name} is given twice; write all its values in one")
        if name in fixed:
            raise UsageError(f"{name!r} is given by --set and by --param; use one of them")
        found[name] = value.strip() if equals else None
    return found


def confirm(kind: str, sets: int, seconds: float, *, yes: bool) -> None:
    """Ask before a search that is large or takes long; without a terminal to ask on, it is refused.

    Args:
        kind: of search.
        sets: how many will be run.
        seconds: that they take, as measured.
        yes: whether the user wants no question.

    Raises:
        UsageError: the user does not want it, or cannot be asked.
    """
    if yes or (sets <= ASK_SETS and seconds <= ASK_SECONDS):
        return
    fact = f"the {kind} has {sets:,} sets and takes about {_duration(seconds)}"
    remedy = "narrow the ranges, give larger steps, or take some with --random 10000 or --optimize 500"
    if not (sys.stdin and sys.stdin.isatty()):
        raise UsageError(f"{fact}; {remedy}, or add --yes")
    if not click.confirm(f"{fact}. Start it?", err=True):
        raise UsageError(f"nothing was run; {remedy}")


def _duration(seconds: float) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{hours:,} h {minutes} min" if hours else f"{minutes} min"
