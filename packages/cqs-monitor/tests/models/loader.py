"""Asks `loading.py` what files do when they are loaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Self


class Loader:
    """A process that loads files in throw-away processes of its own; a context manager."""

    def __enter__(self) -> Self:
        command = [sys.executable, Path(__file__).with_name("loading.py")]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def answers(self, paths: list[Path], *, together: int = 1) -> list[str]:
        """For each file `touched`, `loaded`, `failed` or `died`.

        A file may change what the next one in its process finds: `together` says how many share one.
        """
        assert self._process.stdin
        assert self._process.stdout
        told = []
        for first in range(0, len(paths), together):
            some = paths[first : first + together]
            self._process.stdin.write("".join(f"{path}\n" for path in some) + "\n")
            self._process.stdin.flush()
            told += [self._process.stdout.readline().strip() for _ in some]
        return told
