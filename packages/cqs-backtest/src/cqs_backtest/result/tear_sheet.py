"""A tear sheet in a notebook: in its own frame, so that their styles do not mix."""

from __future__ import annotations

from html import escape
from pathlib import Path

from cqs_core import UsageError

_FRAME = "width:100%;height:720px;border:1px solid #8a94a655;border-radius:8px"


class TearSheet(str):
    """One self-contained HTML page, as text."""

    __slots__ = ()

    def save(self, path: str | Path) -> Path:
        """Write it to a file, and return its path.

        Raises:
            UsageError: the file cannot be written.
        """
        target = Path(path).expanduser()
        try:
            target.write_text(self, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{str(target)!r} cannot be written ({error.strerror}); name another file") from None
        return target

    def _repr_html_(self) -> str:
        return f'<iframe srcdoc="{escape(self)}" sandbox="allow-scripts" style="{_FRAME}" title="Tear sheet"></iframe>'

    def __repr__(self) -> str:
        return f"<TearSheet, {len(self):,} characters; .save('run.html') writes it>"
