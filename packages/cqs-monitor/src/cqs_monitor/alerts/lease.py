"""One watcher per bucket: a lease of numbered objects that expire, created with create-if-absent, so one racer wins.

    alerts/lease/000000000042.json   {"format": 1, "written_by": …, "holder": …, "until": seconds of the epoch}

The highest number counts. A holder renews by creating the next number before its own expires. A watcher that finds it
expired creates the next one, too: of several racers one wins. Clocks must agree to within half of `SECONDS`.
"""

from __future__ import annotations

import json
import os
import platform
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cqs_core import CqsError
from cqs_core.files import format_fields, require_format

if TYPE_CHECKING:
    from cqs_core import Bucket

FORMAT = 1
FOLDER = "alerts/lease"
SECONDS = 90.0


class HeldByAnother(CqsError):  # noqa: N818 - reads as what it is
    """Another watcher has the lease."""


@dataclass
class Lease:
    """The right to watch a bucket.

    Attributes:
        bucket: that is watched.
        seconds: for which a lease holds.
        holder: name of this process, for people.
    """

    bucket: Bucket
    seconds: float = SECONDS
    holder: str = ""
    _number: int = 0
    _until: float = 0.0

    def __post_init__(self) -> None:
        self.holder = self.holder or f"{platform.node()} process {os.getpid()} {secrets.token_hex(4)}"

    def keep(self) -> None:
        """Take the lease, or renew it once half of it is over.

        Raises:
            HeldByAnother: another watcher has it, or was faster.
            NewerFormat: a newer version wrote the last lease.
            BucketError: the bucket does not answer.
        """
        moment = time.time()
        if self._until - moment > self.seconds / 2:
            return
        number, holder, until = self._newest()
        if holder != self.holder and until > moment:
            raise HeldByAnother(
                f"another watcher ({holder}) watches {self.bucket.url!r}; "
                f"end it, or wait {until - moment:.0f} s for its lease to expire"
            )
        if not self.bucket.create(_key(number + 1), self._until_then(moment + self.seconds)):
            raise HeldByAnother(f"another watcher took {self.bucket.url!r} at this moment; one is enough")
        self._number, self._until = number + 1, moment + self.seconds
        self.bucket.delete(_key(old) for old in range(max(1, number - 8), number + 1))

    def give_back(self) -> None:
        """End the lease, so that the next watcher need not wait."""
        if self._number:
            self.bucket.write(_key(self._number), self._until_then(0))
            self._until = 0.0

    def _until_then(self, until: float) -> bytes:
        return json.dumps(format_fields("cqs-monitor", FORMAT) | {"holder": self.holder, "until": until}).encode()

    def _newest(self) -> tuple[int, str, float]:
        return newest(self.bucket, self.seconds)


def newest(bucket: Bucket, seconds: float = SECONDS) -> tuple[int, str, float]:
    """Number, holder and expiry (seconds of the epoch) of the newest lease; zeros if there never was a watcher.

    One that cannot be read counts until it is `seconds` old.

    Raises:
        NewerFormat: a newer version wrote it.
    """
    found = [entry for entry in bucket.list(FOLDER) if entry.key.endswith(".json")]
    if not found:
        return 0, "", 0.0
    last = found[-1]
    number = int(last.key.rpartition("/")[2].removesuffix(".json"))
    try:
        value = json.loads(bucket.read(last.key))
        require_format(repr(last.key), value, FORMAT, "cqs-monitor")
        return number, str(value["holder"]), float(value["until"])
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return number, "unknown", (last.modified or 0.0) + seconds


def _key(number: int) -> str:
    return f"{FOLDER}/{number:012d}.json"
