"""Whether the person for whom code runs may change something. Asked where work starts, not in pages.

A command runs for the owner of its process, who may do everything. A server with a login calls `guard`: from then on
every change needs a user who may make it. A change that no user can be found for is refused.
"""

from __future__ import annotations

import contextlib
from contextvars import ContextVar
from typing import TYPE_CHECKING

from cqs_core.errors import NotPermitted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_OWNER = ContextVar("cqs_owner", default=False)
_refusals: list[Callable[[str], str | None]] = []


def guard(refusal: Callable[[str], str | None]) -> None:
    """Ask this before each change, in all of this process.

    Args:
        refusal: gets what is to be done, `"start a job"`, and returns why it is refused, or None.
    """
    _refusals[:] = [refusal]


def refusal(action: str) -> str | None:
    """Why the current user may not do this; None where it is permitted.

    >>> refusal("start a job") is None
    True
    """
    return None if _OWNER.get() or not _refusals else _refusals[0](action)


def require_operator(action: str) -> None:
    """Refuse a change by someone who may only look. Call it first in whatever changes something.

    Args:
        action: completes "may not …": `"place an order"`.

    Raises:
        NotPermitted: it names the user, the action and the remedy.
    """
    if (why := refusal(action)) is not None:
        raise NotPermitted(why)


@contextlib.contextmanager
def as_owner() -> Iterator[None]:
    """Run the block for the owner of the process: work of the server itself, not of a user."""
    token = _OWNER.set(True)
    try:
        yield
    finally:
        _OWNER.reset(token)
