"""Damaged stretches of a trades CSV, line by line: complete rows are kept, the rest is reported.

A writer that was killed and started again glues its next row onto the torn one; a crash of the machine leaves NUL
bytes. Both are cut apart here. What stands before such a cut has lost its line end, like the last row of a torn copy:
it counts if it agrees with itself.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import pyarrow as pa

from cqs_monitor.logs.bot.header import BOT, HEADER, Header, arrangements, read_header
from cqs_monitor.logs.bot.row import COLUMNS, DamagedRow, Row, is_local, row_of, split
from cqs_monitor.logs.table import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_monitor.logs.bot.parse import Segment
    from cqs_monitor.logs.problems import Findings

_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:")
_CUT = re.compile(rf"\0+|(?<!^)(?={_TIME.pattern}|timestamp,date,)")
_JOINED = 50
"""Lines that a text of several lines, in quotation marks, may have."""


class LineReader:
    """Collects the complete rows of some lines."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._rows: list[Row] = []
        self._lines: list[int] = []
        self._files: list[int] = []
        self._local: Counter[str] = Counter()

    def table(self) -> pa.Table:
        """The rows so far, in `table.SCHEMA`."""
        for name, count in self._local.items():
            self._findings.report(name, None, f"{count} timestamps without an offset from UTC; read as KST")
        return table_of(self._rows, self._lines, self._files)

    def read(self, name: str, segment: Segment) -> None:
        """Judge every line of the segment."""
        found, file, header = segment.data.split(b"\n"), segment.file, segment.header
        ended = [True] * (len(found) - 1) + [False]
        if not found[-1]:
            found.pop()
        at = 0
        while at < len(found):
            several = header != BOT and self._several(name, file, found[at : at + _JOINED], segment.first + at, header)
            if not several:
                header = self._one(name, file, found[at], segment.first + at, ended[at], header)
            at += several or 1

    def _one(self, name: str, file: int, data: bytes, line: int, whole: bool, header: Header) -> Header:
        """Judge a line; the layout of those behind it."""
        another = read_header(data)
        if another is not None and (another, header) != (BOT, BOT):
            same = "the header again" if another == header else "another header; the lines after it are read by it"
            self._findings.report(name, line, same)
            return another
        for row in self._line(name, line, data, whole, header):
            self._keep(row, line, file)
        return header

    def _several(self, name: str, file: int, found: list[bytes], line: int, header: Header) -> int:
        """How many lines make one row, where an additional column has line feeds in it; 0 if they do not."""
        if found[0].count(b'"') % 2 == 0:
            return 0
        for count in range(2, len(found) + 1):
            joined = b"\n".join(found[:count])
            if joined.count(b'"') % 2 == 0:
                row = self._quoted(name, joined.removesuffix(b"\r").decode("utf-8", "replace"), line, header)
                if row is not None:
                    self._keep(row, line, file)
                return count if row is not None else 0
        return 0

    def _quoted(self, name: str, text: str, line: int, header: Header) -> Row | None:
        """The row of several lines, if their line feeds are between quotation marks."""
        try:
            split(text)
        except DamagedRow:
            return None
        return self._whole(name, text, line, header)

    def _keep(self, row: Row, line: int, file: int) -> None:
        self._rows.append(row)
        self._lines.append(line)
        self._files.append(file)

    def _line(self, name: str, line: int, data: bytes, whole: bool, header: Header) -> list[Row]:
        text = data.removesuffix(b"\r").decode("utf-8", "replace")
        own = whole and header != BOT and "\0" not in text and not _glued(text, header)
        if own and (row := self._whole(name, text, line, header)):
            return [row]
        pieces = _CUT.split(text)
        if "\0" in text:
            self._findings.report(name, line, "NUL bytes, as a crash leaves them; left out")
        if text == "":
            self._findings.report(name, line, "empty line")
        ends = [False] * (len(pieces) - 1) + [whole]
        read = [self._piece(name, line, p, end, header) for p, end in zip(pieces, ends, strict=True) if p]
        return [row for row in read if row]

    def _whole(self, name: str, text: str, line: int, header: Header) -> Row | None:
        """The row of a line with additional columns, whatever they hold."""
        for fields in arrangements(text, header):
            try:
                row = row_of(fields, header.places)
            except DamagedRow:
                continue
            self._note(name, line, row, fields[header.places[0]])
            return row
        return None

    def _piece(self, name: str, line: int, text: str, whole: bool, header: Header) -> Row | None:
        if HEADER.startswith(text):
            self._findings.report(name, line, "the header again" if text == HEADER else "torn header")
            return None
        try:
            fields = split(text)
            row = row_of(fields, header.places)
        except DamagedRow as reason:
            self._findings.report(name, line, f"{reason}; not counted")
            return None
        if doubt := _doubt(row, len(fields), whole, header):
            self._findings.report(name, line, doubt)
        if not (whole or row.agrees()):
            return None
        self._note(name, line, row if whole else None, fields[header.places[0]])
        return row

    def _note(self, name: str, line: int, row: Row | None, timestamp: str) -> None:
        """Tell what is odd about a row that counts."""
        self._local[name] += is_local(timestamp)
        if not self._local[name]:
            del self._local[name]
        if row is not None and (why := row.contradiction()):
            self._findings.report(name, line, f"the row contradicts itself: {why}; counted as it is")


def _glued(text: str, header: Header) -> bool:
    """Whether another row may begin in the middle, instead of an additional column that looks like it."""
    return len(next(arrangements(text, header))) > header.width and len(_TIME.findall(text)) > 1


def _doubt(row: Row, columns: int, whole: bool, header: Header) -> str:
    if not whole and row.agrees():
        return "no line end, but the row agrees with itself; counted"
    if not whole:
        return "no line end, and the row does not agree with itself; not counted"
    if columns > header.width:
        return f"{columns} columns where {header.width} are expected; the first {header.width} are counted"
    return ""


def table_of(rows: Sequence[Row], lines: Sequence[int], files: Sequence[int]) -> pa.Table:
    """Rows judged one by one, in `SCHEMA`."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(COLUMNS)
    values = [*columns, lines, files]
    return pa.table([pa.array(v, type=f.type) for v, f in zip(values, SCHEMA, strict=True)], schema=SCHEMA)
