"""Slows down those who guess: after some failures a name, or an address, has to wait, each time twice as long.

It is kept in memory, for each process, and bounded. A name waits half a minute at most, so that no one can be shut out
by the failures of others for long.
"""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST = 10_000  # names and addresses that are remembered
_FORGOTTEN = 3600.0  # seconds after the last failure
_NAME, _ADDRESS = (5, 30.0), (10, 600.0)  # failures that cost nothing, and the longest wait in seconds


class Throttle:
    """Counts failed logins.

    Args:
        clock: seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()

    def wait(self, name: str, address: str) -> int:
        """Whole seconds until the next attempt; 0 where it may be made now."""
        left = (self._until(key) - self._clock() for key in _keys(name, address))
        return math.ceil(max(0.0, *left))

    def failed(self, name: str, address: str) -> None:
        """Count a failure."""
        now = self._clock()
        for key in _keys(name, address):
            count, _ = self._recent(key)
            self._failures[key] = count + 1, now
            self._failures.move_to_end(key)
        while len(self._failures) > _MOST:
            self._failures.popitem(last=False)

    def succeeded(self, name: str, address: str) -> None:
        """Forget the failures of a name. Those of its address stay: a success must not pay for guesses."""
        of_name, of_address = _keys(name, address)
        self._failures.pop(of_name, None)
        count, last = self._recent(of_address)
        self._failures[of_address] = max(0, count - 1), last  # this attempt was counted when it began

    def _until(self, key: tuple[str, str]) -> float:
        count, last = self._recent(key)
        free, longest = _NAME if key[0] == "name" else _ADDRESS
        return last + min(longest, 2.0 ** min(count - free, 30)) if count >= free else -math.inf

    def _recent(self, key: tuple[str, str]) -> tuple[int, float]:
        count, last = self._failures.get(key, (0, -math.inf))
        return (count, last) if self._clock() - last < _FORGOTTEN else (0, -math.inf)


def _keys(name: str, address: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """A household has 2**64 addresses of IPv6: they count as one."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
        where = str(ipaddress.ip_network(f"{found}/64", strict=False)) if found.version == 6 else str(found)
    except ValueError:
        where = "?"
    return ("name", name.lower()[:64]), ("address", where)
