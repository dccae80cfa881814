"""Text files as tables: encoding, delimiter, lines before the header, the header itself."""

from __future__ import annotations

import csv
import io
import itertools
import re
from typing import TYPE_CHECKING, NamedTuple

from cqs_core import UsageError
from cqs_data.importing.numbers import is_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

_DELIMITERS = (",", ";", "\t", "|")
_SAMPLE = 200  # lines
_NUMERIC = 4  # cells of a candle that are numbers at least: open, high, low, close
_BOMS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


class Text(NamedTuple):
    """A text file as it was understood.

    Attributes:
        frame: the rows, columns named in lower case, or `0`, `1`, … without a header line.
        headless: whether there is no header line.
        delimiter: between fields.
        encoding: of the bytes.
        extra: cells of further header lines by their first one, as yfinance writes a line `Ticker`.
    """

    frame: pd.DataFrame
    headless: bool
    delimiter: str
    encoding: str
    extra: dict[str, list[str]]


def read_text(name: str, data: bytes, delimiter: str | None = None) -> Text:
    """A table out of text.

    Raises:
        UsageError: the text is not a table of candles, or a line of it has too many fields.
    """
    text, encoding = decode(name, data)
    lines = list(itertools.islice((line for line in io.StringIO(text)), _SAMPLE))
    chosen = delimiter or _delimiter(name, lines)
    first = _first_row(lines, chosen)
    if first is None:
        raise UsageError(f"{name!r} has no line with prices; it begins with {_shown(lines)}")
    headers = _headers(lines[:first], chosen, len(_cells(lines[first], chosen)))
    frame = _read(name, text, chosen, first, headers[0] if headers else None)
    extra = {row[0].strip().lower(): row[1:] for row in headers[1:]}
    if len(headers) > 1 and not any(cell.strip() for cell in headers[-1][1:]):  # yfinance names its index there
        frame = frame.rename(columns={frame.columns[0]: normal(headers[-1][0])})
    return Text(_without_headers(frame, headers), not headers, chosen, encoding, extra)


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
            return text, encoding
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
    return next(csv.reader([line], delimiter=delimiter), [])


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


def _read(name: str, text: str, delimiter: str, skip: int, header: list[str] | None) -> pd.DataFrame:
    import pandas as pd

    separator = r"\s+" if delimiter == " " else delimiter
    try:
        frame: pd.DataFrame = pd.read_csv(
            io.StringIO(text), sep=separator, header=None, skiprows=skip, low_memory=False, skipinitialspace=True
        )
    except (ValueError, pd.errors.ParserError) as error:
        raise UsageError(f"{name!r} cannot be read as a table: {' '.join(str(error).split())[:160]}") from None
    frame.columns = [str(i) for i in range(frame.shape[1])]
    if header is None:
        return frame
    names = [normal(cell) for cell in header]
    if len(names) < frame.shape[1]:  # a trailing delimiter on each row, or an index without a name
        names = [*names, *(f"unnamed {i}" for i in range(len(names), frame.shape[1]))]
    frame.columns = names[: frame.shape[1]]
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
