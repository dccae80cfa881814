"""The text of docs/, of the READMEs and of the source: links lead somewhere, and the English is plain and American."""

from __future__ import annotations

import ast
import importlib.util
import io
import re
import tokenize

import pytest

import documents

READMES = [
    *documents.ROOT.glob("*.md"),
    *documents.ROOT.glob(".github/*.md"),
    *documents.ROOT.glob("packages/*/README.md"),
    *documents.DOCS.glob("**/*.md"),
]
BRITISH = (
    r"\b(colours?|behaviours?|neighbours?|licence|catalogue|favour\w*|honour\w*|analyse\w*|organis\w*|recognis\w*)\b"
)
STILTED = (
    r"\b(whoever|whosoever|nobody|somebody|likewise)\b|\bholds? (it|them|\w+) against\b"
    r"|(?<!there )\b(is|are|was) no (?!longer\b)\w"
)
ADVICE = {
    "british": "use American spelling, such as color, behavior, license",
    "stilted": "use plain words: 'is not a date' instead of 'is no date', 'no one', 'anyone', 'check against'",
    "fragment": "begin with a noun or a verb that says what it is or does, not with 'Of', 'Likewise', 'Nobody'",
}


def without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("path", READMES, ids=lambda path: str(path.relative_to(documents.ROOT)))
def test_relative_links_lead_to_files(path):
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", without_code(path.read_text(encoding="utf-8"))):
        assert re.match(r"[a-z]+:", target) or (path.parent / target).exists(), target


@pytest.mark.parametrize("page", documents.pages())
def test_the_english_is_plain_and_american(page):
    text = without_code(documents.text(page))
    found = [f"{each[0]!r}: {ADVICE['british']}" for each in re.finditer(BRITISH, text, re.IGNORECASE)]
    found += [f"{each[0]!r}: {ADVICE['stilted']}" for each in re.finditer(STILTED, text, re.IGNORECASE)]
    assert found == []


@pytest.mark.parametrize("page", documents.pages())
def test_sentences_are_short(page):
    """A sentence of more than 45 words has to be read twice."""
    prose = re.sub(r"^(\||#|\s*[-*] |\s*\d+\. ).*$", "", without_code(documents.text(page)), flags=re.MULTILINE)
    sentences = re.split(r"(?<=[.:?!])\s+|\n\n", prose)
    assert [one for one in sentences if len(one.split()) > 45] == [], "make two sentences of each"


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


SOURCES = sorted(documents.ROOT.glob("packages/*/src/**/*.py"))
PLAIN_CODE = re.compile(rf"{STILTED}|{BRITISH}|\b[Dd]eepest fall\b|\bheld against\b", re.IGNORECASE)
FRAGMENT = re.compile(r"(Of|Likewise|Whoever|Nobody)\b")
HELP = re.compile(r"Of\b")


def texts(source, tree):
    """Docstrings, other strings of several words, and comments, with their lines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.lineno, node.value
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def docstrings(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield getattr(node, "lineno", 1), ast.get_docstring(node) or ""


def helps(tree):
    """Texts of `help=` and `doc=`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in ("help", "doc") and isinstance(node.value, ast.Constant):
            yield node.value.lineno, str(node.value.value)


def faults(path):
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    plain = ((line, re.sub(r"`[^`\n]*`", "", text)) for line, text in texts(source, tree))
    for line, text in plain:
        if found := PLAIN_CODE.search(text):
            yield line, found[0], "british" if re.search(BRITISH, found[0], re.IGNORECASE) else "stilted"
    yield from ((line, text[:60], "fragment") for line, text in docstrings(tree) if FRAGMENT.match(text))
    yield from ((line, text[:60], "fragment") for line, text in helps(tree) if HELP.match(text))


def test_the_english_in_the_source_is_plain_and_american():
    """Each line of a failure names the place, the words, and what to write instead."""
    found = [(path.relative_to(documents.ROOT), *fault) for path in SOURCES for fault in faults(path)]
    assert [f"{path}:{line}: {text!r}: {ADVICE[rule]}" for path, line, text, rule in found] == []


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ('"""What nobody needs."""', "nobody"),
        ('x = f"{y!r} is no date; write 2024"', "is no d"),
        ("x = 1  # likewise", "likewise"),
        ('def f():\n    """Of all accounts."""', "Of all accounts."),
        ('option("--quote", help="Of bare symbols.")', "Of bare symbols."),
        ('"""Colours of the page."""', "Colours"),
    ],
)
def test_stilted_english_in_the_source_is_found(code, fault, tmp_path):
    path = tmp_path / "module.py"
    path.write_text(code, encoding="utf-8")
    assert fault in [text for _, text, _ in faults(path)]


@pytest.mark.parametrize("code", ['x = "there is no date"', '"""`nobody` is a user."""', "x = 1  # no one waits"])
def test_plain_english_is_not(code, tmp_path):
    path = tmp_path / "module.py"
    path.write_text(code, encoding="utf-8")
    assert list(faults(path)) == []
