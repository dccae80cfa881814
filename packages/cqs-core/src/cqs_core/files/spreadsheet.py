"""CSV for spreadsheets: text that a spreadsheet would take for a formula is made text again."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # the wide ones count in East Asian Excel


def as_text(cell: str) -> str:
    """The cell, quoted where a spreadsheet would calculate it.

    >>> as_text("=1+1"), as_text("BTC")
    ("'=1+1", 'BTC')
    """
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def to_csv(frame: pd.DataFrame) -> bytes:
    """The frame as UTF-8 with a byte order mark, which spreadsheets want; numbers stay numbers."""
    safe = frame.set_axis([as_text(str(name)) for name in frame.columns], axis="columns")
    for place, dtype in enumerate(frame.dtypes):
        if not _calculable(dtype):
            cells = [as_text(cell) if isinstance(cell, str) else cell for cell in frame.iloc[:, place]]
            safe.isetitem(place, cells)
    stream = io.StringIO()
    safe.to_csv(stream, index=False, lineterminator="\r\n")
    return stream.getvalue().encode("utf-8-sig")


def _calculable(dtype: Any) -> bool:
    """Whether a column holds numbers or times, which are never formulas."""
    return getattr(dtype, "kind", "O") in "biufcmM"
