"""Channels: Apprise URLs of environment, keyring or `.env`, and those of plugins. A URL is a secret and stays here.

`CQS_ALERT_TELEGRAM=tgram://TOKEN/CHAT` is the channel `telegram`. Apprise speaks to
Telegram, Slack, Discord, mail, webhooks …
"""

from __future__ import annotations

import logging
import os
import re
import threading
from typing import TYPE_CHECKING

from cqs_core import AlertChannel, CqsError, UnknownName, UsageError, plugins, require_operator
from cqs_core.files import one_line, variables
from cqs_core.isolation import Escaped, foreign
from cqs_monitor.alerts.keyring_channels import keyring_channels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

PREFIX = "CQS_ALERT_"
PATIENCE = 20.0
"""Seconds that a channel has to take a message."""

_STATUS = re.compile(r"\berror=(\d{3})\b")


class AppriseChannel:
    """A channel behind an Apprise URL; neither its repr nor its errors show the URL.

    Args:
        name: of the channel.
        url: a secret.
        place: where that is kept, for people.
    """

    def __init__(self, name: str, url: str, place: str = "") -> None:
        self.name = name
        self.place = place or f"{PREFIX}{name.upper()}"
        self._url = url

    def __repr__(self) -> str:
        return f"AppriseChannel({self.name!r})"

    def send(self, title: str, text: str) -> None:
        """Deliver.

        Raises:
            CqsError: Apprise does not know such a URL, or the service did not take it.
        """
        import apprise

        _redact_logs()
        service = apprise.Apprise()
        if not service.add(self._url):
            raise UsageError(
                f"channel {self.name!r}: what is in {self.place} is not an Apprise URL such as tgram://TOKEN/CHAT"
            )
        try:
            result = service.notify(title=title, body=text, body_format=apprise.NotifyFormat.TEXT)
            taken, status = bool(result), _status(entry.message for entry in result.logs())
        except Exception:  # noqa: BLE001 - a driver's error may hold the URL: only that there was one is reported
            taken, status = False, ""
        if not taken:
            raise CqsError(f"channel {self.name!r} did not take the message{status}; check {self.place}")


def configured() -> list[AlertChannel]:
    """Channels of the environment, which wins, then of the keyring, then of `.env`."""
    found: dict[str, AppriseChannel] = {}
    for variable, url in variables(PREFIX).items():
        name = variable.removeprefix(PREFIX).lower()
        place = f"{variable}, {'environment' if os.environ.get(variable) else '.env'}"
        found[name] = AppriseChannel(name, url, place)
    for name, url in keyring_channels().urls.items():
        if not os.environ.get(f"{PREFIX}{name.upper()}"):
            found[name] = AppriseChannel(name, url, "keyring")
    return [found[name] for name in sorted(found)]


def channel_places() -> dict[str, str]:
    """Where the secret of each channel is, by name; never the secret."""
    return {name: getattr(channel, "place", "a plugin") for name, channel in sorted(chosen().items())}


def known_channels() -> dict[str, AlertChannel]:
    """Channels of plugins, and those that are configured now."""
    others = [one for one in plugins().channels().values() if not isinstance(one, AppriseChannel)]
    return {channel.name: channel for channel in (*others, *configured())}


def chosen(names: Sequence[str] = ()) -> Mapping[str, AlertChannel]:
    """Channels by name; all of them where none is named.

    Raises:
        UnknownName: one that is not configured.
    """
    known = known_channels()
    for name in names:
        if name not in known:
            raise UnknownName("channel", name, known, remedy=f"set {PREFIX}{name.upper()} to an Apprise URL")
    return {name: known[name] for name in names or known}


def deliver(
    channels: Mapping[str, AlertChannel], title: str, text: str, patience: float = PATIENCE
) -> dict[str, str | None]:
    """Send through each at once; None where it was sent, else why not. No channel waits for another."""
    require_operator("send messages")
    faults: dict[str, str | None] = {}
    threads = {name: _start(name, channel, title, text, faults) for name, channel in channels.items()}
    for thread in threads.values():
        thread.join(patience)
    return {name: faults.get(name, f"channel {name!r} did not answer within {patience:.0f} s") for name in channels}


def _start(name: str, channel: AlertChannel, title: str, text: str, faults: dict[str, str | None]) -> threading.Thread:
    thread = threading.Thread(
        target=_guarded(name, channel, title, text, faults), name=f"cqs-channel-{name}", daemon=True
    )
    thread.start()
    return thread


def _guarded(
    name: str, channel: AlertChannel, title: str, text: str, faults: dict[str, str | None]
) -> Callable[[], None]:
    def run() -> None:
        try:
            with foreign():
                channel.send(title, text)
        except CqsError as error:
            faults[name] = one_line(str(error))
        except Exception as error:  # noqa: BLE001 - a plugin's channel may fail in any way; its message may hold a secret
            raised = error.__cause__ if isinstance(error, Escaped) else error
            faults[name] = f"channel {name!r} failed with {type(raised).__name__}"
        else:
            faults[name] = None

    return run


class _Redacting(logging.Filter):
    """Leaves nothing of a message but an HTTP status: URLs are secrets, and answers may repeat them."""

    def filter(self, record: logging.LogRecord) -> bool:
        status = _STATUS.search(record.getMessage())
        record.msg, record.args, record.exc_info = f"error={status[1]}" if status else "(not shown)", (), None
        return True


_REDACTING = _Redacting()


def _redact_logs() -> None:
    """All handlers see redacted lines."""
    for name in ("apprise", "urllib3.connectionpool", "urllib3.util.retry", "requests"):
        logging.getLogger(name).addFilter(_REDACTING)


def _status(heard: Iterable[str]) -> str:
    """` (HTTP 401)` where Apprise reported one."""
    return next((f" (HTTP {match[1]})" for line in heard if (match := _STATUS.search(line))), "")
