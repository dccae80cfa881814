"""Aligned columns of plain text: no value is cut, and none can command the terminal."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING

from cqs_core.errors import CqsError
from cqs_core.files.plaintext import safe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console

_BETWEEN = "  "


class Table:
    r"""A table that is written part by part; columns grow where later rows need it.

    Args:
        titles: of the columns.
        right: whether each is aligned right, as numbers are.

    >>> print("\n".join(Table(["Series", "Candles"], [False, True]).lines([["비트코인", "BTC"], ["1,234", "7"]])))
    Series    Candles
    비트코인    1,234
    BTC             7
    """

    def __init__(self, titles: Sequence[str], right: Sequence[bool]) -> None:
        self.titles = [safe(title) for title in titles]
        self.right = right
        self.widths = [width_of(title) for title in self.titles]
        self._begun = False

    def lines(self, columns: Sequence[Sequence[str]]) -> list[str]:
        """The next rows, given by column. The first call puts the titles before them."""
        return [_BETWEEN.join(row).rstrip() for row in self.rows(columns)]

    def rows(self, columns: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
        """The next rows as padded cells."""
        cells = [_all_safe(column) for column in columns]
        if not self._begun and any(self.titles):
            cells = [[title, *column] for title, column in zip(self.titles, cells, strict=True)]
        self._begun = True
        self.widths = [max(width, _widest(column)) for width, column in zip(self.widths, cells, strict=True)]
        padded = map(_padded, cells, self.widths, self.right)
        return list(zip(*padded, strict=True))


def table_lines(titles: Sequence[str], right: Sequence[bool], rows: Sequence[Sequence[str]]) -> list[str]:
    """A whole table, given by row."""
    return Table(titles, right).lines(list(zip(*rows, strict=True)) or [[] for _ in titles])


def print_table(
    titles: Sequence[str],
    right: Sequence[bool],
    rows: Sequence[Sequence[str]],
    style: Callable[[int, int], str],
    console: Console | None = None,
) -> None:
    """Print a whole table, in color where the terminal has colors.

    Args:
        titles: of the columns.
        right: for each column, whether it is aligned right.
        rows: cells as text.
        style: a rich style such as `red` for a row and a column, both counted from 0; empty for none.
        console: where to print; standard output by default.
    """
    from rich.text import Text

    from cqs_core.files.console import SafeConsole

    console = console or SafeConsole()
    table = Table(titles, right)
    padded = table.rows(list(zip(*rows, strict=True)) or [[] for _ in titles])
    for index, row in enumerate(padded, start=len(rows) - len(padded)):
        styles = ["bold" if index < 0 else style(index, column) for column in range(len(row))]
        line = Text(_BETWEEN).join(Text(cell, style) for cell, style in zip(row, styles, strict=True))
        line.rstrip()
        console.print(line, soft_wrap=True, highlight=False)


def say(lines: Sequence[str]) -> None:
    """Print lines. Characters that do not print, or that the output's encoding lacks, are written as their numbers.

    Raises:
        CqsError: standard output is closed.
    """
    if sys.stdout is None:
        raise CqsError("standard output is closed; the result was not printed")
    encoding = sys.stdout.encoding or "utf-8"
    text = "".join(f"{safe(line)}\n" for line in lines)
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
    sys.stdout.flush()


def cell(text: object) -> str:
    """The text, escaped for rich: no part of it is markup or controls the terminal."""
    from rich.markup import escape

    return escape(safe(str(text)))


def _all_safe(column: Sequence[str]) -> list[str]:
    return list(column) if "".join(column).isprintable() else [safe(cell) for cell in column]


def _widest(column: Sequence[str]) -> int:
    return max(map(width_of, column), default=0)


def _padded(column: Sequence[str], width: int, right: bool) -> list[str]:
    if "".join(column).isascii():
        return [cell.rjust(width) for cell in column] if right else [cell.ljust(width) for cell in column]
    spaces = [" " * (width - width_of(cell)) for cell in column]
    return [space + cell if right else cell + space for cell, space in zip(column, spaces, strict=True)]


def width_of(text: str) -> int:
    """Cells on a terminal: Korean characters take two."""
    return len(text) if text.isascii() else _wide(text)


@functools.lru_cache(maxsize=4096)
def _wide(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)
