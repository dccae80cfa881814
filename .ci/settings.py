"""Write the tables of docs/spec/settings.md from the code: `uv run python .ci/settings.py`. A test compares them."""

from __future__ import annotations

import re
from pathlib import Path

from cqs_core.config.in_force import variables_in_order
from cqs_core.host.variable import SECTIONS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "spec" / "settings.md"
_TABLE = r"(## {}\n\n\| variable .*\n\|---\|---\|---\|\n)(?:\|.*\n)*"


def page() -> str:
    """The page with tables as the code has them now."""
    text = PAGE.read_text(encoding="utf-8")
    for section in SECTIONS:
        rows = "".join(
            f"| `{one.name}{'*' if one.many else ''}` | {one.default} | {one.about} |\n".replace("|  |", "| |")
            for one in variables_in_order()
            if one.section == section and one.name.isupper()
        )
        text = re.sub(_TABLE.format(section), lambda found, rows=rows: found[1] + rows, text)
    return text


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
