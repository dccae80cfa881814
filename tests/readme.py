"""The README, as tests read it."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    """Its fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    """Its `uv run …` lines, without their comments."""
    lines = "".join(blocks("sh")).splitlines()
    return [
        line.split("  #")[0].split(" # ")[0].strip().removeprefix("uv run ")
        for line in lines
        if line.startswith("uv run ")
    ]


def rows(heading: str) -> list[list[str]]:
    """Cells of the table under a heading, without its head."""
    section = TEXT.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    table = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
