"""Retries: backoff while an exchange is busy, and one pause for all requests if it says how long to wait."""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING, TypeVar

from cqs_core import ExchangeBusy, ExchangeError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_T = TypeVar("_T")
_LONGEST = 60.0  # seconds between two tries
_SHORTEST = 0.05  # seconds of Retry-After, so that `0` does not make a busy loop
_TOO_LONG = 900.0  # seconds of Retry-After that are too long to wait


class Silent(ExchangeBusy):
    """An exchange that shows no candles, not even those that it showed before: it is in maintenance."""


class RetryPolicy:
    """How often and how long a request to one exchange is repeated.

    Args:
        tries: requests before giving up.
        pause: seconds before the second one, doubled each time.
        longest_separation: seconds, at most, between two empty answers that are believed; default 20 pauses.

    Attributes:
        retries: requests that were repeated.
        silent: whether the exchange stayed silent for the whole wait; after that it is asked only once.
        report: called with what is waited for, and for how long.
    """

    def __init__(self, tries: int = 7, pause: float = 0.5, longest_separation: float | None = None) -> None:
        self.tries = tries
        self.pause = pause
        self.longest_separation = 20 * pause if longest_separation is None else longest_separation
        self.retries = 0
        self.silent = False
        self.report: Callable[[str], None] = lambda _: None
        self._not_before = 0.0

    def separation(self, bars: int) -> float:
        """Seconds between two empty answers about this many bars: the more bars, the longer.

        >>> RetryPolicy().separation(10), RetryPolicy().separation(1000), RetryPolicy().separation(10**6)
        (0.25, 5.2, 10.0)
        """
        return round(min(self.longest_separation, self.longest_separation * (0.02 + 0.0005 * bars)), 9)

    async def ask(self, question: Callable[[], Awaitable[_T]], at_most: int | None = None) -> _T:
        """The answer, asked for until it comes, `tries` times or `at_most`, whichever is less.

        A wait that the exchange asks for does not count as a try, but all waits together take at most a quarter of
        an hour at most.

        Raises:
            ExchangeBusy: it never came.
            ExchangeError: refused, or asked to wait too long.
        """
        tries, waited = 0, 0.0
        while True:
            await asyncio.sleep(max(0.0, self._not_before - time.monotonic()))
            try:
                return await question()
            except ExchangeBusy as error:
                tries += error.wait is None
                waited += error.wait or 0.0
                silent = isinstance(error, Silent)
                if tries >= min(1 if silent and self.silent else self.tries, at_most or self.tries):
                    self.silent |= silent
                    raise
                await self._rest(tries, waited, error)

    async def _rest(self, tries: int, waited: float, error: ExchangeBusy) -> None:
        self.retries += 1
        if error.wait is None:
            jitter = random.uniform(0.5, 1.0)  # noqa: S311 - no secret
            wait = min(_LONGEST, self.pause * 2 ** (tries - 1)) * jitter
            self.report(f"asking again in {wait:.0f} s, {error}")
            await asyncio.sleep(wait)
            return
        if waited > _TOO_LONG:
            raise ExchangeError(f"{error}; it asks to wait {waited / 60:.0f} minutes, try again then") from error
        self.report(f"asking again in {error.wait:.0f} s, {error}")
        self._not_before = max(self._not_before, time.monotonic() + max(error.wait, _SHORTEST))
