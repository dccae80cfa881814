"""Numbers as people write them: decimal commas, thousands separators, currency signs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from cqs_core import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

_NUMBER = re.compile(r"^[+-]?\d[\d.,' \u00a0\u202f]*(?:[eE][+-]?\d+)?[KMBkmb]?$")
_SPACES = "' \u00a0\u202f"
_SIGNS = "$€£¥₩원"
_FACTORS = {"K": 1e3, "M": 1e6, "B": 1e9}  # as in 1.25K


class Style(NamedTuple):
    """How numbers are written: the decimal mark, and what separates thousands (both may be absent)."""

    decimal: str = "."
    thousands: str = _SPACES


def style_of(cells: Iterable[str], name: str, decimal: str | None = None, *, dots: bool = False) -> Style:
    """The style of some numbers.

    Args:
        cells: text, some of it numbers.
        name: of the file, for the message.
        decimal: `.` or `,` where the user says it.
        dots: whether a point may separate thousands, as where semicolons separate fields.

    Raises:
        UsageError: a mark may be either, as in `42,000`.
    """
    if decimal:
        return _style(decimal)
    numbers = [c for cell in cells if _NUMBER.match(c := _bare(cell))]
    certain = {mark for number in numbers if (mark := _decimal_of(number))}
    if certain == {",", "."}:
        raise UsageError(f"numbers of {name!r} have decimal commas and decimal points; write them in one way")
    if certain:
        return _style(certain.pop())
    marks = [mark for mark in (",", ".") if any(mark in number for number in numbers)]
    grouped = [mark for mark in marks if any(number.count(mark) > 1 for number in numbers)]  # as 1,234,567
    if len(grouped) == 1:
        return _style("." if grouped == [","] else ",")
    if marks and (dots or marks != ["."]):
        shown = next(number for number in numbers if marks[0] in number)
        raise UsageError(f"{shown!r} in {name!r} may mean thousands or decimals; say --decimal . or ,")
    return _style(".")


def may_group(cells: Iterable[str], *, dots: bool) -> bool:
    """Whether some of these cells are numbers with commas, or with points that may separate thousands."""
    numbers = [c for cell in cells if _NUMBER.match(c := _bare(cell))]
    pointed = [number for number in numbers if "." in number]
    return any("," in number for number in numbers) or (dots and any(_grouped(number, ".") for number in pointed))


def to_numbers(column: pd.Series[Any], style: Style) -> pd.Series[Any]:
    """Float64; NaN where the text is not a number."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column):
        return column.astype("float64")
    text = column.astype("string").str.strip().str.strip(_SIGNS).str.strip()
    for mark in style.thousands:
        text = text.str.replace(mark, "", regex=False)
    if style.decimal == ",":
        text = text.str.replace(",", ".", regex=False)
    factor = text.str[-1].str.upper().map(_FACTORS)
    known = factor.notna()
    plain = pd.to_numeric(text.where(~known, text.str[:-1]), errors="coerce").astype("float64")
    return plain.where(~known, (plain * factor.astype("float64")).round(6)) if known.any() else plain


def is_number(cell: str) -> bool:
    return bool(_NUMBER.match(_bare(cell)))


def _bare(cell: str) -> str:
    return cell.strip().strip(_SIGNS).strip()


def _style(decimal: str) -> Style:
    return Style(decimal, _SPACES + ("." if decimal == "," else ","))


def _decimal_of(number: str) -> str | None:
    """The mark that can only be the decimal one; None where there is none, or it may separate thousands."""
    number = number.rstrip("KMBkmb")
    comma, point = number.rfind(","), number.rfind(".")
    if comma >= 0 and point >= 0:
        return "," if comma > point else "."
    mark = "," if comma >= 0 else "."
    return mark if mark in number and not _grouped(number, mark) else None


def _grouped(number: str, mark: str) -> bool:
    """Whether a mark stands where thousands are separated."""
    head, *groups = number.lstrip("+-").rstrip("KMBkmb").split(mark)
    return 1 <= len(head) <= 3 and head[0] != "0" and all(len(group) == 3 for group in groups)
