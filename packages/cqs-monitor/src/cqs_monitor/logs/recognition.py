"""Which format an account's folder is in, by the names of its files, else by the first bytes of one."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, NamedTuple

from cqs_core.isolation import fact_of, foreign

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from cqs_core import LogFormat

LEGACY = "legacy"
"""In place of the month of files without one in their names: single-file logs, which stand before all months."""

HEAD = 4096
_KEPT = 256  # lists of names
_MONTH = re.compile(r"\d{4}-\d\d")


class Run(NamedTuple):
    """Neighbors in a folder that hold the same.

    Attributes:
        kind: as `LogFormat.kind` says; `wrong` for a file that the format refuses.
        detail: the month of trades, or why a file is refused.
        start: index of the first name; `end` is behind the last.
    """

    kind: str
    detail: str
    start: int
    end: int


Known = dict[tuple[str, tuple[str, ...]], list[Run]]
"""The content of files by the name of the format and their names."""


class Recognition:
    """Recognizes the folders of one listing.

    Attributes:
        failed: whether a file could not be read that would have told.

    Args:
        formats: that are installed.
        head: gives the first bytes of an object.
        known: what the names of earlier listings were; they change in few folders.
    """

    def __init__(self, formats: Iterable[LogFormat], head: Callable[[str], bytes], known: Known) -> None:
        self._formats, self._head, self._known = list(formats), head, known
        self.failed = False

    def of(self, folder: str, names: tuple[str, ...]) -> tuple[LogFormat | None, list[Run], str]:
        """The folder's format or None, what is in it by that format, and why the format is not clear."""
        claims = [(form, runs) for form in self._formats if (runs := self._runs(form, names))]
        rivals = _with_trades(claims) or claims
        fault = ""
        if len(rivals) > 1:
            name = next(
                (names[run.start] for run in rivals[0][1] if run.kind == "trades"), names[rivals[0][1][0].start]
            )
            try:
                head = self._head(f"{folder}/{name}")
            except Exception as error:  # noqa: BLE001 - disks and drivers of storages raise what they like
                self.failed = True
                return (*rivals[0], f"{name!r} cannot be read: {fact_of(error)}")
            owners = [claim for claim in rivals if _owned(claim[0], name, head)]
            fault = "" if len(owners) == 1 else _ambiguous(name, [form.name for form, _ in rivals])
            rivals = owners or rivals
        return (*rivals[0], fault) if rivals else (None, [], "")

    def _runs(self, form: LogFormat, names: tuple[str, ...]) -> list[Run]:
        """Most accounts have files of the same days, so the names of one are remembered for the others."""
        if (form.name, names) not in self._known:
            self._known[form.name, names] = list(_grouped(_kind(form, name) for name in names))
            if len(self._known) > _KEPT:
                del self._known[next(iter(self._known))]
        return self._known[form.name, names]


def _owned(form: LogFormat, name: str, head: bytes) -> bool:
    try:
        with foreign():
            return form.owns(name, head)
    except Exception:  # noqa: BLE001 - a plugin that fails on a file does not own it
        return False


def _with_trades(claims: Sequence[tuple[LogFormat, list[Run]]]) -> list[tuple[LogFormat, list[Run]]]:
    return [claim for claim in claims if any(run.kind == "trades" for run in claim[1])]


def _ambiguous(name: str, formats: Sequence[str]) -> str:
    named = " and ".join(repr(one) for one in formats)
    return f"the formats {named} both know {name!r}, and its first line does not tell; disable one: cqs plugins"


def _grouped(kinds: Iterable[tuple[str, str]]) -> Iterator[Run]:
    at = 0
    for (kind, detail), some in itertools.groupby(kinds):
        end = at + sum(1 for _ in some)
        if kind:
            yield Run(kind, detail, at, end)
        at = end


def _kind(form: LogFormat, name: str) -> tuple[str, str]:
    try:
        with foreign():
            kind = form.kind(name)
    except ValueError as error:
        return "wrong", str(error)
    except Exception as error:  # noqa: BLE001 - a plugin may fail in any way
        return "wrong", f"the format {form.name!r} failed: {fact_of(error)}"
    return kind, month_of(name) if kind == "trades" else ""


def month_of(name: str) -> str:
    """The month of a file of trades, `LEGACY` for one that holds all of them."""
    match = _MONTH.search(name)
    return match[0] if match else LEGACY
