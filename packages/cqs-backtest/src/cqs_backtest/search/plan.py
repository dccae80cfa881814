"""How walk-forward cuts time: days on which parameters are chosen, and days on which the choice is tried."""

from __future__ import annotations

from dataclasses import dataclass

from cqs_core import UsageError
from cqs_core.time.intervals import DAY


@dataclass(frozen=True)
class Plan:
    """How time is cut, in days.

    Attributes:
        optimize: on which parameters are chosen.
        test: on which the choice is tried, after it.
        step: from one test to the next; by default as long as the test.
        embargo: left out between the two.
        anchored: whether all choices begin with the first bar; else the stretch moves along.
    """

    optimize: int
    test: int
    step: int | None = None
    embargo: int = 0
    anchored: bool = False

    def __post_init__(self) -> None:
        step = self.test if self.step is None else self.step
        if min(self.optimize, self.test) < 1 or self.embargo < 0:
            raise UsageError("optimize and test days must be 1 or more, embargo days 0 or more")
        if step < self.test:
            fact = f"a step of {step} days is shorter than the test of {self.test}"
            raise UsageError(f"{fact}: days would count twice; give --step-days {self.test} or more")

    def windows(self, first: int, stop: int) -> list[Window]:
        """All whole windows between two moments, ms UTC, `stop` exclusive."""
        found: list[Window] = []
        begin = first
        while True:
            anchor = first if self.anchored else begin
            test = begin + (self.optimize + self.embargo) * DAY
            if test + self.test * DAY > stop:
                return found
            found.append(Window(anchor, begin + self.optimize * DAY, test, test + self.test * DAY))
            begin += (self.test if self.step is None else self.step) * DAY


@dataclass(frozen=True)
class Window:
    """One choice and its try: half-open ranges in ms UTC."""

    optimize_start: int
    optimize_stop: int
    test_start: int
    test_stop: int
