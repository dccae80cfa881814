"""The rows of a sweep as charts take them: known figures, few enough to draw, with names and texts for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_backtest.metrics.conventions import CONVENTIONS
from cqs_core import UsageError
from cqs_panel import label

if TYPE_CHECKING:
    import pandas as pd


def drawn_sets(rows: pd.DataFrame, metric: str, most: int, *, lower_is_better: bool) -> pd.DataFrame:
    """At most so many rows, by set: half of them the best by a metric, the others at random."""
    if len(rows) <= most:
        return rows
    best = rows[metric].sort_values(ascending=lower_is_better).index[: most // 2]
    others = np.random.default_rng(0).choice(rows.index.difference(best), most - len(best), replace=False)
    return rows.loc[np.sort(np.concatenate([best, others]))]


def known_rows(rows: pd.DataFrame, metric: str, *columns: str) -> pd.DataFrame:
    """The rows in which a metric is known, with infinite figures left out.

    Raises:
        UsageError: there are none, or a column is absent.
    """
    for name in (metric, *columns, "set"):
        if name not in rows:
            raise UsageError(f"the rows have no column {name!r}; they have {', '.join(map(str, rows.columns))}")
    numbers = [name for name in (metric, *columns) if is_number(rows[name])]
    known: pd.DataFrame = rows[np.isfinite(rows[numbers].to_numpy(np.float64)).all(axis=1)]
    if known.empty:
        raise UsageError(f"no set has a known {column_title(metric)}")
    found: pd.DataFrame = known.reset_index(drop=True)
    return found


def is_number(values: pd.Series[Any]) -> bool:
    return values.dtype.kind in "iuf"


def plain_values(values: pd.Series[Any]) -> Any:
    return values.to_numpy() if is_number(values) else values.astype(str).to_numpy()


def value_text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"
    return str(value)


def column_title(column: str) -> str:
    if column in CONVENTIONS:
        return f"{CONVENTIONS[column].label}{', %' if CONVENTIONS[column].unit == '%' else ''}"
    return "Set" if column == "set" else label(column.removeprefix("parameter_"))
