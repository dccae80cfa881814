"""Unwraps model files within limits: joblib's compressions; see `zips` for zip files."""

from __future__ import annotations

import bz2
import contextlib
import lzma
import mmap
import tempfile
import time
import zlib
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cqs_monitor.models.pickles.opcodes import Source

LIMIT = 1 << 30
"""Bytes that a wrapped file may unwrap to."""

_CHUNK = 1 << 20


class Unreadable(ValueError):  # noqa: N818 - reads as what it is
    """The file was not unwrapped; the message says why."""


def wrapping(head: bytes) -> str | None:
    """`zip`, `gzip`, `zlib`, `bz2`, `xz`, `lz4`, `joblib before 0.10`; None if not wrapped."""
    known = {b"PK\x03\x04": "zip", b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\xfd7zXZ": "xz", b"\x5d\x00\x00": "lzma"}
    known |= {b"\x04\x22\x4d\x18": "lz4", b"ZF": "joblib before 0.10", b"7z\xbc\xaf": "7z"}
    for magic, name in known.items():
        if head.startswith(magic):
            return name
    is_zlib = len(head) > 1 and head[0] == 0x78 and int.from_bytes(head[:2], "big") % 31 == 0
    return "zlib" if is_zlib else None


@contextlib.contextmanager
def mapped(file: BinaryIO) -> Iterator[Source]:
    """The bytes of an open local file, without reading them into memory."""
    file.seek(0, 2)
    if file.tell() == 0:
        yield b""
        return
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        yield view


@contextlib.contextmanager
def decompressed(data: Source, how: str, deadline: float) -> Iterator[Source]:
    """The bytes of a compressed file.

    Raises:
        Refused: an unknown compression, damaged, with more after its end, or more than `LIMIT`.
    """
    with tempfile.TemporaryFile() as file:
        try:
            size = _pour(data, _decompressor(how), file, deadline)
        except (zlib.error, OSError, lzma.LZMAError, EOFError) as error:
            raise Unreadable(f"its {how} compression is damaged ({error})") from None
        if size > LIMIT:
            raise Unreadable(f"{len(data):,} bytes of {how} unwrap to more than {LIMIT >> 20:,} MB: given up")
        file.flush()
        with mapped(file) as view:
            yield view


def _decompressor(how: str) -> Any:
    if how == "zlib":
        return zlib.decompressobj()
    if how == "gzip":
        return zlib.decompressobj(wbits=31)
    if how == "bz2":
        return bz2.BZ2Decompressor()
    if how in ("xz", "lzma"):
        return lzma.LZMADecompressor(memlimit=1 << 28)
    raise Unreadable(f"its wrapping ({how}) is not read here; inspect it with the tool that wrote it")


def _pour(data: Source, decompressor: Any, into: Any, deadline: float) -> int:
    """Bytes written, at most a chunk more than `LIMIT`."""
    size: int = 0
    for at in range(0, len(data), _CHUNK):
        end = min(len(data), at + _CHUNK)
        part = decompressor.decompress(data[at : at + _CHUNK], _CHUNK)
        while part:
            size += into.write(part)
            if size > LIMIT:
                return size
            if time.monotonic() > deadline:
                raise Unreadable("unwrapping took too long and was given up")
            part = (
                decompressor.decompress(getattr(decompressor, "unconsumed_tail", b""), _CHUNK)
                if not decompressor.eof
                else b""
            )
        if decompressor.eof:
            if end - len(decompressor.unused_data) != len(data):
                raise Unreadable("there are more bytes after the compressed data; they were not read")
            return size
    raise EOFError("it ends early")
