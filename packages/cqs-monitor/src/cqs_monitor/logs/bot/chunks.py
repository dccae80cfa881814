"""Streams cut at line ends, so that a file of any size is read in bounded memory."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK = 1 << 19
"""Bytes that are judged together."""

LONGEST = 1 << 16
"""Bytes of a line that are looked at; the bot's have about a hundred."""

_NULS = re.compile(rb"\0{2,}")


class Chunk(NamedTuple):
    """Whole lines, or the file's last line without its end.

    Attributes:
        first: number of the first line, from 1.
        data: bytes; ends with a line feed unless the file does not.
    """

    first: int
    data: bytes


def chunks(stream: BinaryIO, size: int = BLOCK) -> Iterator[Chunk]:
    """The stream's lines in order, about `size` bytes at a time; a last line without its end comes alone."""
    first, rest = 1, b""
    while data := stream.read(size):
        whole, feed, rest = (rest + data).rpartition(b"\n")
        if feed:
            yield Chunk(first, whole + feed)
            first += whole.count(b"\n") + 1
        if len(rest) > LONGEST:
            rest = _NULS.sub(b"\0", rest)[:LONGEST]
    if rest:
        yield Chunk(first, rest)
