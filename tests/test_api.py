"""`.ci/api.py` in a repository with a tagged release: a break of the public API needs a line in the changelog."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

import documents

CHANGELOG = "packages/cqs-shapes/CHANGELOG.md"
STUB = "packages/cqs-shapes/src/cqs_shapes/__init__.pyi"
CODE = "packages/cqs-shapes/src/cqs_shapes/plane/shapes.py"
SHAPES = """
class Circle:
    def scaled(self, factor: float, digits: int = 2) -> "Circle": ...
    def _drawn(self, pen): ...

def area(shape: Circle) -> float: ...

def hidden(shape: Circle) -> float: ...
"""


class Repository:
    def __init__(self, folder):
        self.folder = folder
        (folder / ".ci").mkdir()
        for script in ("api.py", "reference.py", "release.py"):
            shutil.copy(documents.ROOT / ".ci" / script, folder / ".ci")
        self.write(STUB, "from .plane.shapes import Circle as Circle\nfrom .plane.shapes import area as area\n")
        self.write("packages/cqs-shapes/src/cqs_shapes/__init__.py", "")
        self.write("packages/cqs-shapes/src/cqs_shapes/plane/__init__.py", "")
        self.write(CODE, SHAPES)
        self.write(CHANGELOG, "## Unreleased\n\n- `Circle`, `area`.\n")
        self.git("init", "-q")
        self.commit()

    def write(self, name, text):
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text)

    def git(self, *words):
        who = {f"GIT_{role}_{part}": "a@example" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
        subprocess.run(["git", *words], cwd=self.folder, check=True, env=os.environ | who)

    def commit(self):
        self.git("add", "--all")
        self.git("commit", "-q", "-m", "A change")

    def check(self, *words):
        command = [sys.executable, self.folder / ".ci" / "api.py", *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path)


@pytest.fixture
def released(repository):
    """0.1.0 and a later 0.2.0 are out; nothing has changed since."""
    repository.git("tag", "cqs-shapes-v0.1.0")
    repository.write(CODE, SHAPES.replace("digits", "places"))
    repository.write(CHANGELOG, "## Unreleased\n\n## 0.2.0 (2026-01-02)\n\n- `Circle.scaled` has `places`; `area`.\n")
    repository.commit()
    repository.git("tag", "cqs-shapes-v0.2.0")
    return repository


def test_without_a_release_it_says_that_there_is_nothing_to_compare_with(repository):
    ran = repository.check()
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == "cqs-shapes: not released yet, so there is nothing to compare with\n"


def test_it_compares_with_the_last_release(released):
    ran = released.check("cqs-shapes")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "cqs-shapes: compared with cqs-shapes-v0.2.0: 0 breaks, 0 of them not in CHANGELOG.md\n"


@pytest.mark.parametrize(
    ("file", "before", "after", "named"),
    [
        (STUB, "from .plane.shapes import area as area\n", "", "area"),
        (CODE, "factor: float", "by: float", "Circle.scaled"),
        (CODE, "places: int = 2", "places: int", "Circle.scaled"),
        (CODE, "def scaled", "def _scaled", "Circle.scaled"),
        (CODE, "def area(shape: Circle)", "def area(shape: Circle, exact: bool)", "area"),
    ],
)
def test_a_break_needs_a_line_in_the_unreleased_section(released, file, before, after, named):
    text = (released.folder / file).read_text()
    assert before in text
    released.write(file, text.replace(before, after))
    ran = released.check()
    assert ran.returncode == 1
    assert named in ran.stderr
    assert "Name each" in ran.stderr
    changelog = (released.folder / CHANGELOG).read_text()
    released.write(CHANGELOG, changelog.replace("## Unreleased\n", f"## Unreleased\n\n- `{named}` is different.\n"))
    assert released.check().returncode == 0


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def hidden(shape: Circle)", "def hidden()"),
        ("def _drawn(self, pen)", "def _drawn(self)"),
        ("places: int = 2", "places: int = 2, exact: bool = False"),
    ],
)
def test_what_nobody_may_use_and_what_is_added_breaks_nothing(released, before, after):
    text = (released.folder / CODE).read_text()
    assert before in text
    released.write(CODE, text.replace(before, after))
    assert released.check().returncode == 0


def test_a_name_that_moved_to_another_file_is_the_same_name(released):
    (released.folder / CODE).rename((released.folder / CODE).with_name("figures.py"))
    released.write(STUB, (released.folder / STUB).read_text().replace("shapes", "figures"))
    ran = released.check()
    assert ran.returncode == 0, ran.stderr
