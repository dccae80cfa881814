"""The button that downloads a table whole, as CSV."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import panel_material_ui as pmui

from cqs_core.files import to_csv

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd


def csv_button(frame: Callable[[], pd.DataFrame], filename: str, label: str = "CSV") -> Any:
    """Makes the file when it is clicked, of what `frame` gives then."""
    return pmui.FileDownload(
        callback=lambda: io.BytesIO(to_csv(frame())),
        filename=filename,
        label=label,
        variant="outlined",
        size="small",
        margin=0,
        embed=False,
    )
