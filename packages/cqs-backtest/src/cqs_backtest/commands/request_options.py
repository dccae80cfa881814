"""The options of every command that runs a strategy: what to trade, when, on which candles, and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cqs_backtest.commands.slippage import slippage_bps
from cqs_backtest.run_options import COSTS, OPTIONS, RUN, SEARCHED, RunOptions
from cqs_core import INTERVALS
from cqs_core.cli import symbols_option

if TYPE_CHECKING:
    from cqs_backtest.request import Request
    from cqs_core import Bucket, Costs

_F = TypeVar("_F", bound=Callable[..., Any])


def click_option(name: str) -> Callable[[_F], _F]:
    """The option of a command, as it is declared."""
    option, flag = OPTIONS[name], name.replace("_", "-")
    if option.kind is bool:
        if option.default:
            return click.option(f"--{flag}/--no-{flag}", default=True, show_default=True, help=option.help)
        return click.option(f"--{flag}", is_flag=True, help=option.help)
    kind = click.Choice(list(option.choices.values())) if option.choices else option.kind
    shown = option.choices is not None
    return click.option(
        f"--{flag}", type=kind, default=option.default, show_default=shown, metavar=option.metavar, help=option.help
    )


_OPTIONS = (
    click.option("--exchange", help="Exchange of the symbols; the home exchange by default."),
    click.option("--quote", help="Quote currency of bare symbols."),
    symbols_option("BTC,ETH or BTC/USDT: what to trade; earlier ones come first where cash is short", required=True),
    click.option("--interval", default="1d", show_default=True, help=", ".join(INTERVALS) + "."),
    click.option("--start", help="First bar that may trade, UTC; earlier candles are warm-up."),
    click.option("--end", help="Exclusive; a bare date includes its day."),
    click.option("--set", "params", multiple=True, metavar="NAME=VALUE", help="A parameter of the strategy."),
    *(click_option(name) for name in SEARCHED),
    click.option(
        "--feature",
        "features",
        multiple=True,
        metavar="NAME=SOURCE",
        help="Data from outside: models:v9, a parquet or CSV file, or 'sql:SELECT …'; NAME@KNOWN, such as regime@1d, "
        "says when it is known (close, open, or how long after its time).",
    ),
    click.option(
        "--only-in", metavar="NAME=VALUE", help="Trade only while a feature has this value, such as regime=bull."
    ),
)


def request_options(function: _F) -> _F:
    """Add the options, as arguments of the same names; `--set` is `params`."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def only_of_runs(function: _F) -> _F:
    """Add the options that searches do not have."""
    for name in reversed(OPTIONS):
        if name not in SEARCHED:
            function = click_option(name)(function)
    return function


def costs_of(options: dict[str, Any], bucket: str | None) -> Costs:
    """Take what concerns costs out of a command's options.

    Raises:
        UsageError: out of range.
    """
    from cqs_backtest.request import make_costs

    values = {name: options.pop(name) for name in COSTS}
    return make_costs(**values | {"slippage_bps": slippage_bps(values["slippage_bps"], bucket)})


def run_options_of(options: dict[str, Any]) -> RunOptions:
    """Take what says how to run out of a command's options."""
    return RunOptions(**{name: options.pop(name) for name in RUN if name in options})


def with_features(request: Request, texts: tuple[str, ...], bucket: Bucket) -> Request:
    """The request with features that were written as text."""
    from dataclasses import replace

    from cqs_backtest.features import from_text

    found = dict(from_text(text, bucket, request.exchange, request.markets) for text in texts)
    return replace(request, features=found) if found else request
