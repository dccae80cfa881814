"""A last look at bytes that could not be followed opcode by opcode: imports written out in full."""

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
_WRITTEN = re.compile(
    rb"[ci]" + _NAME + rb"\n" + _NAME + rb"\n"
    rb"|(?:\x8c.|X...\x00)" + _NAME + rb"(?:\x94|q.|r....)?(?:\x8c.|X...\x00)" + _NAME + rb"(?:\x94|q.|r....)?\x93",
    re.DOTALL,
)
_WINDOW, _OVERLAP = 1 << 22, 1 << 10
MOST = 1 << 28
"""Bytes that are searched."""


def dangerous_imports(data: Source, start: int = 0, deadline: float = float("inf")) -> Iterator[Import]:
    """Dangerous ones only: other bytes may look like an import by chance, hardly like `os.system`."""
    for at in range(start, min(len(data), start + MOST), _WINDOW):
        if time.monotonic() > deadline:
            return
        for found in _WRITTEN.finditer(data[at : at + _WINDOW + _OVERLAP]):
            module, name = (part.decode("ascii") for part in found.groups() if part is not None)
            if dangerous(one := Import(module, name)):
                yield one
