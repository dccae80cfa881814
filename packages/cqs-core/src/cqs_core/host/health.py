"""The contract of `register_health_checks`: how a package takes part in `cqs health`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cqs_core.bucket import Bucket

State = Literal["ok", "warning", "failed"]


@dataclass(frozen=True)
class Health:
    """One thing that was looked at.

    Attributes:
        name: such as `log of Main`.
        state: `failed` makes `cqs health` end with 1; a `warning` does not.
        fact: in one line.
        value: a figure for Prometheus, such as an age in seconds; None where there is none.
    """

    name: str
    state: State
    fact: str
    value: float | None = None


@dataclass(frozen=True)
class HealthCheck:
    """A check that `cqs health` makes.

    Attributes:
        name: one word.
        run: called with the bucket; or `module:function`, imported then. It has 20 s.
        doc: what it looks at, in one line.
    """

    name: str
    run: Callable[[Bucket], Iterable[Health]] | str
    doc: str = ""

    def __call__(self, bucket: Bucket) -> list[Health]:
        """What it found now."""
        from importlib import import_module

        if callable(self.run):
            return list(self.run(bucket))
        module, _, name = self.run.partition(":")
        return list(getattr(import_module(module), name)(bucket))
