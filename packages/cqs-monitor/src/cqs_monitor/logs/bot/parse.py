"""Trades CSVs into tables, and a problem for whatever is not a complete row.

Lines are judged half a megabyte at a time, many files together; only what is refused so is read line by line.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import numpy as np

from cqs_monitor.logs.bot.block import located, read_block
from cqs_monitor.logs.bot.chunks import BLOCK, Chunk, chunks
from cqs_monitor.logs.bot.header import BOT, Header, begins_as_bot, foreign, read_header
from cqs_monitor.logs.bot.lines import LineReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa

    from cqs_monitor.logs.problems import Findings

BOM = b"\xef\xbb\xbf"


class Segment(NamedTuple):
    """Lines of one file, by its index."""

    file: int
    chunk: Chunk
    header: Header

    @property
    def plain(self) -> bool:
        return self.header == BOT and self.chunk.data.endswith(b"\n")


def parse(sources: Iterable[tuple[str, BinaryIO]], findings: Findings) -> Iterator[pa.Table]:
    """Tables in `table.SCHEMA`, in the order of files and lines; the column `file` counts the sources.

    Args:
        sources: key and bytes of each file.
        findings: told what is damaged.
    """
    names: list[str] = []
    for group in _groups(_segments(sources, names, findings)):
        for plain, run in itertools.groupby(group, key=lambda segment: segment.plain):
            yield from _read(list(run), names, findings, together=plain)


def _segments(sources: Iterable[tuple[str, BinaryIO]], names: list[str], findings: Findings) -> Iterator[Segment]:
    for file, (name, stream) in enumerate(sources):
        names.append(name)
        header: Header | None = None
        for chunk in chunks(stream):
            if header is None:
                chunk, header = _after_header(chunk, name, findings)  # noqa: PLW2901 - the same lines, less the header
                if header is None:
                    break
            if chunk.data:
                yield Segment(file, chunk, header)
        else:
            if header is None:
                findings.tell(name, None, "empty file, not even a header")


def _after_header(chunk: Chunk, name: str, findings: Findings) -> tuple[Chunk, Header | None]:
    """The lines after the header, and the header; None for a foreign header."""
    line, feed, rest = chunk.data.removeprefix(BOM).partition(b"\n")
    header = read_header(line)
    if header is not None:
        return Chunk(chunk.first + 1, rest), header
    if line[:4].isdigit():
        findings.tell(name, 1, "no header; the columns are taken to be the bot's")
    elif rest and (why := foreign(line)) and not begins_as_bot(rest):
        findings.tell(name, 1, f"{why}; none of its lines is counted")
        return chunk, None
    return Chunk(chunk.first, line + feed + rest), BOT


def _groups(segments: Iterable[Segment]) -> Iterator[list[Segment]]:
    """Segments of about `BLOCK` bytes."""
    group: list[Segment] = []
    size = 0
    for segment in segments:
        group.append(segment)
        size += len(segment.chunk.data)
        if size >= BLOCK:
            yield group
            group, size = [], 0
    yield group


def _read(run: list[Segment], names: list[str], findings: Findings, *, together: bool) -> Iterator[pa.Table]:
    counts = [segment.chunk.data.count(b"\n") for segment in run]
    table = read_block(b"".join(segment.chunk.data for segment in run), sum(counts)) if together else None
    if table is not None:
        lines = [np.arange(s.chunk.first, s.chunk.first + n, dtype=np.int32) for s, n in zip(run, counts, strict=True)]
        files = np.repeat(np.array([segment.file for segment in run], np.int32), counts)
        yield located(table, np.concatenate(lines), files)
        return
    reader = LineReader(findings)
    for segment in run:
        reader.read(names[segment.file], segment.file, segment.chunk, segment.header)
    yield reader.table()
