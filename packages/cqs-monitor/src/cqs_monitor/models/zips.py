"""Zips of torch and numpy: every entry is read, known to be harmless, or reported."""

from __future__ import annotations

import lzma
import re
import struct
import time
import zipfile
import zlib
from typing import TYPE_CHECKING, BinaryIO

from cqs_monitor.models.containers import LIMIT, Unreadable
from cqs_monitor.models.npy import MAGIC, read_npy
from cqs_monitor.models.pickles.streams import PickleContents, read_streams
from cqs_monitor.models.pickles.values import Import

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_ENTRIES = 10_000
_CHUNK = 1 << 20
_ENTRY = LIMIT // 4
_DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError, OSError, ValueError, struct.error)
_TORCH = "data.pkl"
_PICKLED = (".pkl", ".pickle", ".joblib", ".pt", ".pth", ".bin")
_BESIDE = {
    "version": rb"\d{1,3}\n?",
    "byteorder": rb"little|big",
    ".format_version": rb"\d{1,3}\n?",
    ".storage_alignment": rb"\d{1,5}\n?",
    ".data/serialization_id": rb"\d{1,60}",
}
"""Files that torch writes next to `data.pkl`; loading runs no code from them."""

_WIDTHS = {"Double": 8, "Long": 8, "Float": 4, "Int": 4, "Half": 2, "BFloat16": 2, "Short": 2}
_WIDTHS |= {"Char": 1, "Byte": 1, "Bool": 1, "ComplexFloat": 8, "ComplexDouble": 16}


def read_zip(file: BinaryIO, deadline: float) -> tuple[PickleContents, str]:
    """The effects of loading a zip, and its format.

    Raises:
        Refused: the zip is damaged, or holds more than it may; nothing of it was read.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            _check_entries(archive.infolist())
            return _read(archive, file, deadline)
    except _DAMAGED as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(f"the zip is damaged ({error})") from None


def _read(archive: zipfile.ZipFile, file: BinaryIO, deadline: float) -> tuple[PickleContents, str]:
    whole, kinds, unread = PickleContents(), set(), []
    root = next((e.filename[: -len(_TORCH)] for e in archive.infolist() if e.filename.endswith(f"/{_TORCH}")), None)
    for entry in sorted(archive.infolist(), key=lambda entry: not entry.filename.endswith(f"/{_TORCH}")):
        try:
            if root is not None and _known(archive, entry, root, whole):
                continue
            part, kind = _entry(archive, entry, deadline)
        except _DAMAGED as error:
            whole.problem = whole.problem or f"{entry.filename[:80]!r} in the zip could not be read ({error})"
            continue
        if part is None:
            unread.append(repr(entry.filename[:60]))
        else:
            kinds.add(kind)
            whole.join(part, entry.filename)
    if unread and not whole.problem:
        whole.problem = f"{len(unread):,} entries of the zip were not read: {', '.join(unread[:3])}"
    if not unread and not kinds:
        whole.problem = whole.problem or "a zip without a pickle in it"
    whole.oddities |= dict.fromkeys(_oddities(archive, file))
    return whole, "torch zip" if root is not None else "npz" if kinds == {"npy"} else "zip"


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, deadline: float) -> tuple[PickleContents | None, str]:
    """The content and kind of one entry; None for an entry that is not read."""
    head = _start(archive, entry)
    if head.startswith(MAGIC):
        return read_npy(_content(archive, entry, deadline), deadline), "npy"
    if entry.filename.lower().endswith(_PICKLED) or _begins_pickle(head):
        torch = entry.filename.endswith(f"/{_TORCH}")
        return read_streams(_content(archive, entry, deadline), deadline, torch=torch), "pickle"
    return None, ""


def _start(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with archive.open(entry) as stream:
        return stream.read(len(MAGIC))


def _begins_pickle(head: bytes) -> bool:
    return head[:1] == b"\x80" and head[1:2] in (b"\2", b"\3", b"\4", b"\5")


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, deadline: float) -> bytes:
    """All bytes of an entry, read to its checksum."""
    parts, size = [], 0
    with archive.open(entry) as stream:
        while part := stream.read(_CHUNK):
            parts.append(part)
            size += len(part)
            if size > _ENTRY:
                raise Unreadable(f"longer than {_ENTRY >> 20:,} MB: given up")
            if time.monotonic() > deadline:
                raise Unreadable("reading took too long and was given up")
    return b"".join(parts)


def _known(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, root: str, whole: PickleContents) -> bool:
    """Whether torch reads an entry as numbers, or not at all."""
    inside = entry.filename.removeprefix(root)
    if entry.filename == inside:
        return False
    if pattern := _BESIDE.get(inside):
        with archive.open(entry) as stream:
            return re.fullmatch(pattern, stream.read(100)) is not None
    return inside.startswith("data/") and entry.file_size in _storage_sizes(inside[5:], whole)


def _storage_sizes(key: str, whole: PickleContents) -> Iterator[int]:
    """Bytes of the storages with this key, according to the pickle."""
    for about in whole.persistent:
        if type(about) is tuple and len(about) == 5 and about[0] == "storage" and about[2] == key:
            kind, count = about[1], about[4]
            width = _WIDTHS.get(kind.name.removesuffix("Storage")) if isinstance(kind, Import) else None
            if width and type(count) is int:
                yield width * count


def _check_entries(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MOST_ENTRIES:
        raise Unreadable(f"a zip of {len(entries):,} entries; at most {MOST_ENTRIES:,} are read")
    total = sum(entry.file_size for entry in entries if entry.compress_type != zipfile.ZIP_STORED)
    if total > LIMIT:
        raise Unreadable(f"the zip unwraps to {total / 1e9:,.1f} GB, more than {LIMIT >> 20:,} MB: given up")


def _oddities(archive: zipfile.ZipFile, file: BinaryIO) -> Iterator[str]:
    """Readers of zips part where names come twice, or where bytes lie between the entries."""
    entries = sorted(archive.infolist(), key=lambda entry: entry.header_offset)
    names = [entry.filename.casefold() for entry in entries]
    if len(set(names)) < len(names):
        yield "a name that comes twice in the zip"
    if archive.comment:
        yield "a comment at the end of the zip"
    at = 0
    for entry in entries:
        if not at <= entry.header_offset <= at + (24 if at else 0):
            yield "bytes between the entries of the zip"
        at = _end_of(entry, file)
    if not at <= archive.start_dir <= at + 24:
        yield "bytes between the entries of the zip"


def _end_of(entry: zipfile.ZipInfo, file: BinaryIO) -> int:
    """Where an entry's bytes end; up to 24 more of a data descriptor may follow."""
    file.seek(entry.header_offset + 26)
    name, extra = struct.unpack("<HH", file.read(4))
    return int(entry.header_offset + 30 + name + extra + entry.compress_size)
