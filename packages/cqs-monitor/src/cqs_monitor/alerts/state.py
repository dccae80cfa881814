"""The watcher's state in the bucket: alerts that were sent and have not recovered, and a history by month.

alerts/state.json               one object, written before and after every sending
alerts/history/2026-11.jsonl    one line an event
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from cqs_core.files import format_fields, require_format
from cqs_core.time.clock import iso

if TYPE_CHECKING:
    from cqs_core import Bucket

FORMAT = 1
STATE, HISTORY = "alerts/state.json", "alerts/history"
Delivery = Literal["sending", "sent", "failed", "given up"]


@dataclass
class SentAlert:
    """An alert that was sent and has not recovered.

    Attributes:
        title: as sent, like `text`.
        since: ms UTC, when the violation began; `at` when it was sent.
        channels: state of delivery by channel.
        tries: how often a failed channel was tried.
        again: ms UTC, when it is tried next.
        repeat: whether it was sent again after a crash, so that it may have arrived twice.
        recovered: ms UTC; set while the recovery is not delivered.
    """

    title: str
    text: str
    since: int
    at: int
    rule: str
    subject: str
    severity: str
    channels: dict[str, Delivery] = field(default_factory=dict)
    tries: int = 0
    again: int = 0
    repeat: bool = False
    recovered: int | None = None


@dataclass
class WatcherState:
    """The watcher's state.

    Attributes:
        round: ms UTC of the last round.
        sent: by `Alert.key`; `told` in the file.
        last: when each key was sent last, ms UTC: for the cooldown.
        seen: since when what has no date of its own is seen broken, ms UTC.
    """

    round: int = 0
    sent: dict[str, SentAlert] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)


def remembered(bucket: Bucket) -> WatcherState:
    """The stored state; empty where there is none, or where it is damaged (then alerts are sent again).

    Raises:
        BucketError: the bucket does not answer.
        NewerFormat: a newer version wrote it.
    """
    try:
        value = json.loads(bucket.read(STATE))
        require_format(repr(STATE), value, FORMAT, "cqs-monitor")
        sent = {key: SentAlert(**one) for key, one in value["told"].items()}
        return WatcherState(int(value["round"]), sent, dict(value["last"]), dict(value["seen"]))
    except FileNotFoundError:
        return WatcherState()
    except (ValueError, KeyError, TypeError, AttributeError):
        return WatcherState()


def remember(bucket: Bucket, memory: WatcherState) -> None:
    """Store the state, whole."""
    value = asdict(memory)
    value["told"] = value.pop("sent")
    bucket.write(STATE, json.dumps(format_fields("cqs-monitor", FORMAT) | value, ensure_ascii=False).encode())


def line(event: str, sent: SentAlert, at: int) -> dict[str, Any]:
    """An event as the history and `cqs monitor watch --json` show it.

    Args:
        event: `alert`, `repeat`, `recovery`, `failed`, `again`.
        sent: the alert.
        at: ms UTC, when.
    """
    return {
        "at": iso(at),
        "event": event,
        "rule": sent.rule,
        "account": sent.subject or None,
        "severity": sent.severity,
        "title": sent.title,
        "text": sent.text,
        "since": iso(sent.since),
        "channels": sent.channels,
    }


def record(bucket: Bucket, event: str, sent: SentAlert, at: int) -> None:
    """Add a line to the history of the month."""
    key = f"{HISTORY}/{dt.datetime.fromtimestamp(at / 1000, tz=dt.UTC):%Y-%m}.jsonl"
    try:
        before = bucket.read(key)
    except FileNotFoundError:
        before = b""
    about = {"format": FORMAT} | line(event, sent, at)
    bucket.write(key, before + json.dumps(about, ensure_ascii=False).encode() + b"\n")


def history(bucket: Bucket, limit: int = 200) -> list[dict[str, Any]]:
    """Events, newest first; lines that are not JSON are left out.

    Raises:
        NewerFormat: a newer version wrote a line.
    """
    rows: list[dict[str, Any]] = []
    for entry in sorted(bucket.list(HISTORY), reverse=True):
        if len(rows) >= limit:
            break
        rows += reversed(_lines(entry.key, bucket.read(entry.key)))
    return rows[:limit]


def _lines(key: str, data: bytes) -> list[dict[str, Any]]:
    found = []
    for line in data.splitlines():
        try:
            value = json.loads(line)
            require_format(repr(key), value, FORMAT, "cqs-monitor")
        except (ValueError, AttributeError):
            continue
        value.pop("format", None)
        if {"at", "event", "title", "text", "channels"} <= value.keys():
            found.append(value)
    return found
