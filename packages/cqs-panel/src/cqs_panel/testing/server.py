"""A dashboard in its own process, with plugins that are not installed.

python -m cqs_panel.testing.server --plugin FILE.py --num-procs 2
"""

from __future__ import annotations

import importlib.util
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from contextlib import nullcontext, suppress
from pathlib import Path
from queue import Empty, Queue
from typing import TYPE_CHECKING, Self

import click

from cqs_core import UsageError
from cqs_core.testing import forked
from cqs_core.testing.forked_jobs import fork_jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from multiprocessing.connection import Connection

_SECONDS = 60


class Server:
    """Serves from entering to leaving; `url` is where.

    Args:
        bucket: folder or URL.
        plugins: files of Python that hold hooks; each is registered under its name.
        num_procs: processes that share the port.
        environment: besides this process's own.
        log: a file for what it writes to stderr; by default that goes where this process's goes.
        port: 0 is a free one.

    Raises:
        UsageError: one of the plugins is not a file of Python.
    """

    def __init__(
        self,
        bucket: Path | str,
        plugins: Sequence[Path] = (),
        num_procs: int = 1,
        environment: Mapping[str, str] | None = None,
        log: Path | None = None,
        port: int = 0,
    ) -> None:
        for path in plugins:
            _require_python(path)
        named = [part for path in plugins for part in ("--plugin", str(path))]
        self._command = [sys.executable, "-m", __name__, *named, "--num-procs", str(num_procs), "--port", str(port)]
        self._environment = {**os.environ, "CQS_BUCKET": str(bucket), **(environment or {})}
        self._log = log
        self._options = (list(plugins), num_procs, port)
        self.url = ""

    def __enter__(self) -> Self:
        with self._log.open("wb") if self._log else nullcontext() as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                self._command,
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        lines: Queue[str] = Queue()
        threading.Thread(target=self._read, args=(lines,), daemon=True).start()
        try:
            self.url = lines.get(timeout=_SECONDS).strip()
        except Empty:
            self.__exit__()
            raise TimeoutError(f"the dashboard did not answer within {_SECONDS} s") from None
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def kill(self) -> None:
        """End it as a crash or a power cut does, without a word to its windows."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    @property
    def pid(self) -> int:
        return self._process.pid

    def _read(self, lines: Queue[str]) -> None:
        if self._process.stdout is not None:
            for line in self._process.stdout:
                lines.put(line)


class ForkedServer(Server):
    """The same, forked from a process that has imported the libraries: half a second of processor time, not two.

    It has the memory of that process, too: measure a `Server`. `forked.applies` tells where it cannot be used.
    """

    def __enter__(self) -> Self:
        ours, theirs = multiprocessing.Pipe(duplex=False)
        self._forked = forked.start(_forked, *self._options, self._log, theirs, environment=self._environment)
        theirs.close()
        if not ours.poll(_SECONDS):
            self.__exit__()
            raise TimeoutError(f"the dashboard did not answer within {_SECONDS} s")
        self.url = ours.recv()
        return self

    def __exit__(self, *_: object) -> None:
        if self._forked.is_alive():
            os.killpg(self.pid, signal.SIGTERM)
        self._forked.join(10)
        self.kill()

    def kill(self) -> None:
        """End it as a crash or a power cut does, without a word to its windows."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._forked.join()

    @property
    def pid(self) -> int:
        return self._forked.pid or 0


def _forked(plugins: list[Path], num_procs: int, port: int, log: Path | None, told: Connection) -> None:
    os.setsid()
    fork_jobs()
    if log:
        with log.open("wb") as file:
            os.dup2(file.fileno(), 2)
    run(plugins, num_procs, port, told.send)


@click.command()
@click.option("--plugin", "paths", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--num-procs", type=int, default=1)
@click.option("--port", type=int, default=0)
def main(paths: tuple[Path, ...], num_procs: int, port: int) -> None:
    """Serve, and print the URL."""
    run(paths, num_procs, port, click.echo)


def run(paths: Sequence[Path], num_procs: int, port: int, ready: Callable[[str], None]) -> None:
    """Serve with these plugins; `ready` gets the URL."""
    from cqs_core import plugins
    from cqs_panel.serve import serve

    for path in paths:
        plugins().register(_module(path), path.stem)
    serve(port=port, num_procs=num_procs, open_browser=False, ready=ready)


def _require_python(path: Path) -> None:
    """Before a process is started: own_folders changes the working folder, so a relative path may lead elsewhere."""
    if not (Path(path).is_file() and Path(path).suffix == ".py"):
        where = f" (seen from {str(Path.cwd())!r})" if not Path(path).is_absolute() else ""
        raise UsageError(f"plugin {str(path)!r} is not a file of Python{where}; name it by its full path")


def _module(path: Path) -> object:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise click.BadParameter(f"{str(path)!r} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
