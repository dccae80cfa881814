"""Bithumb: like Upbit, but its times are Seoul's, and so are its days: they are derived from hours instead.

After https://apidocs.bithumb.com/reference (minute candles: `to` is exclusive, KST, without offset; at most 200).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cqs_core.time import clock
from cqs_core.time.intervals import HOUR
from cqs_data.exchanges.backwards import PagesBackwards

if TYPE_CHECKING:
    from collections.abc import Sequence


class Bithumb(PagesBackwards):
    """Bithumb (Korea), spot."""

    id: ClassVar[str] = "bithumb"
    title: ClassVar[str] = "Bithumb"
    quote: ClassVar[str] = "KRW"
    id_form: ClassVar[str] = "QUOTE-BASE"
    intervals: ClassVar[Sequence[str]] = ("1m", "5m", "15m", "1h")
    page_size: ClassVar[int] = 200
    tested: ClassVar[str] = "written after its documentation"

    def to(self, end: int) -> str:
        return clock.iso(end + 9 * HOUR).removesuffix("+00:00")
