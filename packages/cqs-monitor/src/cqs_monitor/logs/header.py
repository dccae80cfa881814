"""The header of a trades CSV: which columns there are, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cqs_monitor.logs.row import COLUMNS, NATURAL

if TYPE_CHECKING:
    from collections.abc import Sequence

HEADER = ",".join(COLUMNS)


class Header(NamedTuple):
    """How a file's lines are laid out: where each of `row.COLUMNS` is, and how many columns a line has."""

    places: Sequence[int]
    width: int


BOT = Header(NATURAL, len(COLUMNS))
"""As the bot writes it."""


def read_header(line: bytes) -> Header | None:
    """The layout, if the line (with or without CR) is a header that names all of `row.COLUMNS`.

    >>> read_header(b"timestamp,date,action,symbol,fee,price,quantity,amount,profit_pct,profit_krw").places
    (0, 1, 2, 3, 5, 6, 7, 8, 9)
    """
    names = line.rstrip(b"\r\0").decode("utf-8", "replace").split(",")
    if any(names.count(column) != 1 for column in COLUMNS):
        return None
    return Header(tuple(names.index(column) for column in COLUMNS), len(names))
