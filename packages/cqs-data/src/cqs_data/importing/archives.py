"""Files inside files: zip, gz, bz2 and xz are opened by what they begin with, not by their names."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, Any

from cqs_core import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MOST = 4 << 30  # bytes of one file when decompressed
_OPENERS: dict[bytes, tuple[str, Callable[[IO[bytes]], Any]]] = {
    b"\x1f\x8b": (".gz", lambda file: gzip.GzipFile(fileobj=file)),
    b"BZh": (".bz2", bz2.BZ2File),
    b"\xfd7zXZ\x00": (".xz", lzma.LZMAFile),
}
_DAMAGE = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError, NotImplementedError)
_MACOS = "__macosx/"  # what its archiver adds
_BESIDE = ("readme", "license", "licence")  # files that come with data
_BESIDE_ENDS = (".checksum", ".md5", ".sha256", ".md", ".pdf")


def members(name: str, data: bytes, depth: int = 2) -> Iterator[tuple[str, bytes]]:
    """The files in a file, with their names; a file that is not an archive is its own only member.

    Raises:
        UsageError: the archive is damaged, encrypted, an Excel workbook, or larger than 4 GiB when decompressed.
    """
    try:
        yield from _members(name, data, depth)
    except _DAMAGE as error:
        raise UsageError(f"{name!r} cannot be decompressed ({error}); download or copy it again") from None


def _members(name: str, data: bytes, depth: int) -> Iterator[tuple[str, bytes]]:
    opener = next((o for magic, o in _OPENERS.items() if data.startswith(magic)), None)
    if depth and opener:
        suffix, open_ = opener
        inner = name[: -len(suffix)] if name.lower().endswith(suffix) else name
        yield from _members(inner, _all_of(name, open_(io.BytesIO(data))), depth - 1)
    elif depth and data.startswith(b"PK\x03\x04"):
        yield from _zipped(name, data, depth)
    elif data[257:262] == b"ustar":
        raise UsageError(f"{name!r} is a tar archive; unpack it, and import the folder")
    else:
        yield name, data


def _zipped(name: str, data: bytes, depth: int) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        inside = archive.infolist()
        if any(item.filename == "[Content_Types].xml" for item in inside):
            raise UsageError(f"{name!r} is an Excel workbook; save it as CSV and import that")
        for item in inside:
            if item.is_dir() or item.filename.lower().startswith(_MACOS) or is_aside(item.filename):
                continue
            with archive.open(item) as file:
                yield from _members(item.filename.rpartition("/")[2], _all_of(item.filename, file), depth - 1)


def is_aside(path: str) -> bool:
    """Whether a file among others is none of data: hidden, a checksum, a note about them."""
    base = path.lower().rpartition("/")[2]
    return base.startswith((".", *_BESIDE)) or base.endswith(_BESIDE_ENDS)


def _all_of(name: str, file: IO[bytes]) -> bytes:
    data = file.read(_MOST + 1)
    if len(data) > _MOST:
        raise UsageError(f"{name!r} has more than {_MOST >> 30} GiB when decompressed; split it")
    return data
