"""Hook of MkDocs: `<!-- metrics -->` and `<!-- options -->` become tables of metrics and of a run's options."""

from __future__ import annotations

from typing import Any

UNITS = {"": "ratio", "%": "%", "#": "count", "$": "quote currency", "d": "days"}


def on_page_markdown(markdown: str, **_: Any) -> str:
    for name, table in (("metrics", metrics), ("options", options)):
        mark = f"<!-- {name} -->"
        markdown = markdown.replace(mark, table()) if mark in markdown else markdown
    return markdown


def options() -> str:
    from cqs_backtest.run_options import RUN

    rows = [f"| `{name}` | {option.meaning} |" for name, option in RUN.items() if option.meaning]
    return "\n".join(["| key | meaning |", "|---|---|", *rows])


def metrics() -> str:
    from cqs_backtest.metrics.conventions import CONVENTIONS

    rows = [f"| `{m.name}` | {m.label} | {UNITS[m.unit]} | {m.text} | {m.version} |" for m in CONVENTIONS.values()]
    return "\n".join(["| metric | label | unit | how it is computed | version |", "|---|---|---|---|---|", *rows])
