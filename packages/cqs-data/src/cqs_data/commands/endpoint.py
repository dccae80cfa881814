"""`--endpoint`: what is asked instead of the real exchange."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click

from cqs_core import UsageError, settings

_F = TypeVar("_F", bound=Callable[..., Any])


def endpoint_option(text: str) -> Callable[[_F], _F]:
    """`--endpoint` with its help."""
    return click.option("--endpoint", metavar="URL", help=text)


def endpoint_of(option: str | None) -> str | None:
    """The endpoint by option or settings.

    Raises:
        UsageError: it is no base URL.
    """
    from cqs_data.exchanges.connection import check_endpoint

    given = settings(endpoint=option).endpoint
    try:
        if given:
            urlsplit(given).port  # noqa: B018 - raises
    except ValueError as error:
        fact = str(error)
        raise UsageError(f"endpoint {given!r} is no base URL ({fact}); write http://127.0.0.1:8080") from None
    return check_endpoint(given)
