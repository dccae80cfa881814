"""The contract of alert channels, which plugins implement."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class AlertChannel(Protocol):
    """Somewhere to send an alert to. Secrets come from the environment, never from the bucket."""

    name: str

    def send(self, title: str, text: str) -> None:
        """Deliver, or raise CqsError with a message that holds no secret."""
        ...
