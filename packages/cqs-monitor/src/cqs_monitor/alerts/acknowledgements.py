"""Acknowledged alerts: someone knows of one that fires. It is neither counted nor sent again until it recovers.

alerts/acknowledged/1f0c….json   one object for each, so that two people never overwrite each other's
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from cqs_core import require_operator
from cqs_core.files import format_fields, require_format
from cqs_core.time.clock import now
from cqs_core.time.intervals import DAY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cqs_core import Bucket

FOLDER, FORMAT = "alerts/acknowledged", 1
_LONGEST = 80


@dataclass(frozen=True)
class Acknowledgement:
    """Who acknowledged the alert of a rule for a subject.

    Attributes:
        rule: its name.
        subject: an account, a market, or empty for the whole bot.
        at: ms UTC.
        by: who; empty where no one is logged in.
    """

    rule: str
    subject: str
    at: int
    by: str = ""

    def covers(self, since: int | None, moment: int) -> bool:
        """Whether it is about a violation.

        Args:
            since: when that began, ms UTC; where neither files nor a watcher know, it is believed for a day.
            moment: now, ms UTC.
        """
        return since <= self.at if since is not None else moment < self.at + DAY


def acknowledge(bucket: Bucket, rule: str, subject: str, by: str = "") -> Acknowledgement:
    """Store that someone knows of an alert.

    Raises:
        NotPermitted: the user of a dashboard may only look.
    """
    require_operator("acknowledge alerts")
    known = Acknowledgement(rule, subject, now(), by[:_LONGEST])
    stored = json.dumps(format_fields("cqs-monitor", FORMAT) | asdict(known), ensure_ascii=False)
    bucket.write(_key(rule, subject), stored.encode())
    return known


def withdraw(bucket: Bucket, rule: str, subject: str) -> None:
    """Remove an acknowledgement; there need not be one."""
    require_operator("acknowledge alerts")
    remove(bucket, rule, subject)


def remove(bucket: Bucket, rule: str, subject: str) -> None:
    """As `withdraw`, for the watcher: the alert is over."""
    bucket.delete([_key(rule, subject)])


def acknowledged(bucket: Bucket) -> Mapping[tuple[str, str], Acknowledgement]:
    """All that are stored, by rule and subject; damaged ones are left out.

    Raises:
        BucketError: the bucket does not answer.
        NewerFormat: a newer version wrote one.
    """
    found = (_read(bucket, entry.key) for entry in bucket.list(FOLDER) if entry.key.endswith(".json"))
    return {(one.rule, one.subject): one for one in found if one is not None}


def _read(bucket: Bucket, key: str) -> Acknowledgement | None:
    try:
        value = json.loads(bucket.read(key))
        require_format(repr(key), value, FORMAT, "cqs-monitor")
        return Acknowledgement(str(value["rule"]), str(value["subject"]), int(value["at"]), str(value["by"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _key(rule: str, subject: str) -> str:
    name = hashlib.blake2b(f"{rule}\n{subject}".encode(), digest_size=16).hexdigest()
    return f"{FOLDER}/{name}.json"
