"""Options for files to import."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cqs_core import UnknownName, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

STAMPS = ("open", "close")
ABSENT = ("unknown", "no-trade")


@dataclass(frozen=True)
class Options:
    """How to read files, where they do not say it themselves.

    Attributes:
        exchange: whose candles they are; any id, also of an exchange that no longer exists.
        market: unified market or symbol; None takes it from columns or the file's name.
        interval: None takes it from the times.
        zone: IANA name, of times without an offset; None is the exchange's, see `zones`.
        stamp: `open` or `close`, which end of its bar a time means; None is the format's.
        where: `{column: value}`, rows to take.
        columns: `{field: column}`, see `columns`.
        delimiter: between fields of text; found out if None.
        pattern: how dates are written, for `strptime`; found out if None.
        decimal: `.` or `,`; found out if None.
        absent: `no-trade` if a bar that the file does not have had no trade; `unknown` otherwise.
        replace: whether fetched candles may be replaced.
        known: markets that the lake has, by which a name in unusual letters is read.
    """

    exchange: str
    market: str | None = None
    interval: str | None = None
    zone: str | None = None
    stamp: str | None = None
    where: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    delimiter: str | None = None
    pattern: str | None = None
    decimal: str | None = None
    absent: str = "unknown"
    replace: bool = False
    known: Collection[str] = ()

    def __post_init__(self) -> None:
        for what, value, allowed in (
            ("stamp", self.stamp, STAMPS),
            ("absent", self.absent, ABSENT),
            ("decimal mark", self.decimal, (".", ",")),
        ):
            if value is not None and value not in allowed:
                raise UnknownName(what, value, allowed)
        if self.delimiter is not None and len(self.delimiter) != 1:
            raise UsageError(f"--delimiter {self.delimiter!r} is not one character; for tabs say tab")
