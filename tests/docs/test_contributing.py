"""What CONTRIBUTING says can be typed, can be typed; a release is one command."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import documents

TEXT = (documents.ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\| [^|]+ \| `([^`]+)` \|$", TEXT, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_names_programs_and_files_that_are_there(command):
    words = command.removeprefix("uv run ").split()
    program = Path(sys.executable).parent / words[0]
    assert program.exists() or (documents.ROOT / words[0]).is_file()
    for word in words[1:]:
        assert "/" not in word or (documents.ROOT / word).exists(), word


def test_there_is_one_command_for_each_step():
    wanted = ("pytest packages/", "ruff check", "ruff format", "mypy", "lint-imports", "mkdocs build --strict")
    scripts = (".ci/wheels.py", ".ci/release.py", ".ci/run")
    assert [step for step in (*wanted, *scripts) if not any(step in command for command in COMMANDS)] == []


def test_the_markers_are_those_of_pytest():
    project = tomllib.loads((documents.ROOT / "pyproject.toml").read_text())
    markers = {line.partition(":")[0] for line in project["tool"]["pytest"]["markers"]}
    told = set(re.findall(r"`(\w+)`", TEXT.partition("\nMarkers: ")[2].partition("\n\n")[0]))
    assert told == markers


def test_ci_builds_the_documentation_strictly():
    assert "uv run mkdocs build --strict" in (documents.ROOT / ".ci" / "run").read_text()


@pytest.mark.soak
def test_a_release_changes_version_changelog_and_lock_and_is_tagged(tmp_path):
    clone = tmp_path / "cqs"
    subprocess.run(["git", "clone", "-q", documents.ROOT, clone], check=True)
    who = {f"GIT_{role}_{part}": "a@example" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}

    def release(*words):
        command = [sys.executable, clone / ".ci" / "release.py", *words]
        return subprocess.run(command, capture_output=True, text=True, env=os.environ | who, timeout=300)

    assert "there is no package" in release("cqs-dat", "9.0.0").stderr
    assert "cannot go back" in release("cqs-data", "0.0.1").stderr
    done = release("cqs-data", "9.0.0")
    assert "tagged cqs-data-v9.0.0" in done.stdout, done.stderr
    package = clone / "packages" / "cqs-data"
    assert 'version = "9.0.0"' in (package / "pyproject.toml").read_text()
    assert re.search(r"^## 9\.0\.0 \(\d{4}-\d\d-\d\d\)$", (package / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert "has no section" in release("cqs-data", "9.1.0").stderr
    uv = shutil.which("uv")
    subprocess.run([uv, "build", "-q", "--package", "cqs-data", "--out-dir", tmp_path], cwd=clone, check=True)
    assert list(tmp_path.glob("cqs_data-9.0.0-*.whl"))
