"""The options of every command that runs a strategy: what to trade, when, on which candles, and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cqs_backtest.commands.slippage import slippage_bps
from cqs_core import INTERVALS
from cqs_core.trading import CAPITAL, FEE, SLIPPAGE_BPS

if TYPE_CHECKING:
    from cqs_backtest.request import Request
    from cqs_core import Bucket, Costs

_F = TypeVar("_F", bound=Callable[..., Any])
_COSTS = ("fee", "slippage_bps", "capital", "min_order", "lot", "max_volume_share", "on_end")
_OPTIONS = (
    click.option("--exchange", help="Exchange of the symbols; the home exchange by default."),
    click.option("--quote", help="Quote currency of bare symbols."),
    click.option(
        "--symbols",
        required=True,
        help="BTC,ETH or BTC/USDT: what to trade; earlier ones come first where cash is short.",
    ),
    click.option("--interval", default="1d", show_default=True, help=", ".join(INTERVALS) + "."),
    click.option("--start", help="First bar that may trade, UTC; earlier candles are warm-up."),
    click.option("--end", help="Exclusive; a bare date includes its day."),
    click.option("--set", "params", multiple=True, metavar="NAME=VALUE", help="A parameter of the strategy."),
    click.option("--capital", type=float, help=f"In quote currency; CQS_CAPITAL, else {CAPITAL:,.0f}."),
    click.option("--fee", type=float, help=f"Fraction of a fill, a side; CQS_FEE, else {FEE}."),
    click.option(
        "--slippage-bps",
        metavar="BPS",
        help=f"A side; or account:NAME, as measured. CQS_SLIPPAGE_BPS, else {SLIPPAGE_BPS:g}.",
    ),
    click.option("--min-order", type=float, default=0.0, help="Smallest order, in quote currency."),
    click.option("--lot", type=float, default=0.0, help="Quantities are multiples of it."),
    click.option(
        "--max-volume-share", type=float, help="Most of a bar's volume that fills may make up, 0.1 for a tenth."
    ),
    click.option(
        "--on-end",
        type=click.Choice(["hold", "sell"]),
        default="hold",
        show_default=True,
        help="If a symbol's candles end before the others': hold the position, or sell at the last close.",
    ),
    click.option("--allow-stale", is_flag=True, help="Run even if candles of a reference market are missing."),
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


def costs_of(options: dict[str, Any], bucket: str | None) -> Costs:
    """Take what concerns costs out of a command's options.

    Raises:
        UsageError: out of range.
    """
    from cqs_backtest.request import make_costs

    told = {name: options.pop(name) for name in _COSTS}
    return make_costs(**told | {"slippage_bps": slippage_bps(told["slippage_bps"], bucket)})


def with_features(request: Request, texts: tuple[str, ...], bucket: Bucket) -> Request:
    """The request with features that were written as text."""
    from dataclasses import replace

    from cqs_backtest.features import from_text

    found = dict(from_text(text, bucket, request.exchange, request.markets) for text in texts)
    return replace(request, features=found) if found else request
