"""Static inspection of a model file: what loading it would import, what it says of itself. Nothing is loaded."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

from cqs_monitor.models.containers import Unreadable, decompressed, mapped, wrapping
from cqs_monitor.models.description import Description, describe
from cqs_monitor.models.npy import MAGIC, read_npy
from cqs_monitor.models.pickles.judgement import Verdict, dangerous, unusual, verdict
from cqs_monitor.models.pickles.streams import PickleContents, read_streams
from cqs_monitor.models.zips import read_zip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_monitor.models.pickles.opcodes import Source

SECONDS = 20.0
"""Time limit of an inspection."""

_READING = 0.75
"""Share of the limit for reading; the rest is for describing, and for freeing memory."""

_ARCHIVES = ("torch zip", "npz", "zip", "npy")


@dataclass(frozen=True)
class Inspection:
    """The findings of an inspection.

    Attributes:
        verdict: the worst thing found; None where nothing bad was found, but not all could be read, or not all is what
            an ordinary writer writes. There is no `safe`.
        format: `pickle`, `joblib`, `torch zip`, `gzip joblib` …; None where it is none of them.
        protocol: highest protocol named.
        imports: dotted names that loading would import.
        dangerous: those of them that reach for the system, the interpreter, or code in the file.
        unusual: those of them that the usual packages of machine learning do not import.
        oddities: facts that no ordinary writer produces.
        problem: why not all could be read.
        truncated: whether that is because the file ends early.
        about: what the model says of itself.
    """

    verdict: Verdict | None
    format: str | None
    protocol: int | None = None
    imports: Sequence[str] = ()
    dangerous: Sequence[str] = ()
    unusual: Sequence[str] = ()
    oddities: Sequence[str] = ()
    problem: str | None = None
    truncated: bool = False
    about: Description = field(default_factory=Description)

    def json(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "about"}
        return {name: list(v) if isinstance(v, tuple) else v for name, v in own.items()} | self.about.json()


def inspect_file(file: BinaryIO, seconds: float = SECONDS) -> Inspection:
    """Inspect an open local file, within limits of time and memory."""
    with mapped(file) as data:
        return _inspect(data, file, time.monotonic() + _READING * seconds)


def _inspect(data: Source, file: BinaryIO, deadline: float) -> Inspection:
    if not len(data):
        return Inspection(None, None, problem="the file is empty", truncated=True)
    how = wrapping(data[:8])
    try:
        if how == "zip":
            return _judged(*read_zip(file, deadline))
        if how:
            with decompressed(data, how, deadline) as inner:
                return _judged(read_streams(inner, deadline), f"{how} ")
    except Unreadable as refusal:
        return Inspection(None, how, problem=str(refusal), truncated="ends early" in str(refusal))
    if data[:6] == MAGIC:
        return _judged(read_npy(data, deadline), "npy")
    return _judged(read_streams(data, deadline), "")


def _judged(reading: PickleContents, wrapped: str) -> Inspection:
    imports, called = reading.imports, reading.called
    found: Verdict | None = verdict(imports, called)
    whole = not (reading.problem or reading.oddities)
    if not whole and found in ("nothing unusual found", "imports code"):
        found = None
    empty = bool(reading.problem and not (reading.values or imports or reading.truncated))
    kind = wrapped if wrapped in _ARCHIVES else wrapped + ("joblib" if reading.raw else "pickle")
    nothing = empty and wrapped not in _ARCHIVES
    return Inspection(
        verdict=found,
        format=None if nothing else kind,
        protocol=reading.protocol,
        imports=tuple(map(str, imports)),
        dangerous=tuple(str(one) for one in imports if dangerous(one)),
        unusual=tuple(str(one) for one in imports if not dangerous(one) and unusual(one, called)),
        oddities=tuple(reading.oddities),
        problem=f"no pickle, joblib or torch file ({reading.problem})" if nothing else reading.problem,
        truncated=reading.truncated,
        about=describe(reading.values),
    )
