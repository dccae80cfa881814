"""Installed packages that have plugins: which are our own, in which order they load, which do not fit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cqs_core.errors import UsageError

if TYPE_CHECKING:
    from importlib.metadata import Distribution, EntryPoint

_OURS = ("cqs-core", "cqs-data", "cqs-backtest", "cqs-monitor", "cqs-panel")


def is_own(distribution: Distribution) -> bool:
    """Whether it is one of our packages."""
    return re.sub(r"[-_.]+", "-", distribution.name or "").lower() in _OURS


def load_order(pair: tuple[EntryPoint, Distribution]) -> tuple[int, str]:
    """Sorts core first, then our other packages, then all others by name."""
    entry, distribution = pair
    if not is_own(distribution):
        return len(_OURS), entry.name
    return (0 if distribution.name.lower() == "cqs-core" else 1), entry.name


def refuse_unfit(distribution: Distribution) -> None:
    """Whether the distribution's declared range of cqs-core has room for this one, asked before it is imported.

    Raises:
        UsageError: it has not.
    """
    wanted = [line for line in distribution.requires or [] if re.match(r"cqs[-_.]core(?![-_.\w])", line, re.IGNORECASE)]
    if not wanted:
        return
    from importlib.metadata import version

    from packaging.requirements import Requirement

    have = version("cqs-core")
    for need in map(Requirement, wanted):
        asked = need.marker is None or need.marker.evaluate()
        if asked and not need.specifier.contains(have, prereleases=True):
            raise UsageError(f"needs cqs-core{need.specifier}, this is {have}; install versions that fit")
