"""The rows and columns of a table that are meant: those of one symbol, one interval, one exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqs_core import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from cqs_data.importing.column_mapping import ColumnMapping
    from cqs_data.importing.raw_table import RawTable

_SHOWN = 5
_TICKER = ("ticker", "symbol")


def of_one_symbol(name: str, table: RawTable, where: Mapping[str, str]) -> tuple[RawTable, Mapping[str, str]]:
    """If columns belong to symbols, the columns of one symbol, and the rest of `where`.

    Raises:
        UsageError: they are of several, and `where` names none.
    """
    several = sorted({ticker for ticker in table.tickers if ticker})
    if len(several) < 2:
        return table, where
    wanted = next((where[key] for key in _TICKER if key in where), None)
    if wanted not in several:
        symbols = f"{len(several)} symbols ({_listed(several)})"
        raise UsageError(f"{name!r} has columns of {symbols}; choose one: --where ticker={several[0]}")
    kept = [i for i, ticker in enumerate(table.tickers) if ticker in ("", wanted)]
    rest = {key: value for key, value in where.items() if key not in _TICKER}
    tickers = [table.tickers[i] for i in kept]
    return table._replace(frame=table.frame.iloc[:, kept], tickers=tickers), rest


def chosen(name: str, table: RawTable, columns: ColumnMapping, where: Mapping[str, str], exchange: str) -> RawTable:
    """The rows that `--where` asks for; all of them must then be of one symbol, one interval and this exchange.

    Raises:
        UsageError: a column is unknown, no row fits, or several symbols or intervals are left.
    """
    frame = table.frame
    for column, value in where.items():
        frame = _filtered(name, frame, columns.fields.get(column, column.lower()), column, value)
    for what in ("symbol", "interval", "exchange"):
        key = columns.fields.get(what)
        if key and (several := values_of(frame, key))[1:]:
            raise UsageError(
                f"{name!r} has candles of {len(several)} {what}s ({_listed(several)}); "
                f"choose one: --where {key}={several[0]}"
            )
    _check_exchange(name, frame, columns.fields.get("exchange"), exchange)
    return table._replace(frame=frame.reset_index(drop=True))


def values_of(frame: pd.DataFrame, column: str) -> list[str]:
    """The different values of a column, as text."""
    return [str(value).strip() for value in frame[column].dropna().unique()]


def _filtered(name: str, frame: pd.DataFrame, key: str, column: str, value: str) -> pd.DataFrame:
    if key not in frame.columns:
        raise UsageError(f"{name!r} has no column {column!r} for --where; it has {', '.join(frame.columns)}")
    have: pd.Series[Any] = frame[key].astype("string").str.strip()
    found = frame[(have == value).fillna(value=False)]
    if not len(found):
        some = _listed([str(one) for one in have.dropna().unique()])
        raise UsageError(f"no row of {name!r} has {value!r} in {column!r}; it has {some}")
    return found


def _check_exchange(name: str, frame: pd.DataFrame, column: str | None, exchange: str) -> None:
    """Refuse candles that say of themselves that they are of another exchange."""
    from cqs_core import plugins

    said = values_of(frame, column)[0].lower() if column and len(frame) else exchange
    if said != exchange and said in plugins().exchanges():
        raise UsageError(f"{name!r} is of exchange {said!r}, not of {exchange!r}; say --exchange {said}")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")
