"""Static inspection of a model file: what loading it would import, what it says of itself. Nothing is loaded."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

from cqs_monitor.models.containers import Refused, decompressed, mapped, pickles_in_zip, wrapping
from cqs_monitor.models.description import Description, describe
from cqs_monitor.models.pickles.judgement import Verdict, dangerous, verdict
from cqs_monitor.models.pickles.streams import Reading, read_streams

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_monitor.models.pickles.opcodes import Source

SECONDS = 20.0
"""How long one file may be looked at."""


@dataclass(frozen=True)
class Inspection:
    """What was found.

    Attributes:
        verdict: the worst thing found; None where nothing was found but not all could be read. There is no `safe`.
        format: `pickle`, `joblib`, `torch zip`, `gzip joblib` …; None where it is none of them.
        protocol: highest protocol named.
        imports: dotted names that loading would import.
        dangerous: those of them that make the verdict.
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
        return _inspect(data, file, time.monotonic() + seconds)


def _inspect(data: Source, file: BinaryIO, deadline: float) -> Inspection:
    if not len(data):
        return Inspection(None, None, problem="the file is empty", truncated=True)
    how = wrapping(data[:8])
    try:
        if how == "zip":
            return _zip(file, deadline)
        if how:
            with decompressed(data, how, deadline) as inner:
                return _judged(read_streams(inner, deadline), f"{how} ")
    except Refused as refusal:
        return Inspection(None, how, problem=str(refusal), truncated="ends early" in str(refusal))
    return _judged(read_streams(data, deadline), "")


def _zip(file: BinaryIO, deadline: float) -> Inspection:
    whole = Reading()
    names = []
    problem = None
    try:
        for name, content in pickles_in_zip(file, deadline):
            names.append(name)
            _join(whole, read_streams(content, deadline), name)
    except Refused as refusal:
        problem = str(refusal)
    torch = any(name.endswith("data.pkl") for name in names)
    if not names:
        return Inspection(None, "zip", problem=problem or "a zip without a pickle in it")
    whole.problem = problem or whole.problem
    return _judged(whole, "torch zip" if torch else "zip")


def _join(whole: Reading, part: Reading, name: str) -> None:
    whole.values += part.values
    whole.imports |= part.imports
    whole.oddities |= part.oddities
    whole.protocol = max(whole.protocol, part.protocol)
    if part.problem and not whole.problem:
        whole.problem, whole.truncated = f"{name}: {part.problem}", part.truncated


def _judged(reading: Reading, wrapped: str) -> Inspection:
    incomplete = bool(reading.problem or reading.oddities)
    found: Verdict | None = verdict(reading.imports)
    if incomplete and found == "nothing unusual found":
        found = None
    nothing = bool(reading.problem and not (reading.values or reading.imports or reading.truncated))
    kind = wrapped if wrapped.endswith("zip") else wrapped + ("joblib" if reading.raw else "pickle")
    return Inspection(
        verdict=found,
        format=None if nothing else kind,
        protocol=reading.protocol,
        imports=tuple(map(str, reading.imports)),
        dangerous=tuple(str(one) for one in reading.imports if dangerous(one)),
        oddities=tuple(reading.oddities),
        problem=f"no pickle, joblib or torch file ({reading.problem})" if nothing else reading.problem,
        truncated=reading.truncated,
        about=describe(reading.values),
    )
