"""Checks values from a page before work starts: a browser or a link can send values that no widget offers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cqs_core import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import param

_LONGEST = 20_000
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_FILE = re.compile(r"(?:\.{0,2}[/\\]|~|[A-Za-z]:[/\\]|file:)|.*\.py(?::|$)", re.IGNORECASE)


def offered(form: param.Parameterized, *names: str) -> None:
    """Refuse a selection that the form does not offer: a selector takes any value that a browser sends.

    Raises:
        UsageError: it names the field and the value.
    """
    for name in names:
        options, value = form.param[name].objects, getattr(form, name)
        for one in value if isinstance(value, list) else [value]:
            if one not in options:
                raise UsageError(f"{name} {str(one)[:80]!r} is not offered; choose one of the list")


def checked(arguments: Sequence[str]) -> list[str]:
    """The arguments of a job that a page starts; no file of this machine may be among them.

    >>> checked(["backtest", "run", "momentum", "--symbols", "BTC/KRW"])[2]
    'momentum'

    Raises:
        UsageError: one names a file, or has control characters.
    """
    for one in arguments:
        if len(one) > _LONGEST or _CONTROL.search(one):
            raise UsageError(f"{one[:80]!r} is too long, or has control characters; no page may start a job with it")
        if _FILE.match(one):
            raise UsageError(f"{one[:80]!r} names a file; a page starts jobs without any, use the command line")
    return list(arguments)
