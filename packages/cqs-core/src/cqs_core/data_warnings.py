"""Warnings of data that are not as one might expect, which point at the line of the caller's own code."""

from __future__ import annotations

import sys
import warnings

from cqs_core.errors import DataWarning


def warn_of_data(text: str) -> None:
    """Warn with `DataWarning` where code outside of cqs called us."""
    warnings.warn(text, DataWarning, stacklevel=_level())


def _level() -> int:
    """The `stacklevel` of the first frame outside of our packages, seen from `warn_of_data`."""
    level, frame = 1, sys._getframe(1)  # noqa: SLF001 - warnings have no public way to leave packages before 3.12
    while frame.f_back is not None and str(frame.f_globals.get("__name__", "")).startswith("cqs_"):
        level, frame = level + 1, frame.f_back
    return level
