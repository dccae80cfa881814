"""The text of docs/ and of the READMEs: links lead somewhere, and the English is plain and American."""

from __future__ import annotations

import ast
import importlib.util
import re

import pytest

import documents

READMES = [
    *documents.ROOT.glob("*.md"),
    *documents.ROOT.glob(".github/*.md"),
    *documents.ROOT.glob("packages/*/README.md"),
    *documents.DOCS.glob("**/*.md"),
]
BRITISH = (
    r"\b(colours?|behaviours?|neighbours?|licence|catalog|favour\w*|honour\w*|analyse\w*|organis\w*|recognis\w*)\b"
)
STILTED = (
    r"\b(whoever|whosoever|nobody|somebody|likewise)\b|\bholds? (it|them|\w+) against\b|(?<!there )\b(is|are|was) no \w"
)


def without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("path", READMES, ids=lambda path: str(path.relative_to(documents.ROOT)))
def test_relative_links_lead_to_files(path):
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", without_code(path.read_text(encoding="utf-8"))):
        assert re.match(r"[a-z]+:", target) or (path.parent / target).exists(), target


@pytest.mark.parametrize("page", documents.pages())
def test_the_english_is_plain_and_american(page):
    text = without_code(documents.text(page))
    assert re.findall(BRITISH, text, re.IGNORECASE) == []
    assert [found[0] for found in re.finditer(STILTED, text, re.IGNORECASE)] == []


@pytest.mark.parametrize("page", documents.pages())
def test_sentences_are_short(page):
    """A sentence of more than 45 words has to be read twice."""
    prose = re.sub(r"^(\||#|\s*[-*] |\s*\d+\. ).*$", "", without_code(documents.text(page)), flags=re.MULTILINE)
    sentences = re.split(r"(?<=[.:?!])\s+|\n\n", prose)
    assert [one for one in sentences if len(one.split()) > 45] == []


CODE = [(page, block.text) for page in documents.pages() for block in documents.blocks(page, "python")]


@pytest.mark.parametrize(("page", "code"), CODE, ids=[f"{page}-{n}" for n, (page, _) in enumerate(CODE)])
def test_examples_import_only_what_is_public(page, code):
    imports = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.ImportFrom) and node.module]
    for node in imports:
        if re.match(r"cqs_(core|data|backtest|monitor|panel)\b(?!\.testing)", node.module):
            public = set(getattr(importlib.import_module(node.module), "__all__", ()))
            private = [alias.name for alias in node.names if alias.name not in public]
            modules = [name for name in private if importlib.util.find_spec(f"{node.module}.{name}")]
            assert set(private) <= set(modules), f"{node.module}: {private}"
