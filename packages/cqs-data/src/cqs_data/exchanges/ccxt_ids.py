"""Ids of exchanges that ccxt knows, without importing it."""

from __future__ import annotations

import difflib
import functools
import importlib.util
from pathlib import Path

from cqs_core import UsageError

_NO_EXCHANGES = {"__init__", "polymarket"}


@functools.cache
def ccxt_ids() -> tuple[str, ...]:
    """Every id that ccxt knows, by the files of its package."""
    return _ids("async_support")


@functools.cache
def live_ids() -> tuple[str, ...]:
    """Those of which ccxt has websockets."""
    return _ids("pro")


def require_known(name: str) -> None:
    """Refuse an id that ccxt does not know.

    Raises:
        UsageError: the message names the nearest.
    """
    if name in ccxt_ids():
        return
    near = difflib.get_close_matches(str(name).lower(), ccxt_ids(), n=1)
    remedy = f"did you mean {near[0]!r}?" if near else "subclass cqs_core.Exchange for one that ccxt does not know"
    raise UsageError(f"ccxt has no exchange {name!r}; {remedy}")


def _ids(folder: str) -> tuple[str, ...]:
    found = importlib.util.find_spec("ccxt")
    if found is None or found.origin is None:
        return ()
    files = (Path(found.origin).parent / folder).glob("*.py")
    return tuple(sorted({path.stem for path in files} - _NO_EXCHANGES))
