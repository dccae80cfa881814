"""All pickles of one file, followed to its end: plain, joblib's with raw arrays inside, several in a row."""

from __future__ import annotations

import re
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cqs_monitor.models.pickles.judgement import current, dangerous
from cqs_monitor.models.pickles.machine import Machine
from cqs_monitor.models.pickles.opcodes import BrokenPickle
from cqs_monitor.models.pickles.packages import usual
from cqs_monitor.models.pickles.values import Import

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cqs_monitor.models.pickles.opcodes import Source

_MOST = 16
_SWEPT = 1 << 28
"""Bytes that are searched for names in a file that has no clean bill anyway."""


@dataclass
class PickleContents:
    """The content of a file of pickles.

    Attributes:
        values: what each would build.
        imports: what loading would import, in order.
        called: those of them that loading would call.
        oddities: facts that no ordinary writer produces.
        persistent: what a pickle of torch says of the storages outside it.
        excused: imports that are dangerous but for the way they are called.
        raw: whether joblib's raw arrays lie inside.
        problem: why not all was read; None where all was.
    """

    values: list[Any] = field(default_factory=list)
    imports: dict[Import, None] = field(default_factory=dict)
    called: dict[Import, None] = field(default_factory=dict)
    oddities: dict[str, None] = field(default_factory=dict)
    persistent: list[Any] = field(default_factory=list)
    excused: set[Import] = field(default_factory=set)
    protocol: int = 0
    raw: bool = False
    problem: str | None = None
    truncated: bool = False

    def add(self, machine: Machine) -> None:
        self.imports |= machine.imports
        self.called |= machine.called
        self.oddities |= machine.oddities
        self.excused |= machine.excused
        self.persistent += machine.persistent
        self.protocol = max(self.protocol, machine.protocol)
        self.raw = self.raw or machine.raw_at is not None

    def join(self, part: PickleContents, name: str) -> None:
        """Add what one entry of an archive says."""
        self.values += part.values
        self.imports |= part.imports
        self.called |= part.called
        self.oddities |= {f"{name}: {oddity}": None for oddity in part.oddities}
        self.persistent += part.persistent
        self.protocol = max(self.protocol, part.protocol)
        if part.problem and not self.problem:
            self.problem, self.truncated = f"{name}: {part.problem}", part.truncated


def read_streams(data: Source, deadline: float = float("inf"), *, torch: bool = False) -> PickleContents:
    """Follow the pickles from the first byte."""
    reading, at = PickleContents(), 0
    for count in range(_MOST):
        machine = Machine(data, at, deadline=deadline, torch=torch)
        try:
            reading.values.append(machine.run())
        except BrokenPickle as error:
            machine.excuse()
            reading.add(machine)
            _end(reading, data, at, count, error)
            break
        reading.add(machine)
        at = machine.at
        if at == len(data):
            break
        reading.oddities["more than one pickle in the file"] = None
    else:
        reading.problem = f"more than {_MOST} pickles in a row; the rest was not read"
    _look_again(reading, data, deadline)
    return reading


def _end(reading: PickleContents, data: Source, at: int, count: int, error: BrokenPickle) -> None:
    if count and data[at : at + 1] != b"\x80":
        del reading.oddities["more than one pickle in the file"]
        reading.oddities[f"{len(data) - at:,} bytes after the end, which loading never reads"] = None
        return
    reading.problem = f"truncated at {error}" if error.truncated else str(error)
    reading.truncated = error.truncated


def _look_again(reading: PickleContents, data: Source, deadline: float) -> None:
    """Bytes that are an array to joblib are opcodes to plain pickle; and all bytes are searched for names."""
    found: dict[Import, None] = {}
    if reading.raw:
        _read_plainly(reading, data, deadline)
    try:
        most = _SWEPT if reading.problem else None
        swept = dangerous_imports(data, deadline, most)
        found |= {one: None for one in swept if one not in reading.excused}
    except Unswept as late:
        reading.problem = reading.problem or str(late)
    for one in found:
        if one not in reading.imports:
            reading.oddities[f"{one} is in bytes that another reader would take as opcodes"] = None
    reading.imports |= found


def _read_plainly(reading: PickleContents, data: Source, deadline: float) -> None:
    """Read a joblib file as `pickle.load` would; on an ordinary one that stops at the first array."""
    plain = Machine(data, arrays=False, deadline=deadline, stop_before=_not_there)
    try:
        plain.run()
    except BrokenPickle as error:
        if "took too long" in str(error):
            reading.problem = reading.problem or str(error)
    plain.excuse()
    for one in plain.imports:
        if one not in reading.imports:
            reading.oddities[f"{one} is in bytes that another reader would take as opcodes"] = None
    reading.imports |= plain.imports
    reading.called |= plain.called
    reading.oddities |= plain.acts


def _not_there(found: Import) -> bool:
    """Whether no machine has such a module: a plain reading that got out of step makes up names."""
    top = current(found).module.split(".")[0]
    known = top in sys.stdlib_module_names or dangerous(found) or usual(current(found), called=False)
    return not known and top not in _INSTALLED


_INSTALLED = ("numpy", "joblib", "torch", "cqs_core", "cqs_data", "cqs_backtest", "cqs_monitor", "cqs_panel")


_NAME = rb"([A-Za-z_][\w.]{0,99})"
_MEMO = rb"(?:\x94|q.|r....|p\d+\n)?"
_SECOND = _MEMO + rb"(?:\x8c.|X...\x00|[VU])" + _NAME + rb"\n?" + _MEMO + rb"\x93"
_WRITTEN = (
    re.compile(rb"[ci]" + _NAME + rb"\n(?!p\d+\n)" + _NAME + rb"\n"),  # not the end of a text and its place in the memo
    re.compile(rb"\x8c." + _NAME + _SECOND, re.DOTALL),
    re.compile(rb"X...\x00" + _NAME + _SECOND, re.DOTALL),
)
_WINDOW, _OVERLAP = 1 << 18, 1 << 10


class Unswept(Exception):  # noqa: N818 - reads as what it is
    """There was no time to look at all bytes."""


def dangerous_imports(data: Source, deadline: float = float("inf"), most: int | None = None) -> Iterator[Import]:
    """Dangerous ones only: other bytes may look like an import by chance, hardly like `os.system`.

    Args:
        data: the file.
        deadline: of `time.monotonic()`.
        most: bytes that are searched; None is all.

    Raises:
        Unswept: the deadline came first.
    """
    for at in range(0, min(len(data), most or len(data)), _WINDOW):
        if time.monotonic() > deadline:
            raise Unswept(f"only the first {at:,} bytes were searched for names")
        window = data[at : at + _WINDOW + _OVERLAP]
        for pattern in _WRITTEN:
            for found in pattern.finditer(window):
                module, name = (part.decode("ascii") for part in found.groups())
                if dangerous(one := Import(module, name)):
                    yield one
