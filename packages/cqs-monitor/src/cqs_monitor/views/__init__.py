"""The pages of cqs-monitor; light, so that the hooks may import it at every start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_panel import Card, Outcome, Overlay, View

if TYPE_CHECKING:
    from cqs_core.jobs import Job

__all__ = ["CARDS", "OVERLAYS", "VIEWS"]


def _evaluated(job: Job) -> Outcome | None:
    if job.args[:2] != ["models", "evaluate"]:
        return None
    made = job.result if job.state == "done" and isinstance(job.result, dict) else {}
    accuracy = made.get("accuracy")
    text = f"accuracy {100 * accuracy:.1f} %, regime {made.get('regime')}" if accuracy is not None else ""
    return Outcome(text, {"version": str(job.args[2])}, "Open the model")


VIEWS = [
    View(
        slug="monitor",
        title="Monitor",
        icon="monitor_heart",
        order=30,
        build=f"{__name__}.monitor:build",
        first_step=f"{__name__}.connect_bot:step",
        status=f"{__name__}.bell:today",
        entries=f"{__name__}.palette:accounts",
    ),
    View(
        slug="compare",
        title="Bot vs backtest",
        icon="compare_arrows",
        order=32,
        build=f"{__name__}.compare:build",
        entries=f"{__name__}.palette:comparisons",
    ),
    View(
        slug="alerts",
        title="Alerts",
        icon="notifications",
        order=34,
        build=f"{__name__}.alerts:build",
        status=f"{__name__}.bell:alerts",
    ),
    View(
        slug="models",
        title="Models",
        icon="model_training",
        order=36,
        build=f"{__name__}.models:build",
        outcome=_evaluated,
        entries=f"{__name__}.palette:versions",
    ),
]
CARDS = [
    Card(name="monitor.bots", title="", order=10, build=f"{__name__}.overview:build", width=12),
    Card(name="monitor.positions", title="", order=12, build=f"{__name__}.overview:positions", width=8, rows=2),
    Card(name="monitor.alerts", title="", order=14, build=f"{__name__}.alerts_card:build", width=4),
    Card(name="monitor.regime", title="", order=50, build=f"{__name__}.regime_card:build", width=4),
]
OVERLAYS = [
    Overlay(name="monitor.trades", title="Bot trades", layers=f"{__name__}.overlay:layers"),
    Overlay(name="monitor.regimes", title="Regimes", layers=f"{__name__}.regimes:layers"),
]
