"""The pages of docs/, as tests read them."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
_BLOCK = re.compile(r"^( *)```(\w+)([^\n]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the title in its first line (empty without one), and its text."""

    language: str
    title: str
    text: str


def text(page: str) -> str:
    """A page by its path below docs/, without the suffix."""
    return (DOCS / f"{page}.md").read_text(encoding="utf-8")


def blocks(page: str, language: str = "", title: str = "") -> list[Block]:
    """The blocks of a page, of one language and title where they are given."""
    found = [
        Block(name, (re.findall(r'title="([^"]*)"', rest) or [""])[0], textwrap.dedent(body))
        for _, name, rest, body in _BLOCK.findall(text(page))
    ]
    return [one for one in found if language in ("", one.language) and title in ("", one.title)]


def block(page: str, language: str, title: str) -> str:
    """The text of the one block with this title."""
    [found] = blocks(page, language, title)
    return found.text


def rows(page: str, heading: str) -> list[list[str]]:
    """Cells of the tables under a heading, without their heads."""
    section = re.split(rf"^#+ {re.escape(heading)}$", text(page), maxsplit=1, flags=re.MULTILINE)[1]
    lines = re.split(r"^#+ ", section, maxsplit=1, flags=re.MULTILINE)[0].splitlines()
    table = [line for line in lines if line.startswith("|")]
    heads = {n - 1 for n, line in enumerate(table) if set(line) <= set("|-: ")}
    kept = [line for n, line in enumerate(table) if n not in heads and n - 1 not in heads]
    return [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in kept]


def pages() -> list[str]:
    """All of them."""
    return sorted(str(path.relative_to(DOCS).with_suffix("")) for path in DOCS.glob("**/*.md"))
