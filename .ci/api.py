"""Compares each package's public names with those of its last release; a break that its changelog does not name fails.

    uv run python .ci/api.py [PACKAGE ...]

Public is what the `__init__.pyi` of a package and of its folders import. A break is what griffe says is one: a name or
a parameter that is gone, a parameter that became required, another kind of thing. The changelog must name it in its
unreleased section, as code: `Lake.read` for a method, `load` for a function.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import griffe
from reference import public_names
from release import UNRELEASED

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent


def git(*words: str) -> bytes:
    return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True).stdout


def last_tag(name: str) -> str | None:
    """The tag of the newest release that is part of this commit."""
    tags = git("tag", "--list", f"{name}-v*", "--sort=-version:refname", "--merged", "HEAD").decode().split()
    return tags[0] if tags else None


def public(source: Path, package: str) -> griffe.Module:
    """All public names of a package as members of one module, whichever file they are in.

    Args:
        source: folder that holds the package.
        package: its name for imports.
    """
    whole = griffe.load(package, search_paths=[source], allow_inspection=False)
    names = griffe.Module(package)
    for stub in sorted((source / package).rglob("__init__.pyi")):
        folder = ".".join(stub.parent.relative_to(source).parts)
        for name, home in public_names(folder, stub).items():
            found = whole[home.removeprefix(f"{package}.")]
            found.public = True
            names.members[f"{folder}.{name}"] = found
    return names


def breaks(name: str, tag: str, scratch: Path) -> Iterator[tuple[str, str]]:
    """The name as a changelog writes it, and what happened to it."""
    package = name.replace("-", "_")
    folder = f"packages/{name}/src"
    with tarfile.open(fileobj=io.BytesIO(git("archive", tag, folder))) as archive:
        archive.extractall(scratch, filter="data")
    old, new = public(scratch / folder, package), public(ROOT / folder, package)
    for public_name in sorted(set(old.members) - set(new.members)):
        yield public_name.rpartition(".")[2], f"{public_name}: it is not public any more"
    for kept in set(old.members) - set(new.members):
        del old.members[kept]
    for found in griffe.find_breaking_changes(old, new):
        path = found.obj.path.removeprefix(f"{found.obj.module.path}.")
        yield path, re.sub(r"\x1b\[\d*m", "", found.explain(griffe.ExplanationStyle.ONE_LINE))


def unreleased(name: str) -> str:
    """What the changelog says of the coming release."""
    text = (ROOT / "packages" / name / "CHANGELOG.md").read_text(encoding="utf-8")
    found = UNRELEASED.search(text)
    return re.split(r"^## ", text[found.end() :], maxsplit=1, flags=re.MULTILINE)[0] if found else ""


def check(name: str) -> list[str]:
    """Breaks that the changelog does not name."""
    tag = last_tag(name)
    if tag is None:
        print(f"{name}: not released yet, so there is nothing to compare with")
        return []
    told = unreleased(name)
    with tempfile.TemporaryDirectory() as scratch:
        found = list(breaks(name, tag, Path(scratch)))
    silent = [f"{name}: {why}" for path, why in found if not re.search(rf"`[^`]*\b{re.escape(path)}\b", told)]
    print(f"{name}: compared with {tag}: {len(found)} breaks, {len(silent)} of them not in CHANGELOG.md")
    return silent


def main(names: list[str]) -> None:
    known = sorted(path.name for path in (ROOT / "packages").iterdir())
    if unknown := [name for name in names if name not in known]:
        raise SystemExit(f"api: there is no package {unknown[0]!r}; there are: {', '.join(known)}")
    silent = [why for name in names or known for why in check(name)]
    if silent:
        raise SystemExit("\n".join([*silent, "Name each in the unreleased section of its CHANGELOG.md, as code"]))


if __name__ == "__main__":
    main(sys.argv[1:])
