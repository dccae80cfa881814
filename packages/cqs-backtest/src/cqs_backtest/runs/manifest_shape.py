"""What a stored manifest must look like, so that lists of runs may rely on it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError


class _Shape(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)


class _Strategy(_Shape):
    name: str
    reference: str
    source: str | None
    parameters: dict[str, Any]
    files: dict[str, str] = {}


class _Manifest(_Shape):
    strategy: _Strategy
    exchange: str
    symbols: list[str]
    interval: str
    engine: str
    costs: dict[str, float | str | None]
    candles: dict[str, str]
    versions: dict[str, str]
    badges: dict[str, Any]
    performance: dict[str, float | None]
    first: str
    last: str
    name: str = ""
    created: str = ""
    references: list[str] = []
    benchmark: str = ""
    start: str | None = None
    end: str | None = None
    day_start: int = 0
    seed: int | None = None
    infinite: list[str] = []
    metrics: dict[str, Any] = {}


def fault_of(made: object) -> str:
    """The first thing that is wrong with a manifest; empty where nothing is.

    >>> fault_of({"strategy": 5})[:27]
    'strategy: input should be a'
    """
    if not isinstance(made, dict):
        return "it is not an object"
    try:
        _Manifest.model_validate(made)
    except ValidationError as error:
        first = error.errors()[0]
        where, what = ".".join(map(str, first["loc"])), str(first["msg"])
        return f"{where}: {what[0].lower()}{what[1:]}"
    return ""
