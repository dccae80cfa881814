"""Release one package: version, changelog, lock file, commit, tag. Nothing is pushed.

    uv run python .ci/release.py cqs-data 0.2.0

Pushing the tag (`git push origin HEAD cqs-data-v0.2.0`) builds, tests and publishes it: .github/workflows/release.yml.
"""

from __future__ import annotations

import datetime as dt
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UNRELEASED = re.compile(r"^## (?:\d+\.\d+\.\d+ \(unreleased\)|Unreleased)$", re.MULTILINE)
VERSION = re.compile(r'^version = "(\d+\.\d+\.\d+)"$', re.MULTILINE)


def run(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def number(version: str) -> tuple[int, ...]:
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise SystemExit(f"release: {version!r} is not a version; write it as 0.2.0")
    return tuple(map(int, version.split(".")))


def check(name: str, version: str) -> tuple[Path, Path]:
    """The files to change, if the release can be made."""
    package = ROOT / "packages" / name
    project, changelog = package / "pyproject.toml", package / "CHANGELOG.md"
    if not project.is_file():
        known = ", ".join(sorted(path.name for path in package.parent.iterdir()))
        raise SystemExit(f"release: there is no package {name!r}; there are: {known}")
    if run("git", "status", "--porcelain"):
        raise SystemExit("release: the working tree has changes; commit or stash them first")
    found = VERSION.search(project.read_text())
    if found is None or number(version) < number(found[1]):
        raise SystemExit(f"release: {name} is at {found[1] if found else '?'}; a release cannot go back to {version}")
    if not UNRELEASED.search(changelog.read_text()):
        raise SystemExit(f"release: {changelog.relative_to(ROOT)} has no section '## Unreleased'; say what changed")
    if run("git", "tag", "--list", f"{name}-v{version}"):
        raise SystemExit(f"release: {name} {version} is tagged already")
    return project, changelog


def release(name: str, version: str) -> str:
    """Change the files, commit and tag; the tag."""
    project, changelog = check(name, version)
    today = dt.datetime.now(dt.UTC).date().isoformat()
    changelog.write_text(UNRELEASED.sub(f"## {version} ({today})", changelog.read_text(), count=1))
    project.write_text(VERSION.sub(f'version = "{version}"', project.read_text(), count=1))
    run("uv", "lock", "--quiet")
    tag = f"{name}-v{version}"
    run("git", "commit", "--quiet", "--message", f"Release {name} {version}", "packages", "uv.lock")
    run("git", "tag", "--annotate", tag, "--message", f"{name} {version}")
    return tag


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit("usage: uv run python .ci/release.py PACKAGE VERSION")
    made = release(*sys.argv[1:])
    print(f"tagged {made}; publish it with: git push origin HEAD {made}")
