"""The option `--symbols`: names of markets, `@name` for a saved set of them, and what a shell completes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cqs_core.cli.assignments import parse_list
from cqs_core.cli.options import open_bucket
from cqs_core.errors import CqsError

if TYPE_CHECKING:
    from collections.abc import Sequence

_F = TypeVar("_F", bound=Callable[..., Any])


def symbols_option(help: str, **params: Any) -> Callable[[_F], _F]:  # noqa: A002 - as click calls it
    """`--symbols`, which a shell completes with saved sets and the markets of the lake; `params` are click's."""
    text = f"{help.rstrip('.')}; @NAME is a saved set."
    return click.option("--symbols", metavar="A,B", help=text, shell_complete=_completed, **params)


def symbols_of(
    text: str | None, bucket: str | None, exchange: str | None = None, quote: str | None = None
) -> Sequence[str]:
    """The symbols that the option names; the bucket is opened only where one of them is a set.

    Raises:
        UnknownName: no such set.
        UsageError: the set has markets of another exchange.
    """
    from cqs_core.lake import with_sets

    return with_sets(parse_list(text), lambda: open_bucket(bucket), exchange, quote)


def _completed(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """What may follow the last comma."""
    from cqs_core.lake import Lake, names_of_sets, symbol_of_set

    before, comma, part = incomplete.rpartition(",")
    known: list[str] = []
    with contextlib.suppress(CqsError, OSError):
        opened = open_bucket(context.params.get("bucket"))
        known += map(symbol_of_set, names_of_sets(opened))
        known += sorted({one.market for one in Lake(opened).series()})
    return [f"{before}{comma}{one}" for one in known if one.casefold().startswith(part.casefold())]
