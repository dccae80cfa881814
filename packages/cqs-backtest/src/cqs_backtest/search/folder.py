"""Searches in a bucket: a folder each, with a manifest, what comes of it bit by bit, and at the end a result."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from cqs_backtest.ids import find_id, new_id
from cqs_core import DataError, UsageError
from cqs_core.cli import plain
from cqs_core.files import format_fields, require_format
from cqs_core.time.clock import iso, now

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cqs_core import Bucket

FORMAT = 1
_NEEDED = ("strategy", "exchange", "symbols", "interval", "axes", "sets", "candles", "costs")


@dataclass(frozen=True)
class SearchFolder:
    """One search in a bucket.

    Attributes:
        bucket: that has it.
        id: its folder below `root`.
    """

    bucket: Bucket
    id: str
    root: ClassVar[str]
    kind: ClassVar[str]

    @classmethod
    def new(cls, bucket: Bucket, strategy: str) -> Self:
        """A unique folder, named by the time and the strategy."""
        return cls(bucket, new_id(time.strftime("%Y%m%dT%H%M%S", time.gmtime()), strategy))

    @classmethod
    def find(cls, bucket: Bucket, beginning: str) -> Self:
        """A search by its id, or by a beginning of it that no other one has.

        Raises:
            UnknownName: there is none, or several begin so.
        """
        return cls(bucket, find_id(bucket, cls.root, cls.kind, beginning, "`cqs backtest searches` names them"))

    def key(self, name: str) -> str:
        """The object with this name."""
        return f"{self.root}/{self.id}/{name}"

    def manifest(self) -> dict[str, Any]:
        """The request.

        Raises:
            DataError: it is missing or damaged.
        """
        try:
            data = self.bucket.read(self.key("manifest.json"))
        except FileNotFoundError:
            data = b""
        return self.read_manifest(data)

    def read_manifest(self, data: bytes) -> dict[str, Any]:
        """The request, from these bytes; `id` is always the folder's name.

        Raises:
            NewerFormat: a newer version wrote them.
            DataError: they are damaged.
        """
        made = json_object(data)
        require_format(self.key("manifest.json"), made or {}, FORMAT, "cqs-backtest")
        lacking = ["an object"] if made is None else [name for name in _NEEDED if name not in made]
        if made is None or lacking or not isinstance(made["strategy"], dict) or "name" not in made["strategy"]:
            missing = ", ".join(lacking or ["strategy.name"])
            raise DataError(f"{self.key('manifest.json')} is damaged: {missing} missing; search again")
        return made | {"id": self.id}

    def result(self) -> dict[str, Any] | None:
        """The result, unknown numbers as None; None if it runs, was stopped, or its result is damaged."""
        try:
            return self.read_result(self.bucket.read(self.key("result.json")))
        except FileNotFoundError:
            return None

    @staticmethod
    def read_result(data: bytes) -> dict[str, Any] | None:
        """The result, from these bytes."""
        return json_object(data)

    def write(self, name: str, data: Mapping[str, Any]) -> None:
        """Write `manifest.json` or `result.json`; what JSON cannot hold is null."""
        self.bucket.write(self.key(name), json.dumps(plain(data), ensure_ascii=False, indent=1).encode())

    def begin(self, about: Mapping[str, Any]) -> None:
        """Write the manifest of a new search."""
        self.write(
            "manifest.json", {"id": self.id, "created": iso(now()), **format_fields("cqs-backtest", FORMAT), **about}
        )


def check_same(kind: str, then: Mapping[str, Any], about: Mapping[str, Any]) -> None:
    """Refuse to go on with a search under other conditions: its parts would not belong together.

    Raises:
        UsageError: naming what differs.
    """
    current = plain(about)
    for name, what in _CONDITIONS.items():
        if name in current and then.get(name) != current[name]:
            fact = f"{kind} {then.get('id')!r} was made with other {what}"
            raise UsageError(f"{fact}; what it has is kept. Start a new one without --resume")


_CONDITIONS = {
    "candles": "candles",
    "features": "features",
    "strategy": "strategy or its code",
    "costs": "costs",
    "axes": "ranges",
    "sets": "number of sets",
    "random": "number of random sets",
    "random_seed": "seed",
    "optimize": "number of sets to optimize",
    "objectives": "objectives",
    "requirements": "requirements",
    "plan": "windows",
    "start": "start",
    "end": "end",
    "versions": "libraries",
    "metrics": "formulas of metrics",
}


def json_object(data: bytes) -> dict[str, Any] | None:
    """The JSON object of these bytes; None if they are none."""
    try:
        made = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return made if isinstance(made, dict) else None
