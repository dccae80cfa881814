"""`cqs` as a process that is forked from one that has imported the heavy libraries: it starts in a tenth of a second.

It is a real process with an environment, signals and an exit code of its own. Only what happens before Python reads the
command line is not as users have it; `applies` says when that matters.
"""

from __future__ import annotations

import gc
import hashlib
import multiprocessing
import os
import select
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from importlib import import_module
from multiprocessing import connection, reduction
from pkgutil import walk_packages
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from multiprocessing.process import BaseProcess

PRELOAD = [
    *("pandas", "pyarrow.parquet", "pyarrow.dataset", "duckdb", "fsspec", "gcsfs", "rich.console", "rich.table"),
    *("cqs_core.cli", "ccxt", "ccxt.async_support", "cqs_data.fetching", "cqs_backtest", "cqs_monitor.alerts"),
    *("cqs_backtest.engines.bt.library", "cqs_backtest.engines.fast.kernel"),  # bt and numba: most of a short backtest
    *("panel", "panel_material_ui", "holoviews.plotting.bokeh", "hvplot", "narwhals.stable.v1", "keyring"),
    *("bokeh.server.server", "tornado.process", "cqs_panel.serve", "cqs_panel.shell", "cqs_panel.charts"),
    *("cqs_data.views", "cqs_backtest.views", "cqs_monitor.views"),
]
"""Modules that are imported beforehand, where they are installed; `share` imports all of cqs as well."""

_PACKAGES = ("cqs_core", "cqs_data", "cqs_backtest", "cqs_monitor", "cqs_panel")

SHARED = "TESTS_FORKED_FROM"
"""The variable that has the address of the process that `share` started."""

_SHARABLE = sys.version_info < (3, 14)  # later ones ask who connects for a key
_EARLY = ("PYTHON", "LANG", "LC_", "COVERAGE")  # variables that Python reads when it starts
_BEFORE = {name: value for name, value in os.environ.items() if name.startswith(_EARLY)}


def applies(environment: Mapping[str, str]) -> bool:
    """Whether a forked process can replace a new one: no options of Python itself, and the system can fork."""
    early = {name: value for name, value in environment.items() if name.startswith(_EARLY)}
    return early == _BEFORE and "forkserver" in multiprocessing.get_all_start_methods()


def share() -> None:
    """Have one process to fork from for this process and all that it starts, as those of pytest-xdist.

    It imports the libraries when it is first asked, and ends with this process.
    """
    if SHARED in os.environ or "forkserver" not in multiprocessing.get_all_start_methods() or not _SHARABLE:
        return
    from multiprocessing import connection, util

    address = connection.arbitrary_address("AF_UNIX")  # type: ignore[attr-defined]
    heard, _alive = os.pipe()  # the other end stays open until this process ends
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(64)
        code = f"from cqs_core.testing.forked import serve; serve({listener.fileno()}, {heard})"
        util.spawnv_passfds(os.fsencode(sys.executable), [sys.executable, "-c", code], [listener.fileno(), heard])
    os.close(heard)
    os.environ[SHARED] = f"{_kind()}:{address}"


def _kind() -> str:
    """Processes that differ in this cannot be forked from the same one."""
    return hashlib.sha256(repr((sys.prefix, sorted(_BEFORE.items()))).encode()).hexdigest()[:16]


def serve(listener: int, alive: int) -> None:
    """Fork processes for those who connect, until the other end of the pipe is closed.

    Args:
        listener: file descriptor of a socket that listens.
        alive: file descriptor of the end of that pipe that is read.
    """
    from multiprocessing import forkserver

    select.select([listener, alive], [], [])  # nothing is imported for tests that need no process
    gc.disable()
    for name in (*PRELOAD, *_modules()):
        with suppress(ImportError):
            import_module(name)
    gc.freeze()  # those that are forked need not go through a million objects that stay
    gc.enable()
    with suppress(SystemExit):
        forkserver.main(listener, alive, [])
    os._exit(0)  # libraries would say that frozen objects are left


class Passed:
    """A file descriptor of which the forked process gets a copy."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __getstate__(self) -> Any:
        return reduction.DupFd(self.number)

    def __setstate__(self, copy: Any) -> None:
        self.number = copy.detach()

    def become(self, number: int) -> None:
        """Be this descriptor instead."""
        os.dup2(self.number, number)
        os.close(self.number)


def _modules() -> Iterator[str]:
    """All of cqs, but for the tests' own: hundreds of small files, which each process would read on its first use."""
    for package in _PACKAGES:
        with suppress(ImportError):
            found = walk_packages(import_module(package).__path__, f"{package}.")
            yield from (one.name for one in found if ".testing" not in one.name)


def start(
    target: Callable[..., None], *args: Any, environment: Mapping[str, str], streams: tuple[int, int] = (1, 2)
) -> BaseProcess:
    """Call a function of a module in a forked process, which ends with this one at the latest.

    Args:
        target: that function.
        args: for it; they are pickled.
        environment: all of it.
        streams: file descriptors where it writes output and errors. By default, like any child, where this process
            writes now: what a server writes is captured with its test.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOAD)
    join_shared()
    passed = [Passed(number) for number in streams]
    process = context.Process(target=_begin, args=(dict(environment), passed, target, args), daemon=True)
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
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = start(command, list(args), environment=environment, streams=(out.fileno(), err.fileno()))
        process.join(timeout)
        if late := process.is_alive():
            process.kill()
            process.join()
        code = process.exitcode
        process.close()
        written = [(file.seek(0), file.read().decode())[1] for file in (out, err)]
    if late:
        raise subprocess.TimeoutExpired(["cqs", *args], timeout, *written)
    return subprocess.CompletedProcess(["cqs", *args], code or 0, *written)


def join_shared() -> None:
    """Use the process that `share` started, if it did, in place of one for this process alone."""
    from multiprocessing import forkserver, resource_tracker

    kind, _, address = os.environ.get(SHARED, "").partition(":")
    client: dict[str, Any] = vars(vars(forkserver)["_forkserver"])
    if kind == _kind() and client["_forkserver_address"] != address:
        alive = os.open(os.devnull, os.O_WRONLY)  # in place of the pipe that is the process's reason to live
        client |= {"_forkserver_address": address, "_forkserver_alive_fd": alive}
        client["ensure_running"] = resource_tracker.ensure_running


def _begin(
    environment: dict[str, str], streams: list[Passed], target: Callable[..., None], args: tuple[Any, ...]
) -> None:
    _end_with_the_tests()
    become_child(environment, streams)
    target(*args)


def become_child(environment: dict[str, str], streams: Sequence[Passed]) -> None:
    """Have this environment, stdout and stderr."""
    for number, stream in enumerate(streams, start=1):
        stream.become(number)
    os.environ.clear()
    os.environ.update(environment)


def _end_with_the_tests() -> None:
    """The pipe from the tests' process closes when that ends, also when it is killed: SIGIO then ends this one."""
    if sys.platform == "linux" and (tests := multiprocessing.parent_process()):
        import fcntl

        fcntl.fcntl(tests.sentinel, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(tests.sentinel, fcntl.F_SETFL, fcntl.fcntl(tests.sentinel, fcntl.F_GETFL) | os.O_ASYNC)
        if connection.wait([tests.sentinel], 0):  # it ended before
            os._exit(1)


def command(args: list[str]) -> None:
    """Be `cqs` with these words."""
    open_streams()
    sys.argv = ["cqs", *args]
    from cqs_core.cli import main

    main()


def open_streams() -> None:
    """Streams of Python as a new process has them, and nothing to read."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
