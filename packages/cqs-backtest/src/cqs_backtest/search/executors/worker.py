"""What runs in the processes of workers: a workload is opened once, then each item finds it ready."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import signal
import tempfile
import threading
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from cqs_backtest.search.executors.workload import Bench
from cqs_core import BucketError, CqsError, DataError, UsageError
from cqs_core.isolation import fact_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

    from cqs_backtest.search.executors.parcel import Parcel

_KEPT = 2
_KINDS = (UsageError, DataError, BucketError)
_opened: OrderedDict[str, OpenWorkload] = OrderedDict()
_opening = threading.Lock()


@dataclass(frozen=True)
class Failure:
    """Why work failed, as it comes back: exceptions of others cannot always be sent."""

    kind: type[CqsError]
    text: str

    def error(self) -> CqsError:
        """The exception for the caller."""
        return self.kind(self.text)


class OpenWorkload:
    """A workload in a worker: its candles, and a bench for each thread that works at the same time."""

    def __init__(self, parcel: Parcel) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="cqs-rule-", ignore_cleanup_errors=True)
        self._load = parcel.workload(Path(self._folder.name).resolve())
        self._free: SimpleQueue[Bench] = SimpleQueue()

    @contextmanager
    def bench(self) -> Iterator[Bench]:
        """One that no other thread uses meanwhile."""
        try:
            bench = self._free.get_nowait()
        except Empty:
            bench = Bench(self._load)
        yield bench
        self._free.put(bench)

    def close(self) -> None:
        """Remove the files of the strategy."""
        self._folder.cleanup()


def call(parcel: bytes, work: Callable[[Bench, Any], Any], item: Any) -> Any:
    """What `work` returns for an item of a parcel's workload, or the `Failure`."""
    try:
        with _ready(parcel).bench() as bench:
            return work(bench, item)
    except Exception as error:  # noqa: BLE001 - the caller raises it again
        return Failure(next((kind for kind in _KINDS if isinstance(error, kind)), CqsError), fact_of(error))


def call_stored(path: str, work: Callable[[Bench, Any], Any], item: Any) -> Any:
    """The same for a parcel in a file."""
    return call(Path(path).read_bytes(), work, item)


def begin(folder: str, alive: Connection) -> None:
    """Prepare a process of this machine, whose parent alone hears Ctrl-C and has the stdout.

    Args:
        folder: for temporary files; the parent removes it, however this process ends.
        alive: the process ends when the other end is closed, by the parent or with it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.dup2(2, 1)
    tempfile.tempdir = folder
    threading.Thread(target=_end_with, args=(alive,), daemon=True).start()


def _end_with(alive: Connection) -> None:
    with contextlib.suppress(OSError):
        alive.poll(None)
    os._exit(1)  # nothing is lost: what it made is stored by the parent


def _ready(parcel: bytes) -> OpenWorkload:
    digest = hashlib.blake2b(parcel).hexdigest()
    with _opening:
        if digest not in _opened:
            _opened[digest] = OpenWorkload(pickle.loads(parcel))  # noqa: S301 - from the process that hands out the work
            while len(_opened) > _KEPT:
                _opened.popitem(last=False)[1].close()
        return _opened[digest]
