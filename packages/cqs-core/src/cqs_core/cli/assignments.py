"""Values of options that hold several things: `--set NAME=VALUE` and `--symbols BTC,ETH`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable


def parse_assignments(texts: Iterable[str], option: str = "--set", form: str = "NAME=VALUE") -> dict[str, str]:
    """Values by name; if a name is given twice, the last value wins.

    Args:
        texts: what the option was given, each time.
        option: its name, for errors.
        form: how an assignment is written, for errors.

    Raises:
        UsageError: a text is not an assignment.

    >>> parse_assignments(["fast=10", "slow = 50"])
    {'fast': '10', 'slow': '50'}
    """
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"{option} {text!r} is not {form}")
        found[name.strip()] = value.strip()
    return found


def parse_list(text: str | None) -> list[str]:
    """The parts of a comma-separated list; empty parts are dropped.

    >>> parse_list("BTC, ETH,")
    ['BTC', 'ETH']
    """
    return [part.strip() for part in (text or "").split(",") if part.strip()]
