"""Whose candles a file has: as the call says, as a column says, or as the file is named."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cqs_core import UsageError, market_of
from cqs_data.importing.naming import Hint, market_in
from cqs_data.importing.rows import values_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from cqs_data.importing.column_mapping import ColumnMapping
    from cqs_data.importing.import_options import Options
    from cqs_data.importing.raw_table import RawTable

_SYMBOL = re.compile(r"[A-Za-z]?[A-Z0-9]{2,}([/_:.-][A-Z0-9]+)*")  # as exchanges write them; `bitcoin` is a word
_SETTLED = {"binanceusdm": "quote", "binancecoinm": "base"}  # exchanges on which everything is a future


def market(name: str, table: RawTable, columns: ColumnMapping, options: Options, hint: Hint) -> str:
    """The unified market.

    Raises:
        UsageError: none is known, or a column says another one than was given.
    """
    said = _said_symbol(table, columns)
    found = market_in(said) if said else None
    if options.market is None:
        if found or hint.market:
            return _settled(_same_pair(found, hint.market), options.exchange)
        reason = f"its symbol {said!r} can be read in several ways" if said else "nothing in it says so"
        raise UsageError(f"the market of {name!r} is not known: {reason}; say --market BASE/QUOTE")
    given = _resolved(options)
    if found and spot(found) != spot(given):
        raise UsageError(f"{name!r} is of {said!r}, which is {found}, not {given}; say --market {found}")
    if said and not found and _is_other(said, given, str(options.market)):
        raise UsageError(f"{name!r} is of {said!r}, not of {given}; --where takes the rows of one symbol")
    return given


def spot(unified: str) -> str:
    """`BTC/USDT` of `BTC/USDT:USDT`."""
    return unified.partition(":")[0]


def is_inverse(unified: str) -> bool:
    """Whether a future is settled in the coin itself: its volume is a number of contracts."""
    base, _, rest = unified.partition("/")
    return rest.partition(":")[2].partition("-")[0] == base


def typed_market(text: str, exchange: str, known: Collection[str] = ()) -> str:
    """A market as a user types it, known or not; `kPEPE` is kept as it is, `btc` becomes `BTC`.

    Raises:
        UsageError: it is none.
    """
    base = text.partition("/")[0]
    mixed = base.upper() != base != base.lower() and ":" not in base
    return market_of(text, exchange, known=[*known, text] if mixed else known)


def _same_pair(found: str | None, hinted: str | None) -> str:
    """The market in a column, with the settlement currency from the file's name if the pair is the same."""
    if found and hinted and spot(found) == spot(hinted):
        return max(found, hinted, key=len)
    return found or hinted or ""


def _settled(unified: str, exchange: str) -> str:
    if ":" in unified or exchange not in _SETTLED:
        return unified
    base, _, quote = unified.partition("/")
    return f"{unified}:{quote if _SETTLED[exchange] == 'quote' else base}"


def _is_other(said: str, given: str, typed: str) -> bool:
    return bool(_SYMBOL.fullmatch(said)) and given.partition("/")[0] not in said.upper() and said != typed


def _said_symbol(table: RawTable, columns: ColumnMapping) -> str | None:
    column = columns.fields.get("symbol")
    if column and len(table.frame):
        return values_of(table.frame, column)[0]
    tickers = {ticker for ticker in table.tickers if ticker}
    return tickers.pop() if len(tickers) == 1 else None


def _resolved(options: Options) -> str:
    """The market that was given: `BTC` by the exchange, a joined symbol such as `BTCUSDT` as it reads anywhere."""
    text = str(options.market)
    if "/" not in text and "-" not in text and (joined := market_in(text)):
        return joined
    return typed_market(text, options.exchange, options.known)
