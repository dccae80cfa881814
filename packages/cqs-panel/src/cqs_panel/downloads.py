"""The button that downloads a table whole, as CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd


def csv_button(frame: Callable[[], pd.DataFrame], filename: str, label: str = "CSV") -> Any:
    """For the `actions` of a section.

    Args:
        frame: gives the table when the button is clicked.
        filename: of the download.
        label: of the button.
    """
    import io

    import panel_material_ui as pmui

    from cqs_core.files import to_csv

    return pmui.FileDownload(
        callback=lambda: io.BytesIO(to_csv(frame())),
        filename=filename,
        label=label,
        variant="outlined",
        size="small",
        margin=0,
        embed=False,
    )
