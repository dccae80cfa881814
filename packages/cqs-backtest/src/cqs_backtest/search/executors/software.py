"""The software that a search needs, and where it differs."""

from __future__ import annotations

import ast
import sys
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from typing import TYPE_CHECKING

from cqs_backtest.runs.code import captured
from cqs_backtest.search.executors.parcel import all_versions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cqs_core import Strategy

_MOST_TOLD = 4


def needed(strategy: Strategy) -> dict[str, str]:
    """Versions by distribution: what every result depends on, what a strategy's files import, and its own plugin."""
    found = all_versions()
    known = packages_distributions()
    for module in {type(strategy).__module__.partition(".")[0], *_imported(captured(strategy).data)}:
        for name in known.get(module, ()):
            try:
                found.setdefault(name.lower(), version(name))
            except PackageNotFoundError:
                continue
    return found


def differences(wanted: Mapping[str, str], places: Mapping[str, Mapping[str, str | None]]) -> str:
    """What differs where, in words; empty where nothing does.

    Args:
        wanted: versions here, by distribution.
        places: versions there; None or absent is not installed.
    """
    lines = []
    for place, there in places.items():
        for name, here in wanted.items():
            other = there.get(name)
            if name == "python" and other:
                other = ".".join(other.split(".")[:2])
            if other is None:
                lines.append(f"{place} lacks {name} {here}")
            elif other != here:
                lines.append(f"{place} has {name} {other} and this machine {here}")
    more = f"; and {len(lines) - _MOST_TOLD} more" if len(lines) > _MOST_TOLD else ""
    return "; ".join(lines[:_MOST_TOLD]) + more


def _imported(files: Mapping[str, bytes]) -> Iterator[str]:
    """Top-level names of modules that files import, but for the standard library's and their own."""
    own = {path.split("/")[0].removesuffix(".py") for path in files}
    for data in files.values():
        for node in ast.walk(ast.parse(data)):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                names = [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            yield from {name.partition(".")[0] for name in names} - own - set(sys.stdlib_module_names) - {""}
