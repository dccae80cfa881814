"""A placeholder if there are no logs yet, or they cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqs_panel import empty

if TYPE_CHECKING:
    from cqs_monitor.performance.reader import Reading


def no_logs(reading: Reading, connect: str = "") -> Any:
    """Say which of the two it is: a bucket that is gone is not an empty one.

    Args:
        reading: that has no accounts.
        connect: address of the form that connects a bot, where this is not beside it.
    """
    if reading.error or reading.at is None:
        return empty(
            "The logs cannot be read yet", reading.error or "The bucket has not answered; this page goes on asking."
        )
    advice = "Bots write to logs/{account}/ in this bucket; older ones to bot-logs/. Neither has a file."
    return empty("No bot has logs here", advice, link=("Connect a bot", connect) if connect else None)
