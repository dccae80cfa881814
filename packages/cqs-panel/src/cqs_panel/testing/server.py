"""A dashboard in its own process, with plugins that are not installed.

python -m cqs_panel.testing.server --plugin FILE.py --num-procs 2
"""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import threading
from contextlib import nullcontext
from pathlib import Path
from queue import Empty, Queue
from typing import TYPE_CHECKING, Self

import click

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
        named = [part for path in plugins for part in ("--plugin", str(path))]
        self._command = [sys.executable, "-m", __name__, *named, "--num-procs", str(num_procs), "--port", str(port)]
        self._environment = {**os.environ, "CQS_BUCKET": str(bucket), **(environment or {})}
        self._log = log
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


@click.command()
@click.option("--plugin", "paths", multiple=True, type=click.Path(path_type=Path))
@click.option("--num-procs", type=int, default=1)
@click.option("--port", type=int, default=0)
def main(paths: tuple[Path, ...], num_procs: int, port: int) -> None:
    """Serve, and print the URL."""
    from cqs_core import plugins
    from cqs_panel.serve import serve

    for path in paths:
        plugins().register(_module(path), path.stem)
    serve(port=port, num_procs=num_procs, open_browser=False, ready=click.echo)


def _module(path: Path) -> object:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise click.BadParameter(f"{str(path)!r} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
