"""Sets that Optuna proposes: TPE for one objective, NSGA-II for several.

The same seed gives the same sets, whatever the machine and its number of workers: batches have a fixed size. To resume,
the same batches are asked for again, and told what is stored.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from cqs_backtest.search.evaluator import SetRows
from cqs_backtest.search.store import ranges
from cqs_core import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cqs_backtest.search.objective import Objective
    from cqs_backtest.search.space import Proposed, Space
    from cqs_core.trading import Floats

    Found = tuple[int, list[dict[str, Any]], SetRows]

_BATCH = 10
_POPULATION = 50
_FEWEST_GENERATIONS = 5
_PATIENCE = 3  # sets that were proposed before, until one at random is tried


class Optimizer:
    """Proposes sets of a space, each once.

    Args:
        space: whose sets are proposed.
        objective: one metric or several; sets that do not meet its requirements are avoided.
        seed: of all that is random.

    Raises:
        UsageError: Optuna is not installed.
    """

    def __init__(self, space: Space, objective: Objective, seed: int) -> None:
        optuna = library()
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._space, self._objective = space, objective
        self._random = random.Random(seed)  # noqa: S311 - not a secret
        several = bool(objective.others)
        samplers = optuna.samplers
        sampler = (
            samplers.NSGAIISampler(seed=seed, population_size=batch_size(space, objective))
            if several
            else samplers.TPESampler(seed=seed)
        )
        self._study = optuna.create_study(directions=["maximize"] * len(objective.goals), sampler=sampler)
        self._distributions = _distributions(space)
        self._seen: set[int] = set()
        self._asked: list[Any] = []

    def ask(self, count: int) -> list[int]:
        """So many cells that were not proposed before."""
        cells: list[int] = []
        repeated = 0
        while len(cells) < count:
            trial = self._study.ask(self._distributions)
            cell = self._cell(trial.params)
            if cell not in self._seen:
                self._seen.add(cell)
                self._asked.append(trial)
                cells.append(cell)
                continue
            self._study.tell(trial, state=library().trial.TrialState.FAIL)
            repeated += 1
            if repeated % _PATIENCE == 0:
                self._study.enqueue_trial(self._unseen())
        return cells

    def tell(self, metrics: Mapping[str, Floats]) -> None:
        """Take the metrics of the cells that were asked for last, in their order."""
        scores = self._objective.signed(metrics)
        known = np.logical_and.reduce(np.isfinite(scores), axis=1)
        missed = {str(each): each.missed_by(metrics) for each in self._objective.requirements}
        missed["known"] = np.where(known, 0.0, 1.0)
        for k, trial in enumerate(self._asked):
            for name, values in missed.items():
                trial.set_constraint(name, float(values[k]))
            self._study.tell(trial, scores[k].tolist() if known[k] else [0.0] * scores.shape[1])
        self._asked = []

    def _cell(self, places: Mapping[str, int]) -> int:
        cell = 0
        for axis in self._space.axes:
            cell = cell * len(axis.values) + places[axis.name]
        return cell

    def _unseen(self) -> dict[str, int]:
        cell = self._random.randrange(self._space.cells)
        while cell in self._seen:
            cell = self._random.randrange(self._space.cells)
        return dict(zip((axis.name for axis in self._space.axes), self._space.places(cell), strict=True))


def optimized(
    space: Space,
    objective: Objective,
    seed: int,
    run: Callable[[int, int], Iterator[Found]],
    stored: Callable[[int, int], Mapping[str, Floats] | None] = lambda _start, _stop: None,
) -> Iterator[Found]:
    """The batches of an optimized space: first number, sets and rows of each.

    Args:
        space: whose cells are proposed, and known as they come.
        objective: see `Optimizer`.
        seed: see `Optimizer`.
        run: runs the sets `start` to `stop`, exclusive, in parts, which may come in any order.
        stored: metrics of these sets, if they were run before; such batches are left out.
    """
    optimizer, proposed = Optimizer(space, objective, seed), cast("Proposed", space.chosen)
    for start, stop in ranges(len(space), batch_size(space, objective)):
        proposed.cells += optimizer.ask(stop - start)
        if (metrics := stored(start, stop)) is None:
            parts = sorted(run(start, stop), key=lambda part: part[0])
            rows = SetRows.joined([part[2] for part in parts])
            yield start, [values for part in parts for values in part[1]], rows
            metrics = rows.metrics
        optimizer.tell(metrics)


def batch_size(space: Space, objective: Objective) -> int:
    """How many sets are proposed together: a generation, where there are several objectives."""
    if not objective.others:
        return _BATCH
    return max(2, min(_POPULATION, len(space) // _FEWEST_GENERATIONS))


def seconds_to_propose(sets: int) -> float:
    """About how long Optuna takes: the more results it has, the longer it looks at them."""
    return sets * (0.003 + 4e-6 * sets)


def method(objective: Objective) -> str:
    """The name of the algorithm."""
    return "nsga2" if objective.others else "tpe"


def library() -> Any:
    """Optuna.

    Raises:
        UsageError: it is not installed.
    """
    try:
        import optuna
    except ImportError:
        raise UsageError("--optimize needs Optuna; install it: uv add 'cqs-backtest[optuna]'") from None
    return optuna


def _distributions(space: Space) -> dict[str, Any]:
    """Places on the axes, so that each value is one of the range."""
    made = library().distributions
    return {
        axis.name: made.IntDistribution(0, len(axis.values) - 1)
        if axis.ordered
        else made.CategoricalDistribution(list(range(len(axis.values))))
        for axis in space.axes
    }
