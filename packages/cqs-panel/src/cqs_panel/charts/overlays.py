"""Overlays of all packages over a candle chart: a switch each, drawn for what the viewport shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import panel_material_ui as pmui

from cqs_core import plugins
from cqs_core.isolation import limited
from cqs_panel import patience
from cqs_panel.charts.elements import layers_of
from cqs_panel.view import loaded

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from cqs_core import Series
    from cqs_panel.charts.layers import Layers
    from cqs_panel.state import PageState
    from cqs_panel.view import Layer, Overlay


_ONE_LINE = {"& .MuiToggleButton-root": {"whiteSpace": "nowrap"}}


class Overlays:
    """Switches for what plugins have to draw over a series; hidden where they have nothing, or there is no series.

    Args:
        page: that shows the chart.
        layers: of the chart.
        own: names of overlays whose subject the page draws by itself: a switch for it would say "off".
    """

    def __init__(self, page: PageState, layers: Layers, own: Collection[str] = ()) -> None:
        self._page, self._layers = page, layers
        self._known = {name: overlay for name, overlay in plugins().overlays().items() if name not in own}
        self._window: tuple[Series, int, int] | None = None
        self._probed: Series | None = None
        self.switches = pmui.CheckButtonGroup(options={}, value=[], size="small", margin=0, visible=False, sx=_ONE_LINE)
        self.switches.param.watch(lambda _: self._ask(), "value")

    def open(self, series: Series | None, first: int, last: int) -> None:
        """Offer what there is for a series that has candles in `[first, last)`, ms UTC."""
        known = list(self._known.values()) if series is not None else []
        self._probed = series

        def work() -> tuple[Series | None, dict[str, str]]:
            return series, {one.title: one.name for one in known if series and _layers(one, series, first, last)}

        self._page.load(work, self._offer, quiet=True)

    def follow(self, series: Series | None, start: int, end: int) -> None:
        """Draw those that are on for `[start, end)`, ms UTC."""
        self._window = None if series is None else (series, start, end)
        self._ask()

    def _offer(self, found: tuple[Series | None, dict[str, str]]) -> None:
        series, options = found
        if series == self._probed:
            on = [name for name in self.switches.value if name in options.values()]
            self.switches.param.update(options=options, value=on, visible=bool(options))

    def _ask(self) -> None:
        chosen = [self._known[name] for name in self.switches.value]
        if self._window is None or not chosen:
            self._show([])
            return
        window = self._window
        self._page.load(lambda: [layer for one in chosen for layer in _layers(one, *window)], self._show, quiet=True)

    def _show(self, layers: Sequence[Layer]) -> None:
        self._layers.replace("overlays", layers)


def _layers(overlay: Overlay, series: Series, start: int, end: int) -> Sequence[Layer]:
    """The layers of one overlay; a failure is reported as a problem of its plugin, and the others are drawn."""

    def made() -> Sequence[Layer]:
        return layers_of(loaded(overlay.layers)(series, start, end), start, end)

    try:
        return limited(made, patience.SECONDS)
    except Exception as error:  # noqa: BLE001 - an overlay may fail in any way; the chart and the others live on
        host = plugins()
        host.report(host.owner("register_overlays", overlay.name), f"overlay {overlay.name}", error)
        return []
