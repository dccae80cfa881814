"""Makes text of unknown origin harmless: it cannot control a terminal or add a line."""

from __future__ import annotations

import re
import unicodedata

_USER = re.compile(r"://[^/\s'\"]*@")
_QUERY = re.compile(r"(?i)([?&][^=&\s]*(?:token|key|secret|pass|sig|credential)[^=&\s]*=)[^&\s'\"]+")


def safe(text: str) -> str:
    r"""The text with everything that does not print written as its number.

    >>> safe("메인\x1b[31m")
    '메인\\x1b[31m'
    """
    return text if text.isprintable() else "".join(map(_safe, text))


def harmless(text: str) -> str:
    r"""Like `safe`, for text with several lines and tabs.

    >>> harmless("a\x1b[2J\tb\nc")
    'a\\x1b[2J\tb\nc'
    """
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "\n".join("\t".join(map(safe, line.split("\t"))) for line in text.split("\n"))


def one_line(text: str, longest: int = 0) -> str:
    r"""Like `safe`, with all white space as single spaces, and at most `longest` characters.

    >>> one_line("two\n  lines\x1b[2J and more", 20)
    'two lines\\x1b[2J an…'
    """
    line = safe(" ".join(text.split()))
    return line if not longest or len(line) <= longest else f"{line[: longest - 1]}…"


def whole(text: str) -> str:
    r"""The text without halves of characters, which no file can hold.

    >>> whole("a\ud800")
    'a?'
    """
    return text.encode("utf-8", "replace").decode()


def _safe(character: str) -> str:
    if character.isprintable() or unicodedata.category(character) == "Zs":
        return character
    return character.encode("unicode_escape").decode()


def masked(text: str) -> str:
    """A URL, or a text with some, as it may be shown: without the credentials in it.

    >>> masked("s3://key:secret@bucket/a?token=abc&x=1")
    's3://***@bucket/a?token=***&x=1'
    """
    return _QUERY.sub(r"\1***", _USER.sub("://***@", text))
