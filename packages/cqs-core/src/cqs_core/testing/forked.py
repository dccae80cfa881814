"""`cqs` as a process that is forked from one that has imported the heavy libraries: it starts in a tenth of a second.

It is a real process with an environment, signals and an exit code of its own. Only what happens before Python reads the
command line is not as users have it; `applies` says when that matters.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from multiprocessing import connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from multiprocessing.process import BaseProcess

PRELOAD = [
    *("pandas", "pyarrow.parquet", "pyarrow.dataset", "duckdb", "fsspec", "gcsfs", "rich.console", "rich.table"),
    *("cqs_core.cli", "ccxt", "ccxt.async_support", "cqs_data.fetching", "cqs_backtest", "cqs_monitor.alerts"),
    *("cqs_backtest.engines.bt.library", "cqs_backtest.engines.fast.kernel"),  # bt and numba: most of a short backtest
]
"""Modules that are imported beforehand, where they are installed; add yours before the first process starts."""

_EARLY = ("PYTHON", "LANG", "LC_", "COVERAGE")  # variables that Python reads when it starts
_BEFORE = {name: value for name, value in os.environ.items() if name.startswith(_EARLY)}


def applies(environment: Mapping[str, str]) -> bool:
    """Whether a forked process can replace a new one: no options of Python itself, and the system can fork."""
    early = {name: value for name, value in environment.items() if name.startswith(_EARLY)}
    return early == _BEFORE and "forkserver" in multiprocessing.get_all_start_methods()


def start(target: Callable[..., None], *args: Any, environment: Mapping[str, str]) -> BaseProcess:
    """Call a function of a module in a forked process, which ends with this one at the latest.

    Args:
        target: that function.
        args: for it; they are pickled.
        environment: all of it.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOAD)
    process = context.Process(target=_begin, args=(dict(environment), target, args), daemon=True)
    process.start()
    return process


def run(args: Sequence[str], environment: Mapping[str, str], timeout: float) -> subprocess.CompletedProcess[str]:
    """Run one command.

    Args:
        args: of it, without `cqs`.
        environment: all of it.
        timeout: seconds.

    Raises:
        subprocess.TimeoutExpired: it took longer, and was killed.
    """
    with tempfile.TemporaryDirectory(prefix="cqs-ran-") as folder:
        process = start(_command, list(args), folder, environment=environment)
        process.join(timeout)
        if late := process.is_alive():
            process.kill()
            process.join()
        code = process.exitcode
        process.close()
        out, err = (Path(folder, name).read_bytes().decode() for name in ("out", "err"))
    if late:
        raise subprocess.TimeoutExpired(["cqs", *args], timeout, out, err)
    return subprocess.CompletedProcess(["cqs", *args], code or 0, out, err)


def _begin(environment: dict[str, str], target: Callable[..., None], args: tuple[Any, ...]) -> None:
    _end_with_the_tests()
    os.environ.clear()
    os.environ.update(environment)
    target(*args)


def _end_with_the_tests() -> None:
    """The pipe from the tests' process closes when that ends, also when it is killed: SIGIO then ends this one."""
    if sys.platform == "linux" and (tests := multiprocessing.parent_process()):
        import fcntl

        fcntl.fcntl(tests.sentinel, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(tests.sentinel, fcntl.F_SETFL, fcntl.fcntl(tests.sentinel, fcntl.F_GETFL) | os.O_ASYNC)
        if connection.wait([tests.sentinel], 0):  # it ended before
            os._exit(1)


def _command(args: list[str], folder: str) -> None:
    for number, name, flags in ((0, os.devnull, os.O_RDONLY), (1, "out", os.O_RDWR), (2, "err", os.O_RDWR)):
        file = os.open(Path(folder, name), flags | os.O_CREAT | os.O_APPEND * (number > 0), 0o600)
        os.dup2(file, number)
        os.close(file)
    sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    sys.argv = ["cqs", *args]
    from cqs_core.cli import main

    main()
