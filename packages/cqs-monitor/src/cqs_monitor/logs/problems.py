"""Problems of files, with file and line, so that users can check."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from cqs_core import CqsError
from cqs_core.isolation import fact_of

MOST = 1000
"""Problems reported of one file; the rest are counted, so that a file of garbage does not fill the memory."""


class Problem(NamedTuple):
    """One finding.

    Attributes:
        file: key relative to the bucket.
        line: counted from 1; None where the whole file is meant.
        reason: the fact, and what became of the row.
    """

    file: str
    line: int | None
    reason: str

    def json(self) -> dict[str, Any]:
        return self._asdict()


class Findings:
    """Collects problems of files.

    Attributes:
        unread: keys of those that could not be read to their end.
    """

    def __init__(self) -> None:
        self.unread: set[str] = set()
        self._found: list[Problem] = []
        self._counts: Counter[str] = Counter()

    def report(self, file: str, line: int | None, reason: str) -> None:
        self._counts[file] += 1
        if self._counts[file] <= MOST:
            self._found.append(Problem(file, line, reason))

    def fail(self, file: str, error: Exception) -> None:
        """Report a file that cannot be read; the next reading tries again."""
        self.unread.add(file)
        reason = str(error) if isinstance(error, CqsError) else fact_of(error)
        self.report(file, None, f"cannot be read: {reason}")

    def problems(self) -> list[Problem]:
        """All of them, and how many more there were."""
        more = [Problem(f, None, f"{n - MOST} more damaged lines") for f, n in self._counts.items() if n > MOST]
        return self._found + more
