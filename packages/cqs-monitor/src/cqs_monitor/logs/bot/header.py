"""The header of a trades CSV: which columns there are, and where."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from cqs_monitor.logs.bot.row import COLUMNS, NATURAL, DamagedRow, row_of, split

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HEADER = ",".join(COLUMNS)
_NAME = re.compile(r"(?!\d)[^\0\ufffd]{1,60}")


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
    names = _names(line)
    if any(names.count(column) != 1 for column in COLUMNS):
        return None
    return Header(tuple(names.index(column) for column in COLUMNS), len(names))


def foreign(line: bytes) -> str:
    """The columns that a foreign header lacks, in words; empty if the line is not a header.

    >>> foreign(b"timestamp,date,action,symbol,price,quantity,amount,profit_pct")
    'a foreign header: profit_krw is missing'
    """
    text = line.rstrip(b"\r\0").decode("utf-8", "replace")
    names = _names(line)
    torn = HEADER.startswith(text) and names[-1] not in COLUMNS
    if len(names) < 2 or torn or not all(_NAME.fullmatch(name) for name in names):
        return ""
    missing = [column for column in COLUMNS if column not in names]
    lacking = f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
    twice = [column for column in COLUMNS if names.count(column) > 1]
    return f"a foreign header: {lacking if missing else f'{twice[0]} is there twice'}"


def begins_as_bot(lines: bytes) -> bool:
    """Whether the first line is a consistent row in the bot's own columns."""
    try:
        fields = split(lines.partition(b"\n")[0].rstrip(b"\r").decode("utf-8", "replace"))
        return len(fields) == BOT.width and not row_of(fields).contradiction()
    except DamagedRow:
        return False


def arrangements(text: str, header: Header) -> Iterator[list[str]]:
    """The ways to read a line whose additional columns hold commas or quotation marks, likeliest first."""
    plain = text.split(",")
    try:
        fields = split(text)
    except DamagedRow:
        fields = plain
    yield fields
    for found in (fields, plain):
        more = len(found) - header.width
        for at in sorted(set(range(header.width)) - set(header.places)) if more > 0 else ():
            yield [*found[:at], ",".join(found[at : at + more + 1]), *found[at + more + 1 :]]


def _names(line: bytes) -> list[str]:
    text = line.rstrip(b"\r\0").decode("utf-8", "replace")
    try:
        return [name.strip() for name in split(text)]
    except DamagedRow:
        return [name.strip() for name in text.split(",")]
