"""Work on what a bucket keeps, whose errors a page shows in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from cqs_backtest.runs import survey
from cqs_core import CqsError, UnknownName

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqs_core import Bucket

_T = TypeVar("_T")


def known(read: Callable[[], _T]) -> _T | UnknownName:
    """The result of a read, or the error for something that does not exist."""
    try:
        return read()
    except UnknownName as error:
        return error


def tried(work: Callable[[], _T]) -> _T | CqsError:
    """The result of some work, or why it was refused."""
    try:
        return work()
    except CqsError as error:
        return error


def name_of_set(sweep: str, number: int) -> str:
    """The name of the run that keeps a set of a sweep; pages find the run by it."""
    return f"{sweep} set {number}"


def run_with_name(bucket: Bucket, name: str) -> str | None:
    """The id of the newest run with this name; None if there is none."""
    return next((str(made["id"]) for made in survey(bucket)[0] if made.get("name") == name), None)
