"""The pages of cqs-monitor; light, so that the hooks may import it at every start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqs_panel import Card, Outcome, Overlay, View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core import Series
    from cqs_core.jobs import Job
    from cqs_panel import Layer, PageState

__all__ = ["CARDS", "OVERLAYS", "VIEWS"]


def _monitor(page: PageState) -> Any:
    from cqs_monitor.views.monitor import build

    return build(page)


def _compare(page: PageState) -> Any:
    from cqs_monitor.views.compare import build

    return build(page)


def _alerts(page: PageState) -> Any:
    from cqs_monitor.views.alerts import build

    return build(page)


def _models(page: PageState) -> Any:
    from cqs_monitor.views.models import build

    return build(page)


def _bots(page: PageState) -> Any:
    from cqs_monitor.views.overview import build

    return build(page)


def _firing(page: PageState) -> Any:
    from cqs_monitor.views.alerts_card import build

    return build(page)


def _trades(series: Series, start: int, end: int) -> Sequence[Layer]:
    from cqs_monitor.views.overlay import layers

    return layers(series, start, end)


def _regimes(series: Series, start: int, end: int) -> Sequence[Layer]:
    from cqs_monitor.views.regimes import layers

    return layers(series, start, end)


def _evaluated(job: Job) -> Outcome | None:
    if job.args[:2] != ["models", "evaluate"]:
        return None
    made = job.result if job.state == "done" and isinstance(job.result, dict) else {}
    accuracy = made.get("accuracy")
    text = f"accuracy {100 * accuracy:.1f} %, regime {made.get('regime')}" if accuracy is not None else ""
    return Outcome(text, {"version": str(job.args[2])}, "Open the model")


VIEWS = [
    View(slug="monitor", title="Monitor", icon="monitor_heart", order=30, build=_monitor),
    View(slug="compare", title="Bot vs backtest", icon="compare_arrows", order=32, build=_compare),
    View(slug="alerts", title="Alerts", icon="notifications", order=34, build=_alerts),
    View(slug="models", title="Models", icon="model_training", order=36, build=_models, outcome=_evaluated),
]
CARDS = [
    Card(name="monitor.bots", title="", order=10, build=_bots, width=12),
    Card(name="monitor.alerts", title="", order=90, build=_firing, width=12),
]
OVERLAYS = [
    Overlay(name="monitor.trades", title="Bot trades", layers=_trades),
    Overlay(name="monitor.regimes", title="Regimes", layers=_regimes),
]
