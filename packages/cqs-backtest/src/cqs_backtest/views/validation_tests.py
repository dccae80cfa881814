"""The tests of the Validate page: what each one is called, and the command that runs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cqs_backtest.loading.strategies import find
from cqs_backtest.views.argument_text import set_arguments
from cqs_backtest.views.kept_arguments import own_parameters, request_arguments, search_arguments
from cqs_backtest.views.ranges import ParameterRanges
from cqs_core import plugins
from cqs_panel import to_text

if TYPE_CHECKING:
    from collections.abc import Mapping

WALK, MONTECARLO, PERMUTE, STRESS = "walk-forward", "montecarlo", "permute", "stress"
TESTS = {"Walk-forward": WALK, "Monte Carlo": MONTECARLO, "Permutation": PERMUTE, "Stress": STRESS}
OF_A_RUN = (MONTECARLO, PERMUTE, STRESS)


@dataclass(frozen=True)
class TestOptions:
    """How the tests are made.

    Attributes:
        samples: curves of Monte Carlo, and random entries.
        noise: on candles, as a fraction of the true range.
        ruin: share of capital below which a curve is ruined.
        shifts: bars by which stress moves the start.
        optimize_days: on which parameters are chosen.
        test_days: on which the choice is tried.
        embargo_days: between the two.
        anchored: whether all choices begin with the first bar.
    """

    samples: int
    noise: float
    ruin: float
    shifts: int
    optimize_days: int
    test_days: int
    embargo_days: int
    anchored: bool


def arguments_of(test: str, made: Mapping[str, Any], settings: TestOptions) -> list[str]:
    """The arguments of `cqs` that make one test.

    Args:
        test: one of `TESTS`.
        made: manifest of the run; of the sweep, for a walk-forward with its ranges.
        settings: how.

    Raises:
        UsageError: no parameter of the strategy can be searched.
    """
    if test == WALK:
        return ["backtest", WALK, *_searched(made), *_plan(settings)]
    found = ["backtest", test, str(made["id"])]
    if test == STRESS:
        return [*found, "--shifts", str(settings.shifts)]
    found += ["--samples", str(settings.samples)]
    if test == MONTECARLO:
        found += ["--noise", to_text(settings.noise), "--ruin", to_text(settings.ruin)]
    return found


def _plan(settings: TestOptions) -> list[str]:
    found = ["--optimize-days", str(settings.optimize_days), "--test-days", str(settings.test_days)]
    found += ["--embargo-days", str(settings.embargo_days)] if settings.embargo_days else []
    return [*found, "--anchored"] if settings.anchored else found


def _searched(made: Mapping[str, Any]) -> list[str]:
    """The ranges that the windows search: those of a sweep; for a run, about a hundred sets of the whole ranges."""
    if "axes" in made:
        return search_arguments(made)
    own = own_parameters(made)
    strategy = find(plugins().strategy(made["strategy"]["name"]), own)
    ranges = ParameterRanges(strategy, lambda: None).texts
    fixed = {name: value for name, value in own.items() if name not in ranges and value is not None}
    found = [*request_arguments(made), *set_arguments(fixed)]
    return [*found, *(part for name, text in ranges.items() for part in ("--param", f"{name}={text}"))]
