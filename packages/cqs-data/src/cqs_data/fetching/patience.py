"""Asking again: backoff while an exchange is busy, and one pause for all where it says how long."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from cqs_core import ExchangeBusy, ExchangeError

_T = TypeVar("_T")
_LONGEST = 60.0  # seconds between two tries
_TOO_LONG = 900.0  # seconds of Retry-After that nobody should wait through


class Patience:
    """How often and how long one exchange is waited for.

    Args:
        tries: questions before giving up.
        pause: seconds before the second one, doubled each time.

    Attributes:
        retries: questions that were asked again.
        tell: is told what is waited for, and how long.
    """

    def __init__(self, tries: int = 7, pause: float = 0.5) -> None:
        self.tries = tries
        self.pause = pause
        self.retries = 0
        self.tell: Callable[[str], None] = lambda _: None
        self._not_before = 0.0

    async def ask(self, question: Callable[[], Awaitable[_T]]) -> _T:
        """The answer, asked for until it comes.

        Raises:
            ExchangeBusy: it never came.
            ExchangeError: refused, or told to wait for longer than is sensible.
        """
        for n in range(self.tries):
            await asyncio.sleep(max(0.0, self._not_before - time.monotonic()))
            try:
                return await question()
            except ExchangeBusy as error:
                if n + 1 == self.tries:
                    raise
                await self._rest(n, error)
        raise AssertionError("unreachable")

    async def _rest(self, n: int, error: ExchangeBusy) -> None:
        self.retries += 1
        jitter = random.uniform(0.5, 1.0)  # noqa: S311 - no secret
        wait = min(_LONGEST, self.pause * 2**n) * jitter if error.wait is None else error.wait
        if wait > _TOO_LONG:
            raise ExchangeError(f"{error}; it asks to wait {wait / 60:.0f} minutes, try again then") from error
        self.tell(f"asking again in {wait:.0f} s, {error}")
        if error.wait is None:
            await asyncio.sleep(wait)
        else:
            self._not_before = max(self._not_before, time.monotonic() + wait)
