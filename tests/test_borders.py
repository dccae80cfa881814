"""What each package may import, and how light that is."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import readme

PACKAGES = sorted((readme.ROOT / "packages").iterdir())
HEAVY = {"ccxt", "panel", "bt", "pandas", "duckdb", "gcsfs", "holoviews", "numba"}


@pytest.mark.parametrize("package", ["cqs_core", "cqs_data", "cqs_backtest", "cqs_monitor"])
def test_importing_a_package_loads_nothing_heavy(package):
    code = f"import {package}, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not HEAVY & set(loaded)


def test_loading_every_plugin_loads_nothing_heavy():
    code = "from cqs_core import plugins; import sys; plugins().commands(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not HEAVY & set(loaded)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda p: p.name)
def test_a_package_has_its_version_changelog_types_and_bounds_on_its_siblings(package):
    project = tomllib.loads((package / "pyproject.toml").read_text())["project"]
    assert f"## {project['version']}" in (package / "CHANGELOG.md").read_text()
    assert (package / "README.md").stat().st_size > 500
    assert next(package.glob("src/*/py.typed"), None)
    extras = [need for needs in project.get("optional-dependencies", {}).values() for need in needs]
    siblings = [need for need in [*project["dependencies"], *extras] if need.startswith("cqs-")]
    assert all(">=" in need for need in siblings)
    assert package.name == "cqs-core" or siblings


def test_drawing_libraries_are_imported_under_one_lock():
    """Their modules import each other: two threads that do so at once fail with a deadlock."""
    direct = re.compile(r"^\s*(import|from) (holoviews|hvplot)\b", re.MULTILINE)
    files = [file for package in PACKAGES for file in package.glob("src/**/*.py")]
    found = [file.name for file in files if direct.search(file.read_text())]
    assert found == ["result.py", "appearance.py"]  # the first for type checkers alone


def test_types_come_through_the_public_modules_too():
    """import-linter is told to leave out imports for type checkers, which may go in circles, but not past a border."""
    contracts = tomllib.loads((readme.ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    public = {
        line.split(" -> ")[1] for one in contracts if one["type"] == "protected" for line in one["ignore_imports"]
    }
    wrong = [
        f"{file.relative_to(readme.ROOT)}: {module}"
        for package in PACKAGES
        for file in package.glob("src/**/*.py")
        for module in imported(file)
        if module.split(".")[0] != file.relative_to(package).parts[1]
        if not (module.count(".") <= 1 and module.startswith("cqs_core")) and module != "cqs_panel"
        if module not in public and not module.startswith(("cqs_core.testing.", "cqs_panel.testing."))
    ]
    assert wrong == []


def imported(file: Path) -> list[str]:
    """Modules of cqs from which a file imports, for types or not."""
    nodes = ast.walk(ast.parse(file.read_text()))
    found = [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    return [module for module in found if module.startswith("cqs_")]


def test_no_page_uses_components_that_insert_their_text_as_html():
    """Material's Alert, Typography and StaticText do, and decode it before: `notice` and `html` do not."""
    unsafe = re.compile(r"pmui\.(Alert|Typography|StaticText)\b")
    found = [file for package in PACKAGES for file in package.glob("src/**/*.py") if unsafe.search(file.read_text())]
    assert found == []
