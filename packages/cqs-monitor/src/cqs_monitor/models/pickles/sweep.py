"""A look at all bytes, whatever they are to the loader: dangerous imports written out in full."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from cqs_monitor.models.pickles.judgement import dangerous
from cqs_monitor.models.pickles.values import Import

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cqs_monitor.models.pickles.opcodes import Source

_NAME = rb"([A-Za-z_][\w.]{0,99})"
_MEMO = rb"(?:\x94|q.|r....|p\d+\n)?"
_SECOND = _MEMO + rb"(?:\x8c.|X...\x00|[VU])" + _NAME + rb"\n?" + _MEMO + rb"\x93"
_WRITTEN = (
    re.compile(rb"[ci]" + _NAME + rb"\n(?!p\d+\n)" + _NAME + rb"\n"),  # not the end of a text and its place in the memo
    re.compile(rb"\x8c." + _NAME + _SECOND, re.DOTALL),
    re.compile(rb"X...\x00" + _NAME + _SECOND, re.DOTALL),
)
_WINDOW, _OVERLAP = 1 << 18, 1 << 10


class Unswept(Exception):  # noqa: N818 - reads as what it is
    """There was no time to look at all bytes."""


def dangerous_imports(data: Source, deadline: float = float("inf"), most: int | None = None) -> Iterator[Import]:
    """Dangerous ones only: other bytes may look like an import by chance, hardly like `os.system`.

    Args:
        data: the file.
        deadline: of `time.monotonic()`.
        most: bytes that are searched; None is all.

    Raises:
        Unswept: the deadline came first.
    """
    for at in range(0, min(len(data), most or len(data)), _WINDOW):
        if time.monotonic() > deadline:
            raise Unswept(f"only the first {at:,} bytes were searched for names")
        window = data[at : at + _WINDOW + _OVERLAP]
        for pattern in _WRITTEN:
            for found in pattern.finditer(window):
                module, name = (part.decode("ascii") for part in found.groups())
                if dangerous(one := Import(module, name)):
                    yield one
