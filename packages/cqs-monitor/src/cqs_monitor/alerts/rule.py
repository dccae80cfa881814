"""One rule, as it was written."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SkipValidation

from cqs_monitor.alerts.fields import Duration, Names, Text, read_names
from cqs_monitor.alerts.kind import AlertKind

Severity = Literal["info", "warning", "critical"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")
_SILENCE = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)(?:\s+(\S+))?")


_YEARS = range(1970, 2200)


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


def read_silence(value: Any) -> Silence:
    """`"23:00-07:00"`, or with a zone: `"23:00-07:00 Europe/Berlin"`.

    Raises:
        ValueError: written otherwise.
    """
    match = _SILENCE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f'is {value!r}; write "23:00-07:00" or "23:00-07:00 Europe/Berlin"')
    start, end = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
    if start == end:
        raise ValueError(f"is {value!r}, which is either an empty time or the whole day; use enabled = false instead")
    try:
        return Silence(start, end, ZoneInfo(match[5]).key if match[5] else None)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = (difflib.get_close_matches(match[5], available_timezones(), n=1) or ["Europe/Berlin"])[0]
        raise ValueError(f"names the zone {match[5]!r}; write an IANA name such as {near}") from None


def read_moment(value: Any) -> int:
    """A time with its offset, as TOML has it or as text: ms UTC.

    Raises:
        ValueError: it is not a time, or has no offset.
    """
    try:
        at = dt.datetime.fromisoformat(value.strip()) if isinstance(value, str) else value
    except ValueError:
        at = None
    if not isinstance(at, dt.datetime) or at.tzinfo is None or at.year not in _YEARS:
        raise ValueError(f"is {str(value)!r}; write a time with its offset, such as 2026-12-01T09:00:00+09:00")
    return int(at.timestamp() * 1000)


def _read_accounts(value: Any) -> tuple[str, ...]:
    names = read_names(value)
    return () if "*" in names else names


def _read_severity(value: Any) -> Any:
    if value not in SEVERITIES:
        raise ValueError(f"is {value!r}; write {', '.join(SEVERITIES)}")
    return value


def _read_enabled(value: Any) -> Any:
    if not isinstance(value, bool):
        raise ValueError(f"is {value!r}; write true or false")  # noqa: TRY004 - the file is wrong, not the caller
    return value


def _read_name(value: Any) -> Any:
    if not isinstance(value, str) or not value:
        raise ValueError(f"is {value!r}; write a text")
    return value


class Rule(BaseModel):
    """A condition, and how it is sent. Aliases are what the file calls the fields.

    Attributes:
        name: unique.
        condition: the kind, with its threshold and options.
        accounts: empty for all.
        severity: for people; nothing depends on it.
        hold: seconds that the condition must last.
        cooldown: seconds after an alert in which it is not sent again.
        silence: a time of day in which nothing is sent.
        silenced_until: when someone's silence ends, ms UTC; before that nothing is sent.
        silenced_by: who that was.
        channels: by name; empty for all.
        enabled: whether the rule is in force.
        line: of the file, where it begins.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, BeforeValidator(_read_name)] = Field(title="Name")
    condition: SkipValidation[AlertKind]
    accounts: Annotated[tuple[str, ...], BeforeValidator(_read_accounts)] = Field((), alias="account", title="Accounts")
    severity: Annotated[Severity, BeforeValidator(_read_severity)] = Field("warning", title="Severity")
    hold: Duration = Field(0.0, alias="for", title="Must last for")
    cooldown: Duration = Field(3600.0, title="Not sent again for")
    silence: Annotated[Silence | None, BeforeValidator(read_silence)] = Field(None, title="Nothing is sent during")
    silenced_until: Annotated[int | None, BeforeValidator(read_moment)] = Field(None, title="Silenced until")
    silenced_by: Text = Field("", title="Silenced by")
    channels: Names = Field((), title="Channels")
    enabled: Annotated[bool, BeforeValidator(_read_enabled)] = Field(default=True, title="In force")
    line: int = 0

    @property
    def kind(self) -> str:
        return self.condition.name

    def silent_until(self, ts: int) -> int | None:
        """When the silence ends that holds at `ts` (both ms UTC); None where nothing is silent."""
        daily = self.silence.until(ts) if self.silence is not None else None
        once = self.silenced_until if self.silenced_until is not None and ts < self.silenced_until else None
        return max((end for end in (daily, once) if end is not None), default=None)

    def unsilenced(self) -> Rule:
        """The rule as it is without someone's silence, of which nothing says when it began."""
        return self.model_copy(update={"silenced_until": None, "silenced_by": ""})

    @property
    def over(self) -> Any:
        """The threshold: seconds, money, percent, a count, or names."""
        return self.condition.over


WRITTEN = [field.alias or name for name, field in Rule.model_fields.items() if name not in ("condition", "line")]
"""Fields of every rule, as the file calls them, besides `kind` and `over`."""
