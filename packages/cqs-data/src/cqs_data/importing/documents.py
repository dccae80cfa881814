"""Tables in JSON: rows, records, columns, as exchanges answer and as pandas, polars and DuckDB write them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from cqs_core import UsageError
from cqs_data.importing.numbers import is_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

_NUMERIC = 4  # cells of a candle that are numbers at least: open, high, low, close
_OPENS = {"open", "o", "opening_price", "시가"}  # a column of prices, which distinguishes columns from rows
_SHOWN = 5


class Document(NamedTuple):
    """A table of a JSON file; `headless` where its columns have no names."""

    frame: pd.DataFrame
    headless: bool


def read_document(name: str, data: bytes) -> Document:
    """The one table in a JSON file.

    Raises:
        UsageError: it is damaged, or has no table of numbers, or several.
    """
    try:
        found = dict(_tables("", _parsed(data)))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name!r} cannot be read as JSON: {error}") from None
    if not found:
        raise UsageError(f"{name!r} has no rows of candles: JSON needs a list of lists or of objects")
    if len(found) > 1:
        names = ", ".join(list(found)[:_SHOWN])
        raise UsageError(f"{name!r} holds {len(found)} tables ({names}); save each as its own file")
    return next(iter(found.values()))


def _parsed(data: bytes) -> Any:
    """One JSON value, or a list of those that stand one a line."""
    try:
        return json.loads(data)
    except ValueError:
        lines = [line for line in data.splitlines() if line.strip()]
        if len(lines) < 2 or not _is_whole(lines[0]):
            raise
        return [json.loads(line) for line in lines]


def _is_whole(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), (dict, list))
    except ValueError:
        return False


def _tables(name: str, value: Any) -> Iterator[tuple[str, Document]]:
    """Every table anywhere in a value, with the key that it stands under."""
    document = _records(value) if isinstance(value, list) else _columns(value) if isinstance(value, dict) else None
    if document is not None:
        yield name, document
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _tables(str(key), inner)


def _records(value: list[Any]) -> Document | None:
    import pandas as pd

    kind = type(value[0]) if value else None
    if kind not in (list, dict) or not all(isinstance(row, kind) for row in value):
        return None
    cells = value[0].values() if isinstance(value[0], dict) else value[0]
    return Document(pd.DataFrame(value), kind is list) if _numeric(cells) else None


def _columns(value: Mapping[str, Any]) -> Document | None:
    """Tables in pandas' `split`, `columns` and `index` form, and columns as lists."""
    import pandas as pd

    if {"columns", "data"} <= set(value) and isinstance(value["data"], list):
        index = value.get("index")
        return Document(_named(pd.DataFrame(value["data"], columns=value["columns"], index=index)), headless=False)
    inner = list(value.values())
    lists = {key: cells for key, cells in value.items() if isinstance(cells, list) and _is_flat(cells)}
    if len(lists) > _NUMERIC and len({len(cells) for cells in lists.values()}) == 1:
        return Document(pd.DataFrame(lists), headless=False)
    if len(inner) < 2 or not all(isinstance(one, dict) and _is_flat(one.values()) for one in inner):
        return None
    by_column = any(key.lower() in _OPENS for key in value)
    frame = pd.DataFrame(value) if by_column else pd.DataFrame.from_dict(dict(value), orient="index")
    return Document(_named(frame), headless=False) if _numeric(frame.iloc[0]) else None


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    """With the index as a column, unless it only counts rows."""
    keys = [str(key) for key in frame.index]
    if keys == [str(i) for i in range(len(frame))]:
        return frame.reset_index(drop=True)
    return frame.rename_axis("index").reset_index()


def _is_flat(cells: Any) -> bool:
    return not any(isinstance(cell, (dict, list)) for cell in cells)


def _numeric(cells: Any) -> bool:
    return sum(is_number(str(cell)) for cell in cells) >= _NUMERIC
