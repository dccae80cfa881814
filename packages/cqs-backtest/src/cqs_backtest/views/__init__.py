"""The pages of cqs-backtest; light, so that the hook may import it at every start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_panel import Card, Outcome, View

if TYPE_CHECKING:
    from cqs_core.jobs import Job

__all__ = ["CARDS", "VIEWS"]


def _outcome(job: Job) -> Outcome | None:
    if job.args[:2] != ["backtest", "run"]:
        return None
    made = job.result
    if job.state != "done" or not isinstance(made, dict) or not made.get("run"):
        return Outcome("nothing was kept")
    performance = made["performance"]
    figures = ((performance.get(name), text) for name, text in _FIGURES.items())
    line = ", ".join(text.format(value) for value, text in figures if value is not None)
    return Outcome(line, {"run": str(made["run"])}, "Open the run")


_FIGURES = {"cagr": "CAGR {:+.1f} %", "sharpe": "Sharpe {:.2f}", "mdd": "max drawdown {:.1f} %"}
VIEWS = [
    View(
        slug="backtest",
        title="Backtest",
        icon="query_stats",
        order=30,
        build=f"{__name__}.backtest:BacktestView",
        outcome=_outcome,
    ),
]


CARDS = [Card(name="backtest.latest", title="", order=40, build=f"{__name__}.latest:latest", width=4)]
