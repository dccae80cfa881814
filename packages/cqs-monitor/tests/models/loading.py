"""Loads files in throw-away processes and says which of them tried to run something.

`python loading.py` reads paths, one a line; at each empty line it answers each with a line: `touched`, `loaded`,
`failed` or `died`. Nothing is really run: an audit hook refuses to start processes, and to write files. There is no
network where the system allows.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import resource
import signal
import sys
import warnings

warnings.simplefilter("ignore")

import joblib  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402, F401 - files refer to it

_STARTS = {"os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "os.startfile"}
_seen: list[str] = []
_watching = [False]


class Touched(BaseException):
    """A file tried to do something."""


def _watch(event: str, arguments: tuple) -> None:
    if not _watching[0]:
        return
    writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
    if event in _STARTS or event in ("socket.connect", "os.remove", "os.rename") or writes:
        _seen.append(event)
        raise Touched(event)


def _loads(path: str) -> str:
    """As every usual loader does, one after the other."""
    _seen.clear()
    loaded = False
    for load in (_pickled, joblib.load, _numpy):
        _watching[0] = True
        try:
            load(path)
            loaded = True
        except BaseException:  # noqa: BLE001 - hostile files raise anything
            pass
        finally:
            _watching[0] = False
    return "touched" if _seen else "loaded" if loaded else "failed"


def _pickled(path: str) -> None:
    with open(path, "rb") as file:  # noqa: PTH123
        pickle.load(file)


def _numpy(path: str) -> None:
    found = np.load(path, allow_pickle=True)
    if hasattr(found, "files"):
        for name in found.files:
            found[name]


def _work(paths: list[str], out: int) -> None:
    with contextlib.suppress(OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).unshare(0x10000000 | 0x40000000)  # a user namespace and an empty network
    resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)
    os.dup2(null, 2)
    sys.addaudithook(_watch)
    for path in paths:
        signal.setitimer(signal.ITIMER_VIRTUAL, 2)  # seconds of its own; joblib loops for ever on some
        os.write(out, f"{_loads(path)}\n".encode())
    os._exit(0)


def _batch(paths: list[str]) -> list[str]:
    """Answers; a process that dies is replaced by one that goes on behind the file that killed it."""
    answers: list[str] = []
    while len(answers) < len(paths):
        ours, theirs = os.pipe()
        child = os.fork()
        if not child:
            os.close(ours)
            _work(paths[len(answers) :], theirs)
        os.close(theirs)
        with os.fdopen(ours) as told:
            answers += told.read().split()
        os.waitpid(child, 0)
        if len(answers) < len(paths):
            answers.append("died")
    return answers


def _answer(paths: list[str]) -> None:
    print(*_batch(paths), sep="\n", flush=True)


if __name__ == "__main__":
    with contextlib.suppress(ImportError):
        import sklearn.ensemble  # noqa: F401 - once, not in each process
    waiting: list[str] = []
    for line in sys.stdin:
        if line.strip():
            waiting.append(line.strip())
        else:
            _answer(waiting)
            waiting = []
