"""A forked `cqs` that is at work: tests watch it, send it signals, and read what it writes."""

from __future__ import annotations

import os
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Self

from cqs_core.testing import forked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Running:
    """A forked command that is at work, with the methods and attributes of `subprocess.Popen` that tests use.

    Args:
        args: of the command, without `cqs`.
        environment: all of it.
    """

    def __init__(self, args: Sequence[str], environment: Mapping[str, str]) -> None:
        (out, its_out), (err, its_err) = os.pipe(), os.pipe()
        self._process = forked.start(forked.command, list(args), environment=environment, streams=(its_out, its_err))
        os.close(its_out)
        os.close(its_err)
        self.args = ["cqs", *args]
        self.stdout, self.stderr = (os.fdopen(one, encoding="utf-8") for one in (out, err))
        self.pid = self._process.pid or 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None = None, *_: object) -> None:
        if kind is not None:  # a test that failed has not told it to end
            self.kill()
        self._process.join()
        self.stdout.close()
        self.stderr.close()

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code.

        Raises:
            subprocess.TimeoutExpired: it is still at work.
        """
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """All that it writes, when it has ended; like `wait`."""
        with ThreadPoolExecutor(2) as pool:
            read = [pool.submit(one.read) for one in (self.stdout, self.stderr)]
            try:
                self.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
            out, err = (one.result() for one in read)
        self.__exit__()
        return out, err

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)
