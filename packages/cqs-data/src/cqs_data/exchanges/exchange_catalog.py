"""The list of exchanges, without importing ccxt."""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path
from typing import Any

from cqs_core import Exchange, plugins
from cqs_data.exchanges.unified import CcxtExchange

_NO_EXCHANGES = {"__init__", "polymarket"}


@functools.cache
def ccxt_ids() -> tuple[str, ...]:
    """Every id that ccxt knows, by the files of its package."""
    return _ids("async_support")


@functools.cache
def live_ids() -> tuple[str, ...]:
    """Those of which ccxt has websockets."""
    return _ids("pro")


@functools.cache
def generic() -> tuple[type[CcxtExchange], ...]:
    """One class for each id of ccxt that no file here refines."""
    from cqs_data.exchanges import REFINED

    taken = {kind.id for kind in REFINED}
    return tuple(_generic(name) for name in ccxt_ids() if name not in taken)


def described() -> list[dict[str, Any]]:
    """A row an exchange: id, title, what it was tested against, candles that it gives at most; refined ones first."""
    known = plugins().exchanges()
    rows = [_row(kind) for _, kind in sorted(known.items())]
    return sorted(rows, key=lambda row: row["tested"] == "generic")


def _ids(folder: str) -> tuple[str, ...]:
    found = importlib.util.find_spec("ccxt")
    if found is None or found.origin is None:
        return ()
    files = (Path(found.origin).parent / folder).glob("*.py")
    return tuple(sorted({path.stem for path in files} - _NO_EXCHANGES))


def _generic(name: str) -> type[CcxtExchange]:
    about = {"id": name, "title": name, "generic": True, "__doc__": f"{name} by ccxt."}
    return type(name.capitalize(), (CcxtExchange,), about)


def _row(kind: type[Exchange]) -> dict[str, Any]:
    tested = "generic" if kind.generic else getattr(kind, "tested", "by its plugin")
    return {"id": kind.id, "title": kind.title or kind.id, "tested": tested, "history": kind.history}
