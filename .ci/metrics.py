"""Hook of MkDocs: `<!-- metrics -->` becomes the table of metrics, as the code has it."""

from __future__ import annotations

from typing import Any

MARK = "<!-- metrics -->"
UNITS = {"": "ratio", "%": "%", "#": "count", "$": "quote currency", "d": "days"}


def on_page_markdown(markdown: str, **_: Any) -> str:
    return markdown.replace(MARK, table()) if MARK in markdown else markdown


def table() -> str:
    from cqs_backtest.metrics.conventions import CONVENTIONS

    rows = [f"| `{m.name}` | {m.label} | {UNITS[m.unit]} | {m.text} | {m.version} |" for m in CONVENTIONS.values()]
    return "\n".join(["| metric | label | unit | how it is computed | version |", "|---|---|---|---|---|", *rows])
