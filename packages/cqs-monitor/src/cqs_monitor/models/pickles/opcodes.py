"""Opcodes of a pickle, one at a time, off bytes or a mapped file; long arguments are skipped, never copied."""

from __future__ import annotations

import io
import mmap
import pickletools
import struct
from typing import Any, NamedTuple

Source = bytes | mmap.mmap
LONGEST = 1 << 16
"""Bytes of an argument that are looked at; a longer one becomes a `Blob`."""

_TABLE: dict[str, Any] = {info.code: info for info in pickletools.opcodes}
_LENGTHS = {-2: "<B", -3: "<i", -4: "<I", -5: "<Q"}
_LINES = {"stringnl_noescape_pair": 2}


class BrokenPickle(ValueError):  # noqa: N818 - reads as what it is
    """The bytes are no whole pickle; the message says where and why."""

    def __init__(self, at: int, reason: str, *, truncated: bool = False) -> None:
        super().__init__(f"byte {at}: {reason}")
        self.truncated = truncated


class Blob(NamedTuple):
    """A long text or byte string that was not read."""

    size: int


class Op(NamedTuple):
    """One opcode: its name in `pickletools`, its argument, and where the next one begins."""

    name: str
    argument: Any
    end: int


def read_op(data: Source, at: int) -> Op:
    """The opcode at a position.

    Raises:
        BrokenPickle: there is none, or its argument is not whole.
    """
    if at >= len(data):
        raise BrokenPickle(at, "it ends before its STOP", truncated=True)
    info = _TABLE.get(chr(data[at]))
    if info is None:
        raise BrokenPickle(at, f"0x{data[at]:02x} is no opcode")
    if info.arg is None:
        return Op(info.name, None, at + 1)
    end = at + 1 + _length(data, at + 1, info.arg)
    if end > len(data):
        raise BrokenPickle(at, f"the argument of {info.name} ends after the file", truncated=True)
    if end - at > LONGEST:
        return Op(info.name, Blob(end - at), end)
    try:
        return Op(info.name, info.arg.reader(io.BytesIO(data[at + 1 : end])), end)
    except (ValueError, UnicodeError, OverflowError) as error:
        raise BrokenPickle(at, f"the argument of {info.name} is damaged ({error})") from None


def _length(data: Source, at: int, argument: Any) -> int:
    if argument.n >= 0:
        return int(argument.n)
    if argument.n == pickletools.UP_TO_NEWLINE:
        return _to_newline(data, at, _LINES.get(argument.name, 1))
    code = _LENGTHS[argument.n]
    size = struct.calcsize(code)
    if at + size > len(data):
        raise BrokenPickle(at, "a length ends after the file", truncated=True)
    (counted,) = struct.unpack(code, data[at : at + size])
    if counted < 0:
        raise BrokenPickle(at, "a length is negative")
    return size + int(counted)


def _to_newline(data: Source, at: int, lines: int) -> int:
    end = at
    for _ in range(lines):
        found = data.find(b"\n", end, end + LONGEST)
        if found < 0:
            raise BrokenPickle(at, "a line has no end", truncated=len(data) - end < LONGEST)
        end = found + 1
    return end - at
