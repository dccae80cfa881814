"""Progress in a notebook: a bar under the cell, gone when the work is done. It needs no widgets."""

from __future__ import annotations

import contextvars
import sys
import threading
import time
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cqs_core.jobs.reporting import Progress

_AFTER = 1.0  # seconds before a bar is worth showing
_EVERY = 0.2  # seconds between two changes of what is shown
_PARTS = 8  # that are shown at once


def in_notebook() -> bool:
    """Whether this process is a kernel, whose output goes to a page."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return getattr(shell, "kernel", None) is not None


class NotebookBar:
    """One display under the running cell, which is changed in place."""

    def __init__(self) -> None:
        self._shown: Any = None
        self._progress: Progress | None = None
        self._last = float("-inf")
        self._due = False
        self._lock = threading.Lock()
        # the kernel finds the cell that output belongs to by the context
        self._timer = threading.Timer(_AFTER, contextvars.copy_context().run, [self._begin])
        self._timer.daemon = True
        self._timer.start()

    def update(self, progress: Progress) -> None:
        """Show how far it is, once that is worth it."""
        with self._lock:
            self._progress = progress
            if self._due and time.monotonic() - self._last >= _EVERY:
                self._show(html_of(progress))

    def close(self) -> None:
        """Take the bar away."""
        self._timer.cancel()
        with self._lock:
            self._progress, self._due = None, False
            if self._shown is not None:
                self._show("")

    def _begin(self) -> None:
        with self._lock:
            self._due = True
            if self._progress is not None:
                self._show(html_of(self._progress))

    def _show(self, html: str) -> None:
        import IPython.display as shown

        page: Any = shown  # untyped
        self._last = time.monotonic()
        if self._shown is None:
            self._shown = page.display(page.HTML(html), display_id=True)
        else:
            self._shown.update(page.HTML(html))


def html_of(progress: Progress) -> str:
    """The bar of the whole, and one for each of the parts that are not done."""
    note = f": {progress.note}" if progress.note and progress.note not in progress.parts else ""
    rate = f"{progress.rate:,.0f} {progress.unit}/s"
    lines = [_line(progress.title + note, progress.done, progress.total, rate)]
    running = [(n, p) for n, p in progress.parts.items() if p.total is None or p.done < p.total]
    lines += [_line(name, part.done, part.total, f"{part.rate:,.0f}/s") for name, part in running[:_PARTS]]
    if len(running) > _PARTS:
        lines.append(f"<tr><td>and {len(running) - _PARTS} more</td></tr>")
    return f'<table style="font-size: 90%">{"".join(lines)}</table>'


def _line(title: str, done: float, total: float | None, rate: str) -> str:
    far = f"{min(1.0, done / total):.0%}" if total else f"{done:,.0f}"
    value = f' value="{min(done, total)}" max="{total}"' if total else ""
    label = escape(title, quote=True)
    cells = (label, f'<progress aria-label="{label}"{value}></progress>', far, escape(rate))
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
