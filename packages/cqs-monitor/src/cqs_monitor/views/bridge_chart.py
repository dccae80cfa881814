"""The bridge from the backtest's profit to the bot's, as the page of comparisons shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn

from cqs_monitor import charts
from cqs_panel.charts import ChartPane

if TYPE_CHECKING:
    from cqs_monitor.compare.bridge import Bridge
    from cqs_panel import PageState

_HEIGHT = 260  # pixels


class BridgeChart(pn.viewable.Viewer):
    """Draws a bridge; the same one is not drawn again."""

    def __init__(self, page: PageState) -> None:
        super().__init__()
        self._pane = ChartPane(page, _HEIGHT)
        self._shown: Bridge | None = None

    def __panel__(self) -> Any:
        return self._pane

    def update(self, bridge: Bridge, currency: str) -> None:
        """Draw another bridge."""
        if bridge != self._shown:
            self._shown = bridge
            self._pane.draw(lambda: charts.bridge(bridge, height=_HEIGHT, currency=currency, mode="page"))
