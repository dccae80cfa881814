"""What is known of a run or a sweep on the Validate page, read from the bucket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_backtest.luck import luck_of
from cqs_backtest.runs import Annotation, StoredRun, annotations_of, read, survey
from cqs_backtest.search import kept, verdicts
from cqs_backtest.search.store import SweepFolder
from cqs_backtest.search.validations import validations
from cqs_backtest.search.verdicts import Verdict
from cqs_backtest.search.walk_store import WalkFolder
from cqs_backtest.trials import Ledger, subject_of_run
from cqs_backtest.views.lookup import name_of_set, run_with_name
from cqs_backtest.views.titles import called
from cqs_core import CqsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cqs_backtest.search.kept import KeptSearch
    from cqs_core import Bucket
    from cqs_core.trading import Floats, Stamps


@dataclass(frozen=True, eq=False)
class Walked:
    """The equity of a walk-forward's tries, as charts read it; see `cqs_backtest.charts.Charted`."""

    ts: Stamps
    equity: Floats
    capital: float
    day_start: int
    benchmark: None = None
    held: str = ""


@dataclass(frozen=True, eq=False)
class Validated:
    """A run, a sweep, or the best set of a sweep as a run; and what tests of it came to.

    Attributes:
        run: that is tested; None if the best set of the sweep was not kept as a run yet.
        sweep: that is tested, or that searched the same strategy, markets and interval last; None if there is none.
        tests: results of the run's tests by kind.
        walk: the newest finished walk-forward of the same strategy, markets and interval.
        walked: its equity.
        luck: verdicts on how much may be luck.
    """

    run: StoredRun | None
    sweep: KeptSearch | None
    tests: Mapping[str, dict[str, Any]]
    walk: KeptSearch | None
    walked: Walked | None
    luck: tuple[Verdict, ...]

    @property
    def manifest(self) -> dict[str, Any]:
        """The run's; the sweep's, if there is no run."""
        return self.run.manifest if self.run is not None else self.sweep.manifest if self.sweep is not None else {}

    @property
    def verdicts(self) -> Iterator[Verdict]:
        """All that can be said so far."""
        yield from self.luck
        if self.walk is not None and self.walk.result is not None:
            yield from verdicts.of_walk_forward(self.walk.result)
        if (found := self.tests.get("montecarlo")) is not None:
            yield from verdicts.of_montecarlo(found)
        if (found := self.tests.get("permute")) is not None:
            yield verdicts.of_permutation(found)
        if (found := self.tests.get("stress")) is not None:
            yield verdicts.of_stress(found)


def validated(bucket: Bucket, run: str, sweep: str) -> Validated:
    """Read it; one of the two ids may be empty.

    Raises:
        UnknownName: there is no such run or sweep.
        DataError: it is damaged.
    """
    searched = kept.find(bucket, sweep) if sweep else None
    stored = read(bucket, run) if run else None
    if stored is None and searched is not None:
        stored = _best_run(bucket, searched)
    made = stored.manifest if stored is not None else searched.manifest if searched is not None else {}
    if searched is None:
        searched = next((one for one in kept.sweeps_like(bucket, made) if one.result), None)
    walk = next((one for one in kept.walks_like(bucket, made) if one.result), None)
    return Validated(
        stored,
        searched,
        validations(bucket, stored.id) if stored is not None else {},
        walk,
        None if walk is None else _walked(walk),
        tuple(_luck(bucket, stored, searched)),
    )


def name_of_best(sweep: KeptSearch) -> str | None:
    """The name of the run that keeps the best set of a sweep; None if no set is the best."""
    best = (sweep.result or {}).get("best")
    return name_of_set(sweep.folder.id, best["set"]) if best else None


def subjects(bucket: Bucket) -> tuple[dict[str, str], Sequence[CqsError]]:
    """The runs and sweeps that can be tested, newest first, as `run:ID` and `sweep:ID` by title.

    And errors for those that cannot be read.
    """
    searches, torn = kept.survey(bucket, [SweepFolder])
    runs, damaged = survey(bucket)
    found = {f"sweep:{one.folder.id}": one.manifest for one in searches if one.result and one.result["best"]}
    found |= {f"run:{made['id']}": made for made in runs}
    newest = sorted(found, key=lambda key: key.partition(":")[2], reverse=True)
    said = {f"run:{made['id']}": one for made, one in zip(runs, annotations_of(bucket, runs), strict=True)}
    titles = {_title(key, found[key], said.get(key, Annotation())): key for key in newest}
    return titles, [*torn, *damaged]


def _title(key: str, made: Mapping[str, Any], said: Annotation) -> str:
    kind, _, name = key.partition(":")
    sets = f"Sweep of {made['sets']:,} sets: " if kind == "sweep" else ""
    return f"{sets}{called(made, said)} · {name[:15]} {name[-6:]}"


def _best_run(bucket: Bucket, sweep: KeptSearch) -> StoredRun | None:
    name = name_of_best(sweep)
    found = run_with_name(bucket, name) if name else None
    return None if found is None else read(bucket, found)


def _luck(bucket: Bucket, run: StoredRun | None, sweep: KeptSearch | None) -> Iterator[Verdict]:
    """Trials, deflated Sharpe ratio and probability of overfitting."""
    result = (sweep.result or {}) if sweep is not None else {}
    if run is None:
        yield from verdicts.of_sweep(result) if result else ()
        return
    ledger = Ledger(bucket)
    luck = luck_of(run.manifest, ledger)
    if luck.fault:
        yield Verdict("Trials", "unknown", "", f"They cannot be counted: {luck.fault}.")
    else:
        by_luck = ledger.trials(subject_of_run(run.manifest)).by_luck
        yield verdicts.of_trials(luck.trials, by_luck, luck.sharpe)
        yield verdicts.of_deflated_sharpe(luck.dsr, luck.trials)
    if result:
        yield verdicts.of_overfitting(result["pbo"])
    else:
        told = "It takes a sweep: search the parameters on the Optimize page."
        yield Verdict("Probability of overfitting", "unknown", "", told)


def _walked(walk: KeptSearch) -> Walked | None:
    if not isinstance(walk.folder, WalkFolder):
        return None
    try:
        ts, equity = walk.folder.equity()
    except (CqsError, ValueError, OSError):
        return None
    made = walk.manifest
    if not len(ts):
        return None
    return Walked(np.asarray(ts), np.asarray(equity), float(made["costs"]["capital"]), int(made["day_start"]))
