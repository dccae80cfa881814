"""The pages of cqs-backtest; light, so that the hook may import it at every start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqs_panel import Card, Outcome, View

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cqs_core.jobs import Job

__all__ = ["CARDS", "VIEWS"]


def _run_outcome(job: Job) -> Outcome | None:
    if job.args[:2] != ["backtest", "run"]:
        return None
    made = job.result
    if job.state != "done" or not isinstance(made, dict) or not made.get("run"):
        return Outcome("nothing was kept")
    performance = made["performance"]
    figures = ((performance.get(name), text) for name, text in _FIGURES.items())
    line = ", ".join(text.format(value) for value, text in figures if value is not None)
    return Outcome(line, {"run": str(made["run"])}, "Open the run")


def _check_outcome(job: Job) -> Outcome | None:
    if job.args[:1] != ["backtest"] or job.args[1:2] not in (["verify"], ["confirm"]):
        return None
    if job.state != "done" or not isinstance(job.result, dict):
        return Outcome("nothing was changed")
    return Outcome(_checked(job.args[1], job.result), {"run": str(job.result.get("run"))}, "Show the run")


def _checked(command: str, made: Mapping[str, Any]) -> str:
    """What `verify` or `confirm` found, in a line."""
    if command == "confirm":
        return f"parity {made.get('parity')} {made.get('parity_where') or ''}".strip()
    because = made.get("because") or [""]
    more = f", and {len(because) - 1:,} more" if len(because) > 1 else ""
    return "identical" if made.get("verdict") == "identical" else f"changed: {because[0]}{more}"


def _sweep_outcome(job: Job) -> Outcome | None:
    if job.args[:2] != ["backtest", "sweep"]:
        return None
    made = job.result
    if job.state == "done" and isinstance(made, dict) and made.get("sweep"):
        return Outcome(_worth(made), {"sweep": str(made["sweep"])}, "Open the sweep")
    sweep = job.note if job.note[:8].isdigit() else ""
    kept = f"{round(job.done):,} sets are kept" if sweep and job.done else "nothing was kept"
    return Outcome(kept, {"sweep": sweep} if sweep else None, "Open the sweep")


def _test_outcome(job: Job) -> Outcome | None:
    kind = job.args[1] if job.args[:1] == ["backtest"] and len(job.args) > 2 else ""
    if kind not in ("walk-forward", "montecarlo", "permute", "stress"):
        return None
    made = job.result
    if job.state != "done" or not isinstance(made, dict):
        return Outcome("windows that are done are kept" if kind == "walk-forward" and job.done else "nothing was kept")
    run = {"run": str(made["run"])} if made.get("run") else None
    return Outcome(_said(kind, made), run, "Open the tests")


def _said(kind: str, made: Mapping[str, Any]) -> str:
    """The result of a test, in a line."""
    from cqs_backtest.search import verdicts

    found = {
        "walk-forward": verdicts.of_walk_forward,
        "montecarlo": verdicts.of_montecarlo,
        "permute": lambda shown: [verdicts.of_permutation(shown)],
        "stress": lambda shown: [verdicts.of_stress(shown)],
    }[kind](made)
    first = next(iter(found))
    return f"{first.name} {first.figure}. {first.text}"


def _worth(made: Mapping[str, Any]) -> str:
    """The answer of a sweep in a line."""
    if made["best"] is None:
        return f"{made['rows']:,} sets, none of which meets the requirements"
    sharpe, dsr = made["best"].get("sharpe"), made["dsr"]
    lines = [f"best Sharpe {sharpe:.2f}"] if sharpe is not None else []
    lines += [f"deflated {dsr:.1%} of {made['trials']:,} trials"] if dsr is not None else []
    return ", ".join([f"{made['rows']:,} sets", *lines])


_FIGURES = {"cagr": "CAGR {:+.1f} %", "sharpe": "Sharpe {:.2f}", "mdd": "max drawdown {:.1f} %"}
VIEWS = [
    View(
        slug="backtest",
        title="Backtest",
        icon="query_stats",
        order=25,
        build=f"{__name__}.backtest:BacktestView",
        outcome=_run_outcome,
        first_step=f"{__name__}.palette:first_step",
        entries=f"{__name__}.palette:runs",
    ),
    View(
        slug="runs",
        title="Runs",
        icon="inventory_2",
        order=26,
        build=f"{__name__}.library:RunsView",
        outcome=_check_outcome,
    ),
    View(
        slug="optimize",
        title="Optimize",
        icon="tune",
        order=27,
        build=f"{__name__}.optimize:OptimizeView",
        outcome=_sweep_outcome,
        entries=f"{__name__}.palette:sweeps",
    ),
    View(
        slug="validate",
        title="Validate",
        icon="fact_check",
        order=28,
        build=f"{__name__}.validate:ValidateView",
        outcome=_test_outcome,
    ),
]


CARDS = [Card(name="backtest.latest", title="", order=40, build=f"{__name__}.latest:latest", width=4, rows=2)]
