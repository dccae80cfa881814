"""The answer to a query: rows as a table, as a chart, and as CSV."""

from __future__ import annotations

import functools
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd
import panel as pn
import panel_material_ui as pmui
import pyarrow as pa

from cqs_core.files import one_line
from cqs_core.lake import texts
from cqs_panel import bar, count, csv_button, section, stack, table
from cqs_panel.charts import ChartPane, column_chart, look

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqs_core.lake import Answer
    from cqs_panel import PageState

_MOST_COLUMNS = 60  # that a browser is given
_LONGEST = 300  # characters of a cell in the table
_EXACT = 1 << 53  # JavaScript's whole numbers
_KINDS = ("line", "scatter", "bar")
_PLAIN = '<%= value == null || Number.isNaN(value) ? "–" : value %>'


class SqlResult(pn.viewable.Viewer):
    """One answer.

    Args:
        page: the SQL page; `x`, `y` and `kind` of its address are those of the chart.
        answer: what the query returned.
        frames: of `frames_of`.
    """

    def __init__(self, page: PageState, answer: Answer, frames: tuple[pd.DataFrame, pd.DataFrame]) -> None:
        super().__init__()
        self._page, self._answer = page, answer
        self._values, self._texts = frames
        self._chart = ChartPane(page, 60)
        self._names = [str(name) for name in self._values]
        self._numbers = [name for name in self._names if self._values[name].dtype.kind in "iuf"]

    def __panel__(self) -> Any:
        csv = csv_button(lambda: self._texts, "query.csv")
        parts = [section("Result", _table(self._values, self._texts), note=self._note(), actions=[csv])]
        if self._numbers and len(self._values) > 1:
            parts.append(section("Chart", self._pickers(), self._chart, note="times in UTC"))
        return stack(*parts)

    def _note(self) -> str:
        rows, columns = self._answer.table.num_rows, self._answer.table.num_columns
        said = [f"{count(rows)} row{'s' if rows != 1 else ''}"]
        if not self._answer.whole:
            said = [f"the first {count(rows)} rows; there are more: add conditions, or use cqs sql"]
        if columns > _MOST_COLUMNS:
            said.append(f"{_MOST_COLUMNS} of {count(columns)} columns are shown; CSV has all")
        return " · ".join([*said, f"{self._answer.seconds:.1f} s"])

    def _pickers(self) -> Any:
        asked, names = self._page.query, self._names
        wanted = {"x": asked.get("x", names[0]), "y": asked.get("y", ""), "kind": asked.get("kind", "line")}
        x = wanted["x"] if wanted["x"] in names else names[0]
        others = [name for name in self._numbers if name != x] or self._numbers
        y = [name for name in wanted["y"].split(",") if name in self._numbers] or others[:1]
        kind = wanted["kind"] if wanted["kind"] in _KINDS else "line"
        fields = {
            "x": pmui.Select(label="x", options=names, value=x, size="small", width=200, margin=0),
            "y": pmui.MultiChoice(label="y", options=self._numbers, value=y, width=300, margin=0),
            "kind": pmui.Select(label="Chart", options=[*_KINDS], value=kind, size="small", width=120, margin=0),
        }
        for field in fields.values():
            field.param.watch(lambda _: self._picked(fields), "value")
        self._draw(x, y, kind)
        return bar(*fields.values())

    def _picked(self, fields: Mapping[str, Any]) -> None:
        x, y, kind = (fields[name].value for name in ("x", "y", "kind"))
        self._page.remember(x=x, y=",".join(y), kind=kind)
        self._draw(x, y, kind)

    def _draw(self, x: str, y: Sequence[str], kind: str) -> None:
        self._chart.draw(functools.partial(column_chart, look("page"), self._values, x, list(y), kind))


def frames_of(answer: Answer) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows as values, and as the texts that DuckDB prints; whole numbers that a browser would round are text.

    Values are numbers, times (without zone, in UTC) and texts.
    """
    printed = pa.Table.from_batches(texts(answer.table)).to_pandas(types_mapper=pd.ArrowDtype).astype(object)
    printed = printed.where(printed.notna(), None)
    made = {
        name: _values(column, printed[name])
        for name, column in zip(answer.table.column_names, answer.table.columns, strict=True)
    }
    return pd.DataFrame(made, columns=answer.table.column_names), printed


def _values(column: pa.ChunkedArray[Any], printed: pd.Series[Any]) -> pd.Series[Any]:
    from pyarrow import types

    kind = column.type
    if types.is_timestamp(kind) or types.is_date(kind):
        return pd.Series(pd.to_datetime(printed, errors="coerce", utc=True, format="ISO8601")).dt.tz_localize(None)
    if types.is_decimal(kind):
        return pd.to_numeric(printed, errors="coerce")
    if types.is_integer(kind) or types.is_floating(kind):
        found: pd.Series[Any] = column.to_pandas()
        return found if found.dtype.kind == "f" or (found.abs() < _EXACT).all() else printed
    return printed


def _table(values: pd.DataFrame, printed: pd.DataFrame) -> Any:
    """The table; columns are numbered, for their names are the user's and may be anything."""
    from bokeh.models.widgets.tables import HTMLTemplateFormatter

    names = [str(name) for name in values][:_MOST_COLUMNS]
    cells = {f"c{n}": _cells(values[name], printed[name]) for n, name in enumerate(names)}
    numbers = [key for key, column in cells.items() if column.dtype.kind in "iuf"]
    shown = table(
        pd.DataFrame(cells),
        titles={f"c{n}": escape(one_line(name, 60)) for n, name in enumerate(names)},
        numbers=dict.fromkeys(numbers, "0"),
        page_size=12,
        placeholder="No rows",
        pagination="remote",
    )
    shown.formatters = shown.formatters | {key: HTMLTemplateFormatter(template=_PLAIN) for key in numbers}
    return shown


def _cells(values: pd.Series[Any], printed: pd.Series[Any]) -> pd.Series[Any]:
    if values.dtype.kind in "iuf":
        return values
    return pd.Series(["–" if text is None else one_line(str(text), _LONGEST) for text in printed], dtype=object)
