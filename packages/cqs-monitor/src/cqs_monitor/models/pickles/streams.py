"""All pickles of one file, followed to its end: plain, joblib's with raw arrays inside, several in a row."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cqs_monitor.models.pickles.judgement import dangerous
from cqs_monitor.models.pickles.machine import Machine
from cqs_monitor.models.pickles.opcodes import BrokenPickle, Source
from cqs_monitor.models.pickles.sweep import dangerous_imports

if TYPE_CHECKING:
    from cqs_monitor.models.pickles.values import Import

_MOST = 16


@dataclass
class Reading:
    """What a file of pickles says.

    Attributes:
        values: what each would build.
        imports: what loading would import, in order.
        oddities: facts that no ordinary writer produces.
        raw: whether joblib's raw arrays lie inside.
        problem: why reading ended early; None where all was read.
    """

    values: list[Any] = field(default_factory=list)
    imports: dict[Import, None] = field(default_factory=dict)
    oddities: dict[str, None] = field(default_factory=dict)
    protocol: int = 0
    raw: bool = False
    problem: str | None = None
    truncated: bool = False

    def add(self, machine: Machine) -> None:
        self.imports |= machine.imports
        self.oddities |= machine.oddities
        self.protocol = max(self.protocol, machine.protocol)
        self.raw = self.raw or machine.raw


def read_streams(data: Source, deadline: float = float("inf")) -> Reading:
    """Follow the pickles from the first byte."""
    reading, at = Reading(), 0
    for count in range(_MOST):
        machine = Machine(data, at, deadline=deadline)
        try:
            reading.values.append(machine.run())
        except BrokenPickle as error:
            reading.add(machine)
            _end(reading, data, at, count, error)
            break
        reading.add(machine)
        at = machine.at
        if at == len(data):
            break
    else:
        reading.problem = f"more than {_MOST} pickles in a row; the rest was not read"
    _look_again(reading, data, deadline)
    return reading


def _end(reading: Reading, data: Source, at: int, count: int, error: BrokenPickle) -> None:
    if count and data[at : at + 1] != b"\x80":
        reading.oddities[f"{len(data) - at:,} bytes after the end, which loading never reads"] = None
        return
    reading.problem = f"truncated at {error}" if error.truncated else str(error)
    reading.truncated = error.truncated


def _look_again(reading: Reading, data: Source, deadline: float) -> None:
    """Bytes that are an array to joblib are opcodes to plain pickle; what could not be followed is searched."""
    found: dict[Import, None] = {}
    if reading.raw:
        plain = Machine(data, arrays=False, deadline=deadline)
        with contextlib.suppress(BrokenPickle):
            plain.run()
        found |= dict.fromkeys(one for one in plain.imports if dangerous(one))
    if reading.problem or reading.oddities:
        found |= dict.fromkeys(dangerous_imports(data, 0, deadline))
    for one in found:
        if one not in reading.imports:
            reading.oddities[f"{one} stands in bytes that another reader would take as opcodes"] = None
    reading.imports |= found
