"""Rich for commands: its styles are codes for the terminal, what it is given to print is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.segment import Segment

from cqs_core.files.plaintext import harmless

if TYPE_CHECKING:
    from collections.abc import Iterable


class SafeConsole(Console):
    """A console that escapes unprintable characters in all that it prints: text, tables, bars."""

    def _render_buffer(self, buffer: Iterable[Segment]) -> str:
        """The only method of rich through which all output goes."""
        return super()._render_buffer(one if one.control else Segment(harmless(one.text), one.style) for one in buffer)
