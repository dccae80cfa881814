"""One rule, as it was written."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping

Severity = Literal["info", "warning", "critical"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")
_SILENCE = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)(?:\s+(\S+))?")


@dataclass(frozen=True)
class Silence:
    """A time of day in which nothing is sent, minutes after midnight; it may cross midnight.

    Attributes:
        zone: IANA name; None is the machine's.
    """

    start: int
    end: int
    zone: str | None = None

    def until(self, ts: int) -> int | None:
        """When the silence ends that holds at `ts` (both ms UTC); None where none does."""
        at = dt.datetime.fromtimestamp(ts / 1000, tz=dt.UTC).astimezone(ZoneInfo(self.zone) if self.zone else None)
        minute = at.hour * 60 + at.minute
        inside = self.start <= minute < self.end if self.start < self.end else not self.end <= minute < self.start
        if not inside:
            return None
        midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
        end = midnight + dt.timedelta(minutes=self.end, days=1 if minute >= self.end else 0)
        return int(end.timestamp() * 1000)


@dataclass(frozen=True)
class Rule:
    """A condition, and how to tell of it.

    Attributes:
        name: unique.
        kind: of `kinds.KINDS`.
        over: threshold in the kind's unit: seconds, KRW, percent, a count, or names.
        accounts: empty for all.
        severity: for people; nothing depends on it.
        hold: seconds that the condition must last.
        cooldown: seconds after an alert in which it is not sent again.
        silence: when nothing is sent.
        channels: by name; empty for all.
        options: what only this kind has, `{"market": …}`.
        line: of the file, where it begins.
    """

    name: str
    kind: str
    over: Any
    accounts: tuple[str, ...] = ()
    severity: Severity = "warning"
    hold: float = 0.0
    cooldown: float = 3600.0
    silence: Silence | None = None
    channels: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    line: int = 0


def read_silence(value: Any) -> Silence:
    """`"23:00-07:00"`, or with a zone: `"23:00-07:00 Asia/Seoul"`.

    Raises:
        ValueError: written otherwise.
    """
    match = _SILENCE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f'is {value!r}; write "23:00-07:00" or "23:00-07:00 Asia/Seoul"')
    start, end = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
    if start == end:
        raise ValueError(f"is {value!r}, which is no time at all, or all of it; use enabled = false instead")
    try:
        return Silence(start, end, ZoneInfo(match[5]).key if match[5] else None)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"names the zone {match[5]!r}; write an IANA name such as Asia/Seoul") from None
