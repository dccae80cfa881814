"""The dashboard of cqs: what views are written against. Names are imported on use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cqs_panel.address_form import AddressForm
    from cqs_panel.charts.candles import CandleChart
    from cqs_panel.charts.equity import equity_chart
    from cqs_panel.charts.sources import CandleSource, FrameCandles, LakeCandles
    from cqs_panel.charts.spot import Spot, SpotChart
    from cqs_panel.charts.tail import TailedCandles
    from cqs_panel.figures import age, amount, count, percent, ratio, short, size, when, zone_name
    from cqs_panel.jobs import JobCard, JobList
    from cqs_panel.metrics import Metric, metric_cards, metrics_html, tone
    from cqs_panel.sections import empty, failure, fill, html, section, stack
    from cqs_panel.state import PageState
    from cqs_panel.tables import columns_button, plain_table, refresh, table
    from cqs_panel.theme import Tones, tones
    from cqs_panel.view import Band, Card, Layer, Line, Marks, Outcome, Overlay, View
    from cqs_panel.workbench import Workbench

__all__ = [
    "AddressForm",
    "Band",
    "CandleChart",
    "CandleSource",
    "Card",
    "FrameCandles",
    "JobCard",
    "JobList",
    "LakeCandles",
    "Layer",
    "Line",
    "Marks",
    "Metric",
    "Outcome",
    "Overlay",
    "PageState",
    "Spot",
    "SpotChart",
    "TailedCandles",
    "Tones",
    "View",
    "Workbench",
    "age",
    "amount",
    "columns_button",
    "count",
    "empty",
    "equity_chart",
    "failure",
    "fill",
    "html",
    "metric_cards",
    "metrics_html",
    "percent",
    "plain_table",
    "ratio",
    "refresh",
    "section",
    "short",
    "size",
    "stack",
    "table",
    "tone",
    "tones",
    "when",
    "zone_name",
]

_HOMES = {
    "address_form": ("AddressForm",),
    "charts.candles": ("CandleChart",),
    "charts.equity": ("equity_chart",),
    "charts.sources": ("CandleSource", "FrameCandles", "LakeCandles"),
    "charts.spot": ("Spot", "SpotChart"),
    "charts.tail": ("TailedCandles",),
    "figures": ("age", "amount", "count", "percent", "ratio", "short", "size", "when", "zone_name"),
    "jobs": ("JobCard", "JobList"),
    "metrics": ("Metric", "metric_cards", "metrics_html", "tone"),
    "sections": ("empty", "failure", "fill", "html", "section", "stack"),
    "state": ("PageState",),
    "tables": ("columns_button", "plain_table", "refresh", "table"),
    "theme": ("Tones", "tones"),
    "view": ("Band", "Card", "Layer", "Line", "Marks", "Outcome", "Overlay", "View"),
    "workbench": ("Workbench",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
