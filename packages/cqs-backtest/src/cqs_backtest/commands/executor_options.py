"""The options of every command whose work can be divided: where it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from cqs_backtest.search.executors import Executor

_F = TypeVar("_F", bound=Callable[..., Any])
EXECUTOR = ("threads", "workers", "scheduler")
_MOST = 256
_OPTIONS = (
    click.option("--threads", type=click.IntRange(1, _MOST), help="Threads of this process."),
    click.option(
        "--workers",
        type=click.IntRange(1, _MOST),
        help="Processes of this machine. Without any of these options, as many as processors if it is worth it.",
    ),
    click.option("--scheduler", metavar="ADDRESS", help="A Dask cluster, such as tcp://host:8786."),
)


def executor_options(function: _F) -> _F:
    """Add the options, as arguments of the same names."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def executor_of(options: dict[str, Any]) -> Executor:
    """Take what concerns the executor out of a command's options; to be used in a `with` block.

    Raises:
        UsageError: options that exclude each other, or a scheduler that does not answer.
    """
    from cqs_backtest.search.executors import open_executor

    return open_executor(**{name: options.pop(name) for name in EXECUTOR})
