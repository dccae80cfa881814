"""Tables as CSV: a button that asks the server for one, and a link that has it."""

from __future__ import annotations

import base64
import csv
import io
import re
from html import escape
from typing import TYPE_CHECKING, Any

from cqs_core.files import as_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    import pandas as pd


_NUMBER = re.compile(r"[+-]?\d[\d,]*(\.\d+)?")
CSV_LINK_CSS = """
.csv{display:block;width:max-content;margin:2px 0 0 auto;font-size:11px;line-height:16px;color:var(--cqs-muted);
  text-decoration:none}
.csv:hover,.csv:focus-visible{color:var(--cqs-accent);text-decoration:underline}
"""


def csv_link(
    headers: Sequence[str], rows: Iterable[Sequence[object]], filename: str, numbers: Collection[int] = ()
) -> str:
    """A link in HTML that holds a small table as CSV; it asks no server.

    Args:
        headers: of the columns.
        rows: cells; None is empty.
        filename: of the download.
        numbers: places of columns of numbers, which may be written `+1,234.5`.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow([as_text(one) for one in headers])
    writer.writerows([_cell(one, number=i in numbers) for i, one in enumerate(row)] for row in rows)
    data = base64.b64encode(stream.getvalue().encode("utf-8-sig", "replace")).decode()
    said = f'download="{escape(filename)}" aria-label="Download {escape(filename)}"'
    return f'<a class="csv" {said} href="data:text/csv;base64,{data}">as CSV</a>'


def _cell(value: object, *, number: bool) -> object:
    if value is None or isinstance(value, int | float):
        return value
    text = str(value)
    if number and _NUMBER.fullmatch(text):
        return text.replace(",", "").removeprefix("+")
    return as_text(text)


def csv_button(frame: Callable[[], pd.DataFrame], filename: str, label: str = "CSV") -> Any:
    """For the `actions` of a section.

    Args:
        frame: gives the table when the button is clicked.
        filename: of the download.
        label: of the button.
    """
    import panel_material_ui as pmui

    from cqs_core.files import to_csv

    made = pmui.FileDownload(
        callback=lambda: io.BytesIO(to_csv(frame())),
        filename=filename,
        label=label,
        size="small",
        margin=0,
        embed=False,
    )
    made.variant = "outlined"  # as an argument it is read twice, and the library warns of what it made of it
    return made
