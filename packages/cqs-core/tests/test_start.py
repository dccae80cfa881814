"""Starting costs next to nothing: what is heavy is imported on use."""

from __future__ import annotations

import os
import resource
import subprocess
import sys

import pytest

HEAVY = ("ccxt", "panel", "bt", "pandas", "duckdb", "gcsfs", "holoviews", "numba", "pyarrow", "pydantic_settings")
RUNS = 7
COMPILED = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}  # else every start compiles


def cpu(*words: str) -> float:
    """CPU seconds of a child of ours, the least of some runs: noise only ever adds."""

    def once() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL, env=COMPILED)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime

    return min(once() for _ in range(RUNS))


@pytest.mark.parametrize(
    "words", ["import cqs_core", "import cqs_core.cli", "from cqs_core import Bucket, Lake, Series, hookimpl, plugins"]
)
def test_importing_core_loads_nothing_heavy(words):
    told = subprocess.run(
        [sys.executable, "-c", f"{words}; import sys; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    assert not set(HEAVY) & {name.partition(".")[0] for name in told.stdout.split()}


@pytest.mark.once
@pytest.mark.parametrize("option", ["--version", "--help"])
def test_the_command_starts_in_a_few_times_the_cpu_of_python(option):
    command = ("-c", "from cqs_core.cli import main; main()", option)
    subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL, env=COMPILED)
    bare = cpu("-c", "pass")
    assert cpu(*command) < 5 * bare + 0.1


def test_a_package_is_absent_for_what_the_block_imports_and_for_no_other_thread():
    import importlib.util
    import threading

    from cqs_core.isolation import absent

    found = []
    with absent("tabnanny"):
        other = threading.Thread(target=lambda: found.append(importlib.util.find_spec("tabnanny")))
        other.start()
        other.join()
        with pytest.raises(ModuleNotFoundError, match="tabnanny"):
            importlib.util.find_spec("tabnanny")
    assert found[0] is not None
    assert importlib.util.find_spec("tabnanny") is not None
