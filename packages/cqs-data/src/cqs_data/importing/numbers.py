"""Numbers as people write them: decimal commas, thousands separators, currency signs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from cqs_core import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

_NUMBER = re.compile(r"^[+-]?\d[\d.,' \u00a0\u202f]*(?:[eE][+-]?\d+)?$")
_SPACES = "' \u00a0\u202f"
_SIGNS = "$€£¥₩"


class Style(NamedTuple):
    """How numbers are written: the decimal mark, and what separates thousands (both may be absent)."""

    decimal: str = "."
    thousands: str = _SPACES


def style_of(cells: Iterable[str], name: str, decimal: str | None = None) -> Style:
    """The style of some numbers.

    Args:
        cells: text, some of it numbers.
        name: of the file, for the message.
        decimal: `.` or `,` where the user says it.

    Raises:
        UsageError: a comma may be either, as in `42,000`.
    """
    if decimal:
        return _style(decimal)
    numbers = [c for cell in cells if _NUMBER.match(c := cell.strip().strip(_SIGNS).strip())]
    found = {mark for number in numbers if (mark := _decimal_of(number))}
    if found == {",", "."}:
        raise UsageError(f"numbers of {name!r} have decimal commas and decimal points; write them in one way")
    if found:
        return _style(found.pop())
    if any("," in number for number in numbers):
        if all(_grouped(number, ",") for number in numbers if "," in number) and _has_groups(numbers):
            return _style(".")
        raise UsageError(
            f"{next(n for n in numbers if ',' in n)!r} in {name!r} may mean thousands or decimals; say --decimal . or ,"
        )
    return _style(".")


def to_numbers(column: pd.Series[Any], style: Style) -> pd.Series[Any]:
    """Float64; NaN where the text is not a number."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column):
        return column.astype("float64")
    text = column.astype("string").str.strip().str.strip(_SIGNS)
    for mark in style.thousands:
        text = text.str.replace(mark, "", regex=False)
    if style.decimal == ",":
        text = text.str.replace(",", ".", regex=False)
    return pd.to_numeric(text, errors="coerce").astype("float64")


def is_number(cell: str) -> bool:
    return bool(_NUMBER.match(cell.strip().strip(_SIGNS).strip()))


def _style(decimal: str) -> Style:
    return Style(decimal, _SPACES + ("." if decimal == "," else ","))


def _decimal_of(number: str) -> str | None:
    """The mark that can only be the decimal one; None where there is none, or it may separate thousands."""
    comma, point = number.rfind(","), number.rfind(".")
    if comma >= 0 and point >= 0:
        return "," if comma > point else "."
    if point >= 0:
        return "." if number.count(".") == 1 else ","
    if comma >= 0 and not _grouped(number, ","):
        return ","
    return None


def _grouped(number: str, mark: str) -> bool:
    """Whether a mark stands where thousands are separated."""
    head, *groups = number.lstrip("+-").split(mark)
    return 1 <= len(head) <= 3 and head[0] != "0" and all(len(group) == 3 for group in groups)


def _has_groups(numbers: list[str]) -> bool:
    """Whether one has two separators, as `1,234,567`: then they do not mark decimals."""
    return any(number.count(",") > 1 for number in numbers)
