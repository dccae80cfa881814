"""Upbit: 200 candles at a time, days from 00:00 UTC."""

from __future__ import annotations

from typing import ClassVar

from cqs_data.exchanges.backwards import PagesBackwards


class Upbit(PagesBackwards):
    """Upbit (Korea), spot."""

    id: ClassVar[str] = "upbit"
    title: ClassVar[str] = "Upbit"
    quote: ClassVar[str] = "KRW"
    id_form: ClassVar[str] = "QUOTE-BASE"
    page_size: ClassVar[int] = 200
    tested: ClassVar[str] = "checked against its real responses"
