"""Faults that repeat: told once, then counted, told again every hour, and told once more when they are over."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

REMIND = 3600.0
"""Seconds after which a fault that goes on is told again."""
_PASSING = re.compile(r"(?<![0-9A-Za-z])[0-9a-fT]{8,}(?![0-9A-Za-z])")  # a time or a hash, as in the name of an object
_ROWS = re.compile(r"_\d+_")  # of an object, in its name


@dataclass
class _Fault:
    text: str
    since: float
    told: float
    rounds: int = 1


@dataclass
class Repeats:
    """The faults of a service, round by round."""

    _open: dict[str, _Fault] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._open)

    def is_new(self, text: str, now: float | None = None) -> bool:
        """Whether the last round did not have it; from now on it counts as told."""
        kind = _kind(text)
        if kind in self._open:
            return False
        moment = time.monotonic() if now is None else now
        self._open[kind] = _Fault(text, moment, moment, 0)
        return True

    def heard(self, faults: Collection[str], now: float | None = None) -> Iterator[tuple[bool, str]]:
        """The messages after a round with these faults: pairs of whether it is a fault, and the line.

        >>> faults = Repeats()
        >>> [list(faults.heard(["it is down"], now)) for now in (0, 60)]
        [[(True, 'it is down')], []]
        >>> list(faults.heard([], 120))
        [(False, 'over after 2 rounds, 2 min: it is down')]
        """
        moment = time.monotonic() if now is None else now
        kinds = {_kind(text): text for text in reversed(list(faults))}  # the first of each kind
        for kind in self._open.keys() - kinds.keys():
            one = self._open.pop(kind)
            yield False, f"over after {_lasted(one, moment)}: {one.text}"
        for kind, text in reversed(kinds.items()):
            yield from self._again(kind, text, moment)

    def _again(self, kind: str, text: str, moment: float) -> Iterator[tuple[bool, str]]:
        one = self._open.get(kind)
        if one is None:
            self._open[kind] = _Fault(text, moment, moment)
            yield True, text
            return
        one.rounds += 1
        if moment - one.told >= REMIND:
            one.told = moment
            yield True, f"still, for {_lasted(one, moment)}: {text}"


def _kind(text: str) -> str:
    """The same for a fault of the next round, which names another object: a full disk refuses a new one each time.

    >>> _kind("failed at 'data/20261130T110900-20261130T110900_1_1796037003990_endpoint_fde8ef475a953c63.parquet'")
    "failed at 'data/*-*_*_endpoint_*.parquet'"
    """
    return _ROWS.sub("_", _PASSING.sub("*", text))


def _lasted(one: _Fault, moment: float) -> str:
    rounds = f"{one.rounds:,} round{'s' if one.rounds > 1 else ''}"
    seconds = moment - one.since
    for unit, length, least in (("h", 3600, 7200), ("min", 60, 60), ("s", 1, 0)):
        if seconds >= least:
            return f"{rounds}, {seconds / length:.0f} {unit}"
    return rounds
