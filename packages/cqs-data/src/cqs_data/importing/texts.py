"""Text files as tables: encoding, delimiter, lines before the header, the header itself."""

from __future__ import annotations

import csv
import io
import itertools
import re
import statistics
from typing import TYPE_CHECKING, Any, NamedTuple

from cqs_core import UsageError
from cqs_data.importing.numbers import is_number, may_group

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

_DELIMITERS = (",", ";", "\t", "|")
_SAMPLE = 200  # lines
_TICKERS = {"ticker", "tickers", "symbol", "symbols"}  # what begins a header line of symbols
PRICES = {"open", "high", "low", "close"}
_NUMERIC = 4  # cells of a candle that are numbers at least: open, high, low, close
_OTHERS = {
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"\x28\xb5\x2f\xfd": "compressed with zstd",
    b"\x89HDF": "HDF5",
    b"SQLite format 3": "an SQLite database",
    b"%PDF": "a PDF",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
}
_BOMS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


class Text(NamedTuple):
    """A text file as it was understood.

    Attributes:
        frame: the rows, columns named in lower case, or `0`, `1`, … without a header line.
        headless: whether there is no header line.
        delimiter: between fields.
        encoding: of the bytes.
        tickers: the symbol of each column, if a separate header line has it, as in files of yfinance.
    """

    frame: pd.DataFrame
    headless: bool
    delimiter: str
    encoding: str
    tickers: Sequence[str]


def read_text(name: str, data: bytes, delimiter: str | None = None, decimal: str | None = None) -> Text:
    """A table out of text.

    Args:
        name: of the file, for messages.
        data: its bytes.
        delimiter: between fields; found out if None.
        decimal: `.` or `,`; found out if None.

    Raises:
        UsageError: the text is not a table of candles, or a line of it has too many fields.
    """
    text, encoding = decode(name, data)
    lines = list(itertools.islice((line for line in io.StringIO(text)), _SAMPLE))
    chosen = delimiter or _delimiter(name, lines)
    first = _first_row(lines, chosen)
    if first is None:
        raise UsageError(f"{name!r} has no line with prices; it begins with {_shown(lines)}")
    cells = [_cells(line, chosen) for line in lines[first:]]
    headers = _headers(lines[:first], chosen, len(cells[0]))
    plain = decimal != "," and not may_group((cell for row in cells for cell in row), dots=chosen == ";")
    width = statistics.mode(len(row) for row in cells if row)
    frame = _read(name, text, chosen, first, width, plain=plain)
    header = _Header.of(headers, frame.shape[1])
    frame.columns = header.names
    return Text(_without_headers(frame, headers), not headers, chosen, encoding, header.tickers)


class _Header(NamedTuple):
    """The names of the columns, and their symbols where each has one."""

    names: list[str]
    tickers: list[str]

    @classmethod
    def of(cls, rows: Sequence[Sequence[str]], width: int) -> _Header:
        """The line that names prices; of others, an index that stands alone gives its name, and symbols theirs."""
        if not rows:
            return cls([str(i) for i in range(width)], [])
        named = max(rows, key=lambda row: sum(normal(cell) in PRICES for cell in row))
        names = [normal(cell) for cell in named[:width]]
        names += [f"unnamed {i}" for i in range(len(names), width)]  # a trailing delimiter, or an index without a name
        others = [row for row in rows if row is not named]
        alone = next((row[0] for row in others if row[0].strip() and not any(cell.strip() for cell in row[1:])), "")
        symbols = next((row for row in others if normal(row[0]) in _TICKERS), [])
        names[0] = normal(alone) or names[0]
        return cls(names, ["", *(cell.strip() for cell in symbols[1:width])] if symbols else [])


def decode(name: str, data: bytes) -> tuple[str, str]:
    """Text, and the encoding that it was in: UTF-8, UTF-16 or cp949 (Korean Windows).

    Raises:
        UsageError: it is none of these.
    """
    guess = next((encoding for bom, encoding in _BOMS.items() if data.startswith(bom)), None) or _wide(data)
    for encoding in [guess] if guess else ["utf-8", "cp949"]:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text if "\n" in text else text.replace("\r", "\n"), encoding
    if kind := next((kind for begin, kind in _OTHERS.items() if data.startswith(begin)), None):
        raise UsageError(f"{name!r} is {kind}; save its candles as CSV or parquet, or unpack it, and import that")
    raise UsageError(f"{name!r} is not text in UTF-8, UTF-16 or cp949, nor parquet, feather or JSON")


def _wide(data: bytes) -> str | None:
    """UTF-16 without a byte order mark: every other byte of ASCII is zero."""
    head = data[:1000]
    if len(head) > 1 and head[1::2].count(0) > len(head) // 3:
        return "utf-16-le"
    return "utf-16-be" if len(head) > 1 and head[::2].count(0) > len(head) // 3 else None


def _cells(line: str, delimiter: str) -> list[str]:
    if delimiter.isspace() and delimiter != "\t":
        return line.split()
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:  # a cell longer than any number, or a line that ends inside
        return [line]


def _delimiter(name: str, lines: Sequence[str]) -> str:
    """The one that cuts most lines into the most cells that are numbers."""

    def score(delimiter: str) -> tuple[int, int]:
        rows = [_cells(line, delimiter) for line in lines if line.strip()]
        numeric = [sum(map(is_number, row)) for row in rows]
        return sum(n >= _NUMERIC for n in numeric), max(numeric, default=0)

    best = max([*_DELIMITERS, " "], key=score)
    if score(best)[0] == 0:
        raise UsageError(f"{name!r} is not a table of candles; it begins with {_shown(lines)}")
    return best


def _first_row(lines: Sequence[str], delimiter: str) -> int | None:
    return next((i for i, line in enumerate(lines) if sum(map(is_number, _cells(line, delimiter))) >= _NUMERIC), None)


def _headers(before: Sequence[str], delimiter: str, width: int) -> list[list[str]]:
    """The header lines above the first row: those with about as many cells as it has."""
    rows = [_cells(line.lstrip("#"), delimiter) for line in before if line.strip()]
    return [row for row in rows if len(row) >= min(width, _NUMERIC + 1)]


def _read(name: str, text: str, delimiter: str, skip: int, width: int, *, plain: bool) -> pd.DataFrame:
    """The rows, with at most this many cells; as text unless all numbers have the usual form."""
    import pandas as pd

    separator = r"\s+" if delimiter == " " else delimiter
    kinds: dict[str, Any] = {"low_memory": False} if plain else {"dtype": str}
    try:
        frame: pd.DataFrame = pd.read_csv(
            io.StringIO(text),
            sep=separator,
            header=None,
            names=range(width),
            skiprows=skip,
            skipinitialspace=True,
            **kinds,
        )
    except (ValueError, pd.errors.ParserError) as error:
        raise UsageError(f"{name!r} cannot be read as a table: {' '.join(str(error).split())[:160]}") from None
    if not isinstance(frame.index, pd.RangeIndex):  # what the first row has too many of
        raise UsageError(f"{name!r} cannot be read as a table: its first row has more than {width} cells")
    return frame


def normal(header: object) -> str:
    """A column's name as it is compared: lower case, one space between words."""
    return re.sub(r"\s+", " ", str(header).strip().strip('"').lower())


def _without_headers(frame: pd.DataFrame, headers: Sequence[Sequence[str]]) -> pd.DataFrame:
    """Without header lines inside the file, as in months put one after the other."""
    if not headers or not len(frame):
        return frame
    first = frame.iloc[:, 0].astype("string").str.strip().str.lower()
    again = first == headers[0][0].strip().lower() if headers[0][0].strip() else None
    return frame if again is None or not again.any() else frame[~again.fillna(value=False)].reset_index(drop=True)


def _shown(lines: Sequence[str]) -> str:
    first = next((line.strip() for line in lines if line.strip()), "")
    return repr(first[:60])
