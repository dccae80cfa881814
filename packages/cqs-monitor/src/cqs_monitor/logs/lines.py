"""Damaged stretches of a trades CSV, line by line: complete rows are kept, the rest is told.

A writer that was killed and started again glues its next row onto the torn one; a crash of the machine leaves NUL
bytes. Both are cut apart here. What stands before such a cut has lost its line end, like the last row of a torn copy:
it counts if it agrees with itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cqs_monitor.logs.block import table_of
from cqs_monitor.logs.header import HEADER, Header
from cqs_monitor.logs.row import DamagedRow, Row, read_row, width

if TYPE_CHECKING:
    import pyarrow as pa

    from cqs_monitor.logs.chunks import Chunk
    from cqs_monitor.logs.problems import Findings

_CUT = re.compile(r"\0+|(?<!^)(?=\d{4}-\d\d-\d\dT\d\d:\d\d:|timestamp,date,)")


class LineReader:
    """Collects the complete rows of some lines."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._rows: list[Row] = []
        self._lines: list[int] = []
        self._files: list[int] = []

    def table(self) -> pa.Table:
        """The rows so far, in `block.SCHEMA`."""
        return table_of(self._rows, self._lines, self._files)

    def read(self, name: str, file: int, chunk: Chunk, header: Header) -> None:
        """Judge every line of the chunk."""
        found = chunk.data.split(b"\n")
        ended = [True] * (len(found) - 1) + [False]
        if not found[-1]:
            found.pop()
        for line, (data, whole) in enumerate(zip(found, ended, strict=False), chunk.first):
            for row in self._line(name, line, data, whole, header):
                self._rows.append(row)
                self._lines.append(line)
                self._files.append(file)

    def _line(self, name: str, line: int, data: bytes, whole: bool, header: Header) -> list[Row]:
        text = data.removesuffix(b"\r").decode("utf-8", "replace")
        pieces = _CUT.split(text)
        if "\0" in text:
            self._findings.tell(name, line, "NUL bytes, as a crash leaves them; left out")
        if text == "":
            self._findings.tell(name, line, "empty line")
        ends = [False] * (len(pieces) - 1) + [whole]
        read = [self._piece(name, line, p, end, header) for p, end in zip(pieces, ends, strict=True) if p]
        return [row for row in read if row]

    def _piece(self, name: str, line: int, text: str, whole: bool, header: Header) -> Row | None:
        if HEADER.startswith(text):
            self._findings.tell(name, line, "the header again" if text == HEADER else "torn header")
            return None
        try:
            row = read_row(text, header.places)
        except DamagedRow as reason:
            self._findings.tell(name, line, f"{reason}; not counted")
            return None
        doubt = _doubt(row, text, whole, header)
        if doubt:
            self._findings.tell(name, line, doubt)
        return row if whole or row.agrees() else None


def _doubt(row: Row, text: str, whole: bool, header: Header) -> str:
    if not whole and row.agrees():
        return "no line end, but the row agrees with itself; counted"
    if not whole:
        return "no line end, and the row does not agree with itself; not counted"
    columns = width(text)
    if columns > header.width:
        return f"{columns} columns where {header.width} are expected; the first {header.width} are counted"
    return ""
