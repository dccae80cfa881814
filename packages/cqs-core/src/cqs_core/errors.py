"""Errors of cqs: one root, leaves that also inherit the builtin they resemble.

    CqsError                     exit code 1
    ├── UsageError (ValueError)  exit code 2: what the caller can fix by typing or settings
    │   └── UnknownName (LookupError)
    ├── BucketError (OSError)    storage did not do what it was asked
    │   └── BucketUnavailable    the bucket is not there, or does not answer: nothing else would work either
    ├── DataError (ValueError)   data is damaged, or contradicts itself
    ├── NotPermitted             the user of a dashboard may look, and not do this
    └── ExchangeError (OSError)  an exchange did not answer, or refused
        └── ExchangeBusy         not now: asking again later may help

A message names the thing, the fact and the remedy. Python callers are warned with `DataWarning` of what they might not
expect of data: notes, rejected or flagged rows, bars left out.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class CqsError(Exception):
    """Root of everything that cqs raises on purpose."""

    exit_code = 1


class UsageError(CqsError, ValueError):
    """The request is wrong; nothing was done."""

    exit_code = 2


class UnknownName(UsageError, LookupError):  # noqa: N818 - reads as what it is
    """An unregistered name, with the closest one that exists.

    >>> raise UnknownName("exchange", "upbti", ["binance", "upbit"])
    Traceback (most recent call last):
    cqs_core.errors.UnknownName: unknown exchange 'upbti'; did you mean 'upbit'?
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], remedy: str = "") -> None:
        super().__init__(f"unknown {kind} {name!r}; {_suggestion(str(name), list(known), remedy)}")


class BucketError(CqsError, OSError):
    """The bucket could not be read or written."""


class BucketUnavailable(BucketError):  # noqa: N818 - reads as what it is
    """The bucket is not there, or does not answer: no other request would succeed now."""


class DataError(CqsError, ValueError):
    """Stored or given data is damaged or contradicts itself."""


class NotPermitted(CqsError):  # noqa: N818 - reads as what it is
    """The user who is logged in may not do this, or no user is logged in. Nothing was done."""


class DataWarning(UserWarning):
    """Data are complete, but not as one might expect: bars left out, rows rejected, a short memory of the exchange."""


class ExchangeError(CqsError, OSError):
    """An exchange did not answer, or answered with a refusal."""


class ExchangeBusy(ExchangeError):  # noqa: N818 - reads as what it is
    """Not now: a limit, a time-out, a reset, an answer that makes no sense. Asking again may help.

    Attributes:
        wait: seconds that the exchange asked to wait; None where it did not say.
    """

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


def _suggestion(name: str, known: list[str], remedy: str) -> str:
    folded = {k.casefold(): k for k in known}
    near = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    if near:
        return f"did you mean {folded[near[0]]!r}?"
    if remedy:
        return remedy
    if not known:
        return "none is installed"
    shown = ", ".join(sorted(known)[:12])
    return f"there are: {shown}{', …' if len(known) > 12 else ''}"
