"""What each package may import, and how light that is."""

from __future__ import annotations

import subprocess
import sys
import tomllib

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
