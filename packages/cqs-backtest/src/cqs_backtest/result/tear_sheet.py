"""A tear sheet in a notebook: in its own frame, so that their styles do not mix."""

from __future__ import annotations

from html import escape
from pathlib import Path

from cqs_core import UsageError

_WIDTH = 1100  # pixels of a picture
_FRAME = "width:100%;height:720px;border:1px solid #8a94a655;border-radius:8px"


class TearSheet(str):
    """One self-contained HTML page, as text."""

    __slots__ = ()

    def save(self, path: str | Path) -> Path:
        """Write it to a file, and return its path; a name that ends with `.png` gets a picture of the whole page.

        Raises:
            UsageError: the file cannot be written, or there is no Chromium or Chrome to draw a picture.
        """
        target = Path(path).expanduser()
        if target.suffix.lower() == ".png":
            from cqs_backtest import charts

            return charts.save_page(self, target, width=_WIDTH)
        try:
            target.write_text(self, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{str(target)!r} cannot be written ({error.strerror}); name another file") from None
        return target

    def _repr_html_(self) -> str:
        return f'<iframe srcdoc="{escape(self)}" sandbox="allow-scripts" style="{_FRAME}" title="Tear sheet"></iframe>'

    def __repr__(self) -> str:
        return f"<TearSheet, {len(self):,} characters; .save('run.html') writes it>"
