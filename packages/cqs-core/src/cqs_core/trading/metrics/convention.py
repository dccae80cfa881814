"""The name, label and unit of a metric, and how it is computed, in words."""

from __future__ import annotations

from dataclasses import dataclass

DAILY, POSITIONS = "daily returns", "positions"


@dataclass(frozen=True)
class Convention:
    """One number of a run.

    Attributes:
        name: as it is stored.
        label: for people.
        unit: `%`, empty (ratio), `#` (count), `$` (quote currency) or `d` (days).
        text: how it is computed, in words.
        series: what it is computed from, such as `DAILY`.
        version: of the formula; raise it if the formula changes, and figures that were kept before are marked.
        unlimited: whether inf is an answer (a ratio to nothing), and no mistake.
    """

    name: str
    label: str
    unit: str
    text: str
    series: str
    version: int = 1
    unlimited: bool = False
