"""The sets of parameters that a search goes through: a grid, or some of its cells at random."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, overload

import param

from cqs_core import UsageError
from cqs_core.trading import describe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cqs_core import Strategy

_STEPS = 100
"""Steps of a range of numbers that says none."""
_MOST_VALUES = 1_000_000


@dataclass(frozen=True)
class Axis:
    """The values of one parameter, in order.

    Attributes:
        name: of the parameter.
        values: of its type, in its bounds, each once.
        ordered: whether neighbors are near each other: numbers, not choices.
    """

    name: str
    values: tuple[Any, ...]
    ordered: bool = True


@dataclass(frozen=True)
class Space:
    """All sets of a search by number; nothing is held but the axes, and the chosen cells of a random one.

    Attributes:
        axes: the first one changes slowest.
        chosen: cells of the grid, ascending, or as they are proposed; None is all of them.
    """

    axes: tuple[Axis, ...]
    chosen: Sequence[int] | None = field(default=None, repr=False)

    @property
    def shape(self) -> tuple[int, ...]:
        """How many values each axis has."""
        return tuple(len(axis.values) for axis in self.axes)

    @property
    def cells(self) -> int:
        """How many sets the whole grid has."""
        return math.prod(self.shape)

    def __len__(self) -> int:
        return self.cells if self.chosen is None else len(self.chosen)

    def cell(self, number: int) -> int:
        """Where in the grid a set is."""
        return number if self.chosen is None else self.chosen[number]

    def sets(self, start: int, stop: int) -> list[dict[str, Any]]:
        """Sets `start` to `stop`, exclusive, by number."""
        return [self.at(self.cell(number)) for number in range(start, stop)]

    def spread(self, count: int) -> list[dict[str, Any]]:
        """Up to so many sets from all over the grid, the first and the last one among them."""
        return [self.at(cell) for cell in sorted({n * (self.cells - 1) // (count - 1) for n in range(count)})]

    def places(self, cell: int) -> tuple[int, ...]:
        """The place on each axis of one cell of the grid."""
        found = []
        for size in reversed(self.shape):
            cell, place = divmod(cell, size)
            found.append(place)
        return tuple(reversed(found))

    def at(self, cell: int) -> dict[str, Any]:
        """The set of one cell of the grid."""
        places = self.places(cell)
        return {axis.name: axis.values[place] for axis, place in zip(self.axes, places, strict=True)}


@dataclass(eq=False)
class Proposed(Sequence[int]):
    """Cells that are proposed one batch after another; those to come are not known.

    Attributes:
        total: how many there will be.
        cells: proposed so far.
    """

    total: int
    cells: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return self.total

    @overload
    def __getitem__(self, number: int) -> int: ...
    @overload
    def __getitem__(self, number: slice) -> list[int]: ...
    def __getitem__(self, number: int | slice) -> int | list[int]:
        return self.cells[number]


def make_space(
    strategy: type[Strategy],
    ranges: Mapping[str, str | None],
    *,
    count: int | None = None,
    seed: int = 0,
    optimize: int | None = None,
) -> Space:
    """The space of these ranges.

    Args:
        strategy: whose parameters they are.
        ranges: `lo:hi:step`, `a,b,c`, one value, or None for the parameter's own bounds; all that can be searched where
            it is empty.
        count: so many sets at random, each once; None is the whole grid.
        seed: of these.
        optimize: so many sets that an optimizer will propose, each once.

    Raises:
        UsageError: an unknown parameter, one that cannot be searched, a value out of bounds, an empty range.
    """
    known = strategy.parameters()
    _check_names(strategy, ranges)
    asked = ranges or dict.fromkeys(name for name, p in known.items() if _searchable(p))
    if not asked:
        raise UsageError(f"strategy {strategy.id!r} has no parameter that can be searched; give one bounds and a step")
    axes = tuple(_axis(strategy, name, known[name], text) for name, text in asked.items())
    grid = Space(axes)
    _check_counts(count, optimize)
    if optimize is not None and optimize < grid.cells:
        return Space(axes, Proposed(optimize))
    if count is None or count >= grid.cells:
        return grid
    if grid.cells >= 1 << 62:
        raise UsageError("the ranges have more than 1e18 sets; give larger steps, or fewer parameters")
    chosen = random.Random(seed).sample(range(grid.cells), count)  # noqa: S311 - not a secret
    return Space(axes, sorted(chosen))  # in grid order little changes from one set to the next


def _check_names(strategy: type[Strategy], ranges: Mapping[str, str | None]) -> None:
    if "only_in" in ranges:
        raise UsageError("only_in is not searched: it is a condition on a feature; give it by --only-in")
    known = strategy.parameters()
    for name in ranges:
        if name not in known:
            strategy.with_parameters({name: ""})  # it says which there are


def _check_counts(count: int | None, optimize: int | None) -> None:
    if count is not None and optimize is not None:
        raise UsageError("--random and --optimize exclude each other; choose one")
    for option, number in (("--random", count), ("--optimize", optimize)):
        if number is not None and number < 1:
            raise UsageError(f"{option} is {number}; it must be 1 or more")


def _searchable(parameter: param.Parameter[Any]) -> bool:
    low, high = getattr(parameter, "bounds", None) or (None, None)
    numeric = isinstance(parameter, param.Number) and low is not None and high is not None
    return numeric or isinstance(parameter, param.Boolean | param.Selector)


def _axis(strategy: type[Strategy], name: str, parameter: param.Parameter[Any], text: str | None) -> Axis:
    ordered = isinstance(parameter, param.Number)
    if text is None:
        values = _own(name, parameter)
    elif ordered and ":" in text:
        values = _stepped(name, parameter, text)
    else:
        values = [part.strip() for part in text.split(",") if part.strip()]
    if not values:
        raise UsageError(f"--param {name} has no values; write {name}=lo:hi:step, or {name}=a,b,c")
    read = [strategy.with_parameters({name: value}).values()[name] for value in values]
    return Axis(name, tuple(dict.fromkeys(read)), ordered)


def _own(name: str, parameter: param.Parameter[Any]) -> list[Any]:
    """Every value between the parameter's own bounds, by its own step."""
    if isinstance(parameter, param.Boolean):
        return [False, True]
    if isinstance(parameter, param.Selector):
        return list(parameter.objects)
    if not _searchable(parameter):
        fact = f"parameter {name!r} takes {describe(parameter)} and has no bounds to search"
        raise UsageError(f"{fact}; name its values: --param {name}=a,b,c")
    low, high = parameter.bounds
    step = f":{parameter.step}" if parameter.step else ""
    return _stepped(name, parameter, f"{low}:{high}{step}")


def _stepped(name: str, parameter: param.Parameter[Any], text: str) -> list[str]:
    """`lo:hi:step` with both ends, in decimal arithmetic: 0.1:0.9:0.1 has nine values, and 0.3 is 0.3."""
    parts = text.split(":")
    try:
        numbers = [Decimal(part.strip()) for part in parts]
    except InvalidOperation:
        numbers = []
    if len(numbers) not in (2, 3) or not all(number.is_finite() for number in numbers):
        raise UsageError(f"--param {name}={text} is not a range; write {name}=lo:hi:step, such as {name}=1:10:1")
    whole = isinstance(parameter, param.Integer)
    low, high = numbers[:2]
    step = numbers[2] if len(numbers) == 3 else Decimal(1) if whole else (high - low) / _STEPS
    if high < low or step <= 0 or (step == 0 and high > low):
        if high == low and len(numbers) == 2:
            return [_text(low, whole=whole)]
        fact = f"goes from {low} to {high} by {step}"
        raise UsageError(f"--param {name}={text} is empty: it {fact}; write the lower end first and a step above 0")
    count = int((high - low) / step) + 1
    if count > _MOST_VALUES:
        raise UsageError(f"--param {name}={text} has {count:,} values, more than {_MOST_VALUES:,}; give a larger step")
    values = [low + n * step for n in range(count)]
    if values[-1] < high:
        values.append(high)  # the end belongs to the range, whatever the step
    if whole and any(value != int(value) for value in values):
        raise UsageError(f"--param {name}={text} has fractions; {name!r} takes {describe(parameter)}")
    return [_text(value, whole=whole) for value in values]


def _text(value: Decimal, *, whole: bool) -> str:
    return str(int(value)) if whole else format(value, "f")
