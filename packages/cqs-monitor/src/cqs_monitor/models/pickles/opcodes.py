"""Opcodes of a pickle, one at a time, off bytes or a mapped file; long arguments are skipped, never copied."""

from __future__ import annotations

import io
import mmap
import pickletools
import re
import struct
import warnings
from typing import Any, NamedTuple

Source = bytes | mmap.mmap
LONGEST = 1 << 16
"""Bytes of an argument that are checked; a longer one becomes a `Blob`."""

_TABLE: dict[int, Any] = {ord(info.code): info for info in pickletools.opcodes}
_LENGTHS = {-2: "<B", -3: "<i", -4: "<I", -5: "<Q"}
_LINES = {"stringnl_noescape_pair": 2}
_NUMBER = rb"-?(?:0|[1-9][0-9]*)"
_WRITTEN = {
    "INT": re.compile(rb"(?:00|01|" + _NUMBER + rb")\n"),
    "LONG": re.compile(_NUMBER + rb"L\n"),
    "GET": re.compile(_NUMBER + rb"\n"),
    "PUT": re.compile(_NUMBER + rb"\n"),
    "GLOBAL": re.compile(rb"[A-Za-z_][\w.]*\n[A-Za-z_][\w.]*\n"),
}
"""How pickle writes arguments that are lines of text; readers accept more, and differ in it."""


class BrokenPickle(ValueError):  # noqa: N818 - reads as what it is
    """The bytes are not a complete pickle; the message says where and why."""

    def __init__(self, at: int, reason: str, *, truncated: bool = False) -> None:
        super().__init__(f"byte {at}: {reason}")
        self.truncated = truncated


class Blob(NamedTuple):
    """A long text or byte string that was not read; `size` is that of the string alone."""

    size: int
    text: bool


class Op(NamedTuple):
    """One opcode: its name in `pickletools`, its argument, where the next one begins, and its protocol."""

    name: str
    argument: Any
    end: int
    protocol: int
    as_written: bool = True


def read_op(data: Source, at: int) -> Op:
    """The opcode at a position.

    Raises:
        BrokenPickle: there is none, or its argument is not whole.
    """
    if at >= len(data):
        raise BrokenPickle(at, "it ends before its STOP", truncated=True)
    info = _TABLE.get(data[at])
    if info is None:
        raise BrokenPickle(at, f"0x{data[at]:02x} is not an opcode")
    if info.arg is None:
        return Op(info.name, None, at + 1, info.proto)
    length, counted = _length(data, at + 1, info.arg)
    end = at + 1 + length
    if end > len(data):
        raise BrokenPickle(at, f"the argument of {info.name} ends after the file", truncated=True)
    if length > LONGEST:
        return Op(info.name, Blob(counted, "UNICODE" in info.name), end, info.proto)
    raw = data[at + 1 : end]
    try:
        argument = _read(info, raw)
    except (ValueError, UnicodeError, OverflowError) as error:
        raise BrokenPickle(at, f"the argument of {info.name} is damaged ({error})") from None
    line = _WRITTEN.get(info.name)
    return Op(info.name, argument, end, info.proto, line is None or line.fullmatch(raw) is not None)


def _read(info: Any, raw: bytes) -> Any:
    if b"\\" not in raw or info.arg.n >= 0:
        return info.arg.reader(io.BytesIO(raw))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Python, about escapes that it does not know
        return info.arg.reader(io.BytesIO(raw))


def _length(data: Source, at: int, argument: Any) -> tuple[int, int]:
    """Bytes of the whole argument, and of the string in it."""
    if argument.n >= 0:
        return int(argument.n), int(argument.n)
    if argument.n == pickletools.UP_TO_NEWLINE:
        length = _to_newline(data, at, _LINES.get(argument.name, 1))
        return length, length
    code = _LENGTHS[argument.n]
    size = struct.calcsize(code)
    if at + size > len(data):
        raise BrokenPickle(at, "a length ends after the file", truncated=True)
    (counted,) = struct.unpack(code, data[at : at + size])
    if counted < 0:
        raise BrokenPickle(at, "a length is negative")
    return size + int(counted), int(counted)


def _to_newline(data: Source, at: int, lines: int) -> int:
    end = at
    for _ in range(lines):
        found = data.find(b"\n", end)
        if found < 0:
            raise BrokenPickle(at, "a line has no end", truncated=True)
        end = found + 1
    return end - at
