"""`--endpoint`: a server to use instead of the real exchange."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from cqs_core import settings

_F = TypeVar("_F", bound=Callable[..., Any])


def endpoint_option(text: str) -> Callable[[_F], _F]:
    """`--endpoint` with its help."""
    return click.option("--endpoint", metavar="URL", help=text)


def endpoint_of(option: str | None) -> str | None:
    """The endpoint by option or settings.

    Raises:
        UsageError: it is not a base URL.
    """
    from cqs_data.exchanges.connection import check_endpoint

    return check_endpoint(settings(endpoint=option).endpoint)
