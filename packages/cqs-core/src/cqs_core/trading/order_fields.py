"""Reads one field of orders: types must be unambiguous, and labels decide where values go.

Arrays, lists and numbers go by position; pandas frames and series go by their labels. What has another type, another
shape or other labels is refused, with its place and the remedy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import numpy.typing as npt

from cqs_core.errors import UsageError
from cqs_core.time.clock import iso
from cqs_core.trading.frozen import frozen, is_frozen

if TYPE_CHECKING:
    import pandas as pd

Array = npt.NDArray[Any]
BOOLS = ("exit", "enter")


@dataclass(frozen=True)
class Grid:
    """The cells that orders are for.

    Attributes:
        shape: (T, S).
        ts: (T,) opens of the bars, ms UTC, where the candles are known.
        symbols: (S,) names of the candles' columns.
        first: row of the first bar that may trade: a frame labelled by time may begin there.
    """

    shape: tuple[int, int]
    ts: npt.NDArray[np.int64] | None = None
    symbols: tuple[str, ...] = ()
    first: int = 0

    def cell(self, t: int, s: int) -> str:
        """How a message names a cell."""
        bar = f"bar {t}" if self.ts is None else f"bar {t} ({iso(int(self.ts[t]))})"
        return f"{bar}, {self.symbols[s] if self.symbols else f'column {s}'}"


def read(name: str, value: Any, grid: Grid) -> Array:
    """A read-only bool or float64 array with 1 or T rows and 1 or S columns, and no memory shared with `value`.

    Raises:
        UsageError: another type, shape or label than the field and the grid allow.
    """
    wanted = np.bool_ if name in BOOLS else np.float64
    if type(value) is np.ndarray and value.ndim == 2 and value.dtype == wanted and is_frozen(value):
        return _fitting(name, value, grid)  # read before
    placed = _fitting(name, _labelled(name, value, grid) if _is_pandas(value) else _plain(name, value, grid), grid)
    _check_type(name, placed, grid)
    return frozen(np.ascontiguousarray(placed, dtype=wanted))


def _is_pandas(value: Any) -> bool:
    return type(value).__module__.partition(".")[0] == "pandas" and hasattr(value, "index")


def _plain(name: str, value: Any, grid: Grid) -> Array:
    """Unlabeled input as a two-dimensional array."""
    if isinstance(value, np.ma.MaskedArray):
        raise UsageError(f"orders' {name} is a masked array; fill the masked values, such as with .filled(False)")
    if not isinstance(value, np.ndarray | np.generic | list | tuple | bool | int | float | str):
        kind = f"{type(value).__module__}.{type(value).__name__}".removeprefix("builtins.")
        raise UsageError(f"orders' {name} is a {kind}; give a number, a list, a numpy array, or a pandas frame")
    try:
        array = np.asarray(value)
    except ValueError:
        raise UsageError(f"orders' {name} is a list of rows that differ in length; give each bar as many") from None
    if array.ndim == 0:
        return array.reshape(1, 1)
    return _column_or_row(name, array, grid) if array.ndim == 1 else array


def _column_or_row(name: str, array: Array, grid: Grid) -> Array:
    """One dimension: a value a bar for one symbol, a value a symbol for several."""
    rows, columns = grid.shape
    if columns == 1 and len(array) in (1, rows):
        return array[:, None]
    if len(array) == rows != columns:
        raise UsageError(
            f"orders' {name} has shape {array.shape}, one value a bar, and there are {columns} symbols; "
            f"write {name}[:, None] if it holds for all of them"
        )
    return array[None, :]


def _fitting(name: str, array: Array, grid: Grid) -> Array:
    rows, columns = grid.shape
    if array.ndim != 2 or array.shape[0] not in (1, rows) or array.shape[1] not in (1, columns):
        raise UsageError(f"orders' {name} has shape {array.shape}; it must broadcast to {grid.shape}")
    return array


def _check_type(name: str, array: Array, grid: Grid) -> None:
    kind = array.dtype.kind
    if name in BOOLS and kind != "b":
        _refuse_value(name, array, grid, "it must be true or false: use .fillna(False), or compare, as in signal > 0")
    if name not in BOOLS and kind not in "fiu":
        _refuse_value(name, array, grid, "it must be a number, or NaN where there is none: use .astype(float)")


def _refuse_value(name: str, array: Array, grid: Grid, remedy: str) -> NoReturn:
    """Names the first cell with a wrong value; the first one of all where only the type is wrong."""
    wrong = np.ones(array.shape, np.bool_)
    if array.dtype.kind == "f" and np.isnan(array).any():
        wrong = np.isnan(array)
    elif array.dtype.kind == "O" and name in BOOLS:
        odd = np.array([not isinstance(v, bool | np.bool_) for v in array.flat]).reshape(array.shape)
        wrong = odd if odd.any() else wrong
    t, s = np.argwhere(wrong)[0].tolist() if array.size else (0, 0)
    shown = array[t, s].item() if isinstance(array[t, s], np.generic) else array[t, s]
    kind = ", an object" if array.dtype.kind == "O" else ""
    raise UsageError(f"orders' {name} is {shown!r}{kind} at {grid.cell(t, s)}; {remedy}")


def _labelled(name: str, value: pd.DataFrame | pd.Series[Any], grid: Grid) -> Array:
    """A frame or series reordered to the candles' bars and symbols."""
    import pandas as pd

    values = _numbers(name, value)
    if isinstance(value, pd.DataFrame):
        rows, columns = _rows(name, value.index, grid), _columns(name, value.columns, grid)
        return _at_rows(name, values[:, columns], rows)
    if isinstance(value.index, pd.DatetimeIndex) or _are_stamps(value.index, grid):
        return _at_rows(name, values[:, None], _rows(name, value.index, grid))
    if pd.api.types.is_integer_dtype(value.index):
        in_order = values[_permutation(name, value.index, len(value), "row")]
        return _column_or_row(name, in_order, grid)
    return values[_columns(name, value.index, grid)][None, :]


def _at_rows(name: str, values: Array, rows: npt.NDArray[np.int64]) -> Array:
    """Rows of the values; a row of -1 has no order."""
    if (rows >= 0).all():
        return values[rows]
    none = False if name in BOOLS else np.nan
    found = values[np.maximum(rows, 0)]
    return np.where((rows < 0)[:, None], none, found)


def _numbers(name: str, value: pd.DataFrame | pd.Series[Any]) -> Array:
    """The values; of pandas' own nullable types as numpy's, where nothing is missing or a NaN may stand for it."""
    import pandas as pd

    types = list(value.dtypes) if isinstance(value, pd.DataFrame) else [value.dtype]
    if not any(pd.api.types.is_extension_array_dtype(t) for t in types):
        return np.asarray(value)
    whole = not bool(np.asarray(value.isna()).any())
    if name in BOOLS and whole and all(pd.api.types.is_bool_dtype(t) for t in types):
        return value.to_numpy(dtype=np.bool_)
    if name not in BOOLS and all(pd.api.types.is_numeric_dtype(t) and t != "boolean" for t in types):
        return value.to_numpy(dtype=np.float64, na_value=np.nan)
    return value.to_numpy(dtype=object)


def _are_stamps(index: pd.Index[Any], grid: Grid) -> bool:
    return grid.ts is not None and index.dtype == np.int64 and np.array_equal(np.sort(index.to_numpy()), grid.ts)


def _rows(name: str, index: pd.Index[Any], grid: Grid) -> npt.NDArray[np.int64]:
    """Where each bar's row is."""
    import pandas as pd

    if isinstance(index, pd.DatetimeIndex):
        return _by_time(name, index, grid)
    if _are_stamps(index, grid):
        return np.argsort(index.to_numpy())
    if pd.api.types.is_integer_dtype(index):
        return _permutation(name, index, grid.shape[0], "row")
    return _refuse_labels(name, "row", index[0] if len(index) else None, "the candles' times, such as candles.ts")


def _by_time(name: str, index: pd.DatetimeIndex, grid: Grid) -> npt.NDArray[np.int64]:
    if grid.ts is None:
        raise UsageError(f"orders' {name} is labelled by time; use orders.aligned(candles), which knows the times")
    stamps = (index.tz_convert("UTC") if index.tz is not None else index).as_unit("ms").asi8
    order = np.argsort(stamps, kind="stable")
    if len(stamps) != len(np.unique(stamps)):
        at = stamps[order][:-1][np.diff(stamps[order]) == 0][0]
        raise UsageError(f"orders' {name} has the time {iso(int(at))} twice; drop duplicates")
    if len(missing := np.setdiff1d(grid.ts[grid.first :], stamps)):
        raise UsageError(
            f"orders' {name} has no row for the bar at {iso(int(missing[0]))}; "
            "reindex it to the candles' times, and say what holds where it has none"
        )
    if len(extra := np.setdiff1d(stamps, grid.ts)):
        raise UsageError(f"orders' {name} has a row for {iso(int(extra[0]))}, where no bar is; reindex it")
    if len(stamps) == len(grid.ts):
        return order
    place = np.searchsorted(stamps[order], grid.ts)
    here = stamps[order][np.minimum(place, len(order) - 1)] == grid.ts
    return np.where(here, order[np.minimum(place, len(order) - 1)], -1)


def _columns(name: str, labels: pd.Index[Any], grid: Grid) -> npt.NDArray[np.int64]:
    """Where each symbol's column is."""
    import pandas as pd

    if pd.api.types.is_integer_dtype(labels):
        return _permutation(name, labels, grid.shape[1], "column")
    if not grid.symbols:
        raise UsageError(f"orders' {name} is labelled by symbol; use orders.aligned(candles), which knows the symbols")
    known, given = list(grid.symbols), list(labels)
    for label in given:
        if label not in known or given.count(label) > 1:
            _refuse_labels(name, "column", label, f"candles.symbols: {', '.join(known)}")
    for symbol in known:
        if symbol not in given:
            raise UsageError(f"orders' {name} has no column for {symbol}; give one to each of candles.symbols")
    return np.array([given.index(symbol) for symbol in known], dtype=np.int64)


def _permutation(name: str, labels: pd.Index[Any], size: int, what: str) -> npt.NDArray[np.int64]:
    """Labels that count from 0, in whatever order."""
    given = labels.to_numpy()
    order = np.argsort(given, kind="stable")
    if len(given) != size or not np.array_equal(given[order], np.arange(size)):
        fact = f"has {len(given)} {what}s where the candles have {size}" if len(given) != size else "repeats labels"
        raise UsageError(f"orders' {name} {fact}; label {what}s as the candles are, or give an array")
    return order


def _refuse_labels(name: str, what: str, label: Any, wanted: str) -> NoReturn:
    raise UsageError(f"orders' {name} has a {what} {label!r}; its {what}s must be labelled with {wanted}")
