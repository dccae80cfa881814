"""The list of exchanges, without importing ccxt."""

from __future__ import annotations

import functools
from typing import Any

from cqs_core import Exchange, plugins
from cqs_data.exchanges.ccxt_ids import ccxt_ids
from cqs_data.exchanges.unified import CcxtExchange


@functools.cache
def generic() -> tuple[type[CcxtExchange], ...]:
    """One class for each id of ccxt that no file here refines."""
    from cqs_data.exchanges import REFINED

    taken = {kind.id for kind in REFINED}
    return tuple(_generic(name) for name in ccxt_ids() if name not in taken)


def described() -> list[dict[str, Any]]:
    """A row an exchange, refined ones first.

    Its id, title, quote of bare symbols, what it was tested against, and candles that it gives at most.
    """
    known = plugins().exchanges()
    rows = [_row(kind) for _, kind in sorted(known.items())]
    return sorted(rows, key=lambda row: row["tested"] == "generic")


def _generic(name: str) -> type[CcxtExchange]:
    about = {"id": name, "title": name, "generic": True, "__doc__": f"{name} by ccxt."}
    return type(name.capitalize(), (CcxtExchange,), about)


def _row(kind: type[Exchange]) -> dict[str, Any]:
    tested = "generic" if kind.generic else getattr(kind, "tested", "by its plugin")
    about = {"id": kind.id, "title": kind.title or kind.id, "quote": kind.quote}
    return about | {"tested": tested, "history": kind.history}
