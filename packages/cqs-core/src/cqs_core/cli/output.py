"""Standard output is the command's result, and nothing else: what plugins and libraries print there goes to stderr.

Neither stream passes on what a terminal would obey: names and ids of others are printed with their codes written out.

In the `cqs` process the file descriptor 1 is stderr too, so that this holds for C code, for processes that are started,
for threads, and for what is printed at exit. A plugin's own command gets both streams back: its output is the result.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import io
import os
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cqs_core.files.plaintext import harmless
from cqs_core.isolation import inside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_PRINTING = contextvars.ContextVar("cqs_printing", default=False)


@dataclass
class Output:
    """Where the result goes, and who may write there.

    Attributes:
        real: the stream of the result.
        taken: the descriptor of standard output, where it was taken away from everybody else; else None.
        json_only: whether only `printing` writes there.
        lent: whether a plugin's command may write what it likes.
    """

    real: Any
    taken: int | None = None
    json_only: bool = False
    lent: bool = False

    def stream(self) -> Any:
        """The stream that `sys.stdout` means to the caller."""
        if inside():
            return _errors()
        if self.lent or _PRINTING.get():
            return self.real
        if self.json_only or threading.current_thread() is not threading.main_thread():
            return _errors()
        return self.real

    def lend(self) -> None:
        """A plugin's own command comes next."""
        self.lent = True
        if self.taken is not None:
            os.dup2(self.real.fileno(), self.taken)

    def drop(self) -> None:
        """Discard what could not be printed, so that Python does not try again when it exits."""
        with contextlib.suppress(OSError, ValueError, AttributeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.real.fileno())


class _Routed:
    """A standard stream of Python code: each call goes where `stream` says at that moment, and is harmless there.

    Args:
        stream: where to.
        raw: whether text passes as it is.
    """

    def __init__(self, stream: Callable[[], Any], raw: Callable[[], bool]) -> None:
        self._stream, self._raw = stream, raw

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream(), name)

    def write(self, text: Any) -> Any:
        return self._stream().write(text if self._raw() else _harmless(text))

    def writelines(self, lines: Iterable[Any]) -> None:
        for line in lines:
            self.write(line)

    @property
    def buffer(self) -> _Routed:
        self._stream().buffer  # noqa: B018 - text in memory has none, and says so
        return _Routed(lambda: self._stream().buffer, self._raw)

    @property
    def rich_proxied_file(self) -> Any:
        """The stream to which rich writes the codes of its own styles."""
        return self._stream()


def _harmless(text: Any) -> Any:
    if isinstance(text, str):
        return harmless(text)
    if isinstance(text, bytes | bytearray | memoryview):
        return harmless(bytes(text).decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    return text  # the stream raises the error


_current: list[Output] = []


def output() -> Output | None:
    """The output of the running command; None outside of commands, and if standard output is closed."""
    return _current[-1] if _current else None


@contextlib.contextmanager
def routed(taken: int | None = None) -> Iterator[Output | None]:
    """The block is a command."""
    before = sys.stdout
    if before is None:
        yield None
        return
    current, errors = Output(before, taken), sys.stderr
    _current.append(current)
    sys.stdout = _Routed(current.stream, lambda: current.lent or _PRINTING.get())
    if errors is not None:
        sys.stderr = _Routed(lambda: errors, lambda: current.lent)
    try:
        yield current
    finally:
        sys.stdout, sys.stderr = before, errors
        _current.remove(current)


@contextlib.contextmanager
def printing() -> Iterator[None]:
    """Print from the block as the command's result, even with `--json`."""
    token = _PRINTING.set(True)
    try:
        yield
    finally:
        _PRINTING.reset(token)


@contextlib.contextmanager
def taken_output() -> Iterator[int | None]:
    """Reserve standard output for this block: all other writes to descriptor 1, now or later, go to stderr."""
    standard = sys.stdout
    try:
        number = standard.fileno()
        kept = os.dup(number)
    except (AttributeError, OSError, ValueError):  # closed
        yield None
        return
    standard.flush()
    sys.stdout = io.TextIOWrapper(
        os.fdopen(kept, "wb"), standard.encoding, standard.errors, line_buffering=os.isatty(kept)
    )
    _point_at_errors(number)
    try:
        yield number
    finally:
        result, sys.stdout = sys.stdout, standard
        _point_at_errors(number)  # a plugin's command may have had it
        with contextlib.suppress(OSError):
            result.close()


def _point_at_errors(number: int) -> None:
    try:
        os.dup2(2, number)
    except OSError:  # stderr is closed
        os.dup2(os.open(os.devnull, os.O_WRONLY), number)


def _errors() -> Any:
    return sys.stderr or _nowhere()


@functools.cache
def _nowhere() -> Any:
    return Path(os.devnull).open("w", encoding="utf-8")
