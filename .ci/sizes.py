"""Prints how much disk each package needs, with all that it requires, as the table in the README has it.

    uv run --all-packages --all-extras python .ci/sizes.py

Sizes are those of the files that are installed here, without bytecode.
"""

from __future__ import annotations

import functools
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CORE = "cqs-core"
PACKAGES = [CORE, "cqs-data", "cqs-backtest", "cqs-monitor", "cqs-panel"]
EXTRAS = {"cqs-backtest": ["cluster", "optuna"], "cqs-monitor": ["models"], "cqs-panel": ["metrics"]}
LARGE = 20e6  # bytes: named in the table


@functools.cache
def found(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def needed(name: str, extra: str = "", known: set[str] | None = None) -> set[str]:
    """A package with all that it requires, by canonical names."""
    known = set() if known is None else known
    one = found(name)
    if one is None:
        return known
    known.add(canonicalize_name(name))
    for text in one.requires or []:
        wanted = Requirement(text)
        applies = wanted.marker is None or wanted.marker.evaluate({"extra": extra})
        if applies and canonicalize_name(wanted.name) not in known:
            for each in wanted.extras or [""]:
                needed(wanted.name, each, known)
    return known


@functools.cache
def size(name: str) -> int:
    """Bytes of a distribution's files."""
    paths = [Path(str(file.locate())) for file in distribution(name).files or [] if file.suffix != ".pyc"]
    return sum(path.stat().st_size for path in paths if path.is_file())


def row(title: str, names: set[str], core: set[str]) -> str:
    large = sorted((one for one in names - core or names if size(one) > LARGE), key=size, reverse=True)
    brings = ", ".join(f"{one} {size(one) / 1e6:.0f}" for one in large)
    return f"| {title} | {total(names):.0f} | {total(names - core):.0f} | {brings} |"


def total(names: set[str]) -> float:
    return sum(map(size, names)) / 1e6


def main() -> None:
    core, everything = needed(CORE), set[str]()
    print("| installed | MB | beside core | large parts |\n|---|---|---|---|")
    for name in PACKAGES:
        for extra in ["", *EXTRAS.get(name, [])]:
            names = needed(name) | (needed(name, extra) if extra else set())
            everything |= names
            print(row(f"`{name}[{extra}]`" if extra else f"`{name}`", names, core))
    print(row("all of these", everything, core))


main()
