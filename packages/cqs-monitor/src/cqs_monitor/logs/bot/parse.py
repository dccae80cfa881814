"""Trades CSVs into tables, and a problem for whatever is not a complete row.

Lines are judged half a megabyte at a time, many files together; only what is refused so is read line by line.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa
from pyarrow import compute, csv

from cqs_core.files import stream_of
from cqs_monitor.logs.bot.header import BOT, Header, begins_as_bot, foreign, read_header
from cqs_monitor.logs.bot.lines import LineReader
from cqs_monitor.logs.bot.row import COLUMNS, DAY, KST_OFFSET, PROFIT_TOLERANCE
from cqs_monitor.logs.table import AMOUNT_TOLERANCE, SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy.typing as npt

    from cqs_monitor.logs.problems import Findings

BOM = b"\xef\xbb\xbf"
BLOCK = 1 << 19
"""Bytes that are judged together."""

LONGEST = 1 << 16
"""Bytes of a line that are looked at; the bot's have about a hundred."""

_NULS = re.compile(rb"\0{2,}")
pc: Any = compute  # its functions are made at import; stubs know them badly
_TYPES = {"action": pa.string(), "profit_krw": pa.float64()}
_TYPES |= {field.name: field.type for field in SCHEMA if field.name in COLUMNS}
_NAMES = ["profit" if name == "profit_krw" else name for name in COLUMNS]
_NUMBERS = ("price", "quantity", "amount")
_PROFITS = ("profit_pct", "profit")


class Segment(NamedTuple):
    """Whole lines of one file, or its last line without an end.

    Attributes:
        file: index of the file.
        first: number of the first line, from 1.
        data: bytes; ends with a line feed unless the file does not.
        header: of the file.
    """

    file: int
    first: int
    data: bytes
    header: Header

    @property
    def plain(self) -> bool:
        return self.header == BOT and self.data.endswith(b"\n")


def parse(sources: Iterable[tuple[str, BinaryIO]], findings: Findings) -> Iterator[pa.Table]:
    """Tables in `table.SCHEMA`, in the order of files and lines; the column `file` counts the sources.

    Args:
        sources: key and bytes of each file.
        findings: collects what is damaged.
    """
    names: list[str] = []
    for group in _groups(_segments(sources, names, findings)):
        for plain, run in itertools.groupby(group, key=lambda segment: segment.plain):
            yield from _read(list(run), names, findings, together=plain)


def blocks(stream: BinaryIO, size: int = BLOCK) -> Iterator[bytes]:
    """The stream's lines in order, about `size` bytes at a time; a last line without its end comes alone."""
    rest = b""
    while data := stream.read(size):
        whole, feed, rest = (rest + data).rpartition(b"\n")
        if feed:
            yield whole + feed
        if len(rest) > LONGEST:
            rest = _NULS.sub(b"\0", rest)[:LONGEST]
    if rest:
        yield rest


def _segments(sources: Iterable[tuple[str, BinaryIO]], names: list[str], findings: Findings) -> Iterator[Segment]:
    for file, (name, stream) in enumerate(sources):
        names.append(name)
        first, header = 1, None
        for data in blocks(stream):
            lines = data
            if header is None:
                header, lines = _header(data, name, findings)
                if header is None:
                    break
                first += data.count(b"\n") - lines.count(b"\n")
            if lines:
                yield Segment(file, first, lines, header)
            first += lines.count(b"\n")
        else:
            if header is None:
                findings.report(name, None, "empty file, not even a header")


def _header(data: bytes, name: str, findings: Findings) -> tuple[Header | None, bytes]:
    """The header, None for a foreign one, and the lines after it."""
    line, feed, rest = data.removeprefix(BOM).partition(b"\n")
    header = read_header(line)
    if header is not None:
        return header, rest
    if line[:4].isdigit():
        findings.report(name, 1, "no header; the columns are taken to be the bot's")
    elif rest and (why := foreign(line)) and not begins_as_bot(rest):
        findings.report(name, 1, f"{why}; none of its lines is counted")
        return None, rest
    return BOT, line + feed + rest


def _groups(segments: Iterable[Segment]) -> Iterator[list[Segment]]:
    """Segments of about `BLOCK` bytes."""
    group: list[Segment] = []
    size = 0
    for segment in segments:
        group.append(segment)
        size += len(segment.data)
        if size >= BLOCK:
            yield group
            group, size = [], 0
    yield group


def _read(run: list[Segment], names: list[str], findings: Findings, *, together: bool) -> Iterator[pa.Table]:
    counts = [segment.data.count(b"\n") for segment in run]
    table = read_block(b"".join(segment.data for segment in run), sum(counts)) if together else None
    if table is not None:
        lines = [np.arange(s.first, s.first + n, dtype=np.int32) for s, n in zip(run, counts, strict=True)]
        files = np.repeat(np.array([segment.file for segment in run], np.int32), counts)
        yield located(table, np.concatenate(lines), files)
        return
    reader = LineReader(findings)
    for segment in run:
        reader.read(names[segment.file], segment)
    yield reader.table()


def read_block(data: bytes, lines: int) -> pa.Table | None:
    """The first nine columns of `SCHEMA`, if every one of `lines` whole lines is a complete row; else None."""
    if b"\0" in data or b'"' in data or data.count(b"\r") != data.count(b"\r\n"):
        return None
    try:
        table = csv.read_csv(
            stream_of(data),
            read_options=csv.ReadOptions(column_names=list(COLUMNS), use_threads=False, block_size=len(data) + 1),
            parse_options=csv.ParseOptions(ignore_empty_lines=False),
            convert_options=csv.ConvertOptions(column_types=_TYPES, null_values=[""], strings_can_be_null=False),
        )
    except pa.ArrowInvalid:
        return None
    return _trades(table.rename_columns(_NAMES)) if table.num_rows == lines else None


def located(table: pa.Table, lines: npt.NDArray[np.int32], files: npt.NDArray[np.int32]) -> pa.Table:
    """The table with its last two columns."""
    return table.append_column("line", pa.array(lines, pa.int32())).append_column("file", pa.array(files, pa.int32()))


def _trades(table: pa.Table) -> pa.Table | None:
    sell, buy = pc.equal(table["action"], "SELL"), pc.equal(table["action"], "BUY")
    if not (_all(pc.xor(sell, buy)) and _positive(table) and _profits(table, buy) and _named(table)):
        return None
    return table.set_column(2, "sell", sell) if _consistent(table, sell) else None


def _consistent(table: pa.Table, sell: Any) -> bool:
    """As `Row.contradiction` judges one row."""
    price, quantity, amount = (table[name].to_numpy() for name in _NUMBERS)
    days = table["date"].cast(pa.int32()).to_numpy()
    shown = (table["timestamp"].cast(pa.int64()).to_numpy() + KST_OFFSET) // DAY
    paid = np.abs(price * quantity - amount) <= AMOUNT_TOLERANCE * amount
    if not (paid.all() and (np.abs(days - shown) <= 1).all()):
        return False
    sold = sell.to_numpy()
    amount, percent, profit = (table[name].to_numpy()[sold] for name in ("amount", *_PROFITS))
    rest = 100 + percent
    with np.errstate(divide="ignore", invalid="ignore"):
        off = np.abs(profit - amount * percent / rest)
    return bool(((rest > 0) & (off <= np.maximum(1.0, PROFIT_TOLERANCE * amount))).all())


def _named(table: pa.Table) -> bool:
    whole = table["timestamp"].null_count == table["date"].null_count == 0
    return whole and _all(pc.not_equal(table["symbol"], ""))


def _positive(table: pa.Table) -> bool:
    columns = [table[name] for name in _NUMBERS]
    return all(c.null_count == 0 and _all(pc.and_(pc.is_finite(c), pc.greater(c, 0.0))) for c in columns)


def _profits(table: pa.Table, buy: Any) -> bool:
    columns = [table[name] for name in _PROFITS]
    return all(_all(pc.equal(pc.is_null(c), buy)) and _all(pc.is_finite(c)) for c in columns)


def _all(flags: Any) -> bool:
    return bool(pc.all(flags, min_count=0).as_py())
