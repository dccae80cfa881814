"""The table of the Runs page: which columns it has, and which of them are shown at first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from cqs_backtest.metrics.conventions import CONVENTIONS
from cqs_backtest.views.run_rows import row_of
from cqs_panel import table

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from cqs_backtest.views.run_rows import KeptRun


def _metrics(*names: str) -> dict[str, str]:
    return {name: f"{CONVENTIONS[name].label} {CONVENTIONS[name].unit}".strip() for name in names}


_TITLES = {
    "tick": "Tick",
    "star": "Star",
    "title": "Run",
    "differing": "Parameters",
    "symbols": "Symbols",
    **_metrics("cagr", "mdd", "sharpe"),
    "deflated": "Deflated Sharpe",
    "made": "Made",
    "tags": "Tags",
    "note": "Note",
    "dates": "Dates",
    "at": "Made at",
    "strategy": "Strategy",
    "trials": "Trials",
    "positions": "Positions",
    **_metrics("total_return", "sortino", "calmar", "volatility", "win_rate", "profit_factor"),
    "exchange": "Exchange",
    "interval": "Interval",
    "engine": "Engine",
    "lookahead": "Look-ahead",
    "parity": "Parity",
    "id": "Id",
}
_MORE = (*list(_TITLES)[list(_TITLES).index("tags") :],)
_NUMBERS = {
    **dict.fromkeys(("sharpe", "sortino", "calmar", "profit_factor"), "0.00"),
    **dict.fromkeys(("volatility", "win_rate"), "0.0"),
    **dict.fromkeys(("trials", "positions"), "0,0"),
}
_PHONE = ("tick", "title", "cagr", "sharpe")


def frame_of(runs: Sequence[KeptRun], ticked: Collection[str], zone: str | None) -> pd.DataFrame:
    """A row for each run.

    Args:
        runs: in their order.
        ticked: ids of those that are ticked.
        zone: of times; None is the machine's.
    """
    rows = [row_of(run, zone) | {"tick": run.id in ticked} for run in runs]
    numbers = [*_NUMBERS, "cagr", "mdd", "total_return"]
    kinds = dict.fromkeys(numbers, float) | {"tick": bool, "star": bool}
    return pd.DataFrame(rows, columns=list(_TITLES)).astype(kinds)


def run_table(frame: pd.DataFrame, on_click: Callable[[int], None], on_toggle: Callable[[str, int], None]) -> Any:
    """The table of such rows; what is clicked is named by its row, a tick or star by its column too."""
    return table(
        frame,
        titles=_TITLES,
        numbers=_NUMBERS,
        signed={"cagr": 1, "mdd": 1, "total_return": 1},
        toned={"lookahead": {"ok": "up", "peeks": "down"}, "parity": {"ok": "up", "differs": "down"}},
        toggles={"tick": "check", "star": "star"},
        more=_MORE,
        phone=_PHONE,
        page_size=12,
        placeholder="No run matches the search",
        on_click=on_click,
        on_toggle=on_toggle,
    )
