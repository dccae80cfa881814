"""A rule is silenced until a time: two fields of it in `config/alerts.toml`, which ends by itself."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from cqs_core import UnknownName, UsageError, require_operator
from cqs_core.time.clock import BEYOND, iso, now
from cqs_monitor.alerts.rule_reader import KEY
from cqs_monitor.alerts.rule_text import change_rule, rule_blocks
from cqs_monitor.alerts.rules_file import read_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from cqs_core import Bucket

LONGEST_NAME = 80


def silence_fields(until: int | None, by: str = "", zone: ZoneInfo | None = None) -> Mapping[str, Any]:
    """The fields of a rule that is silenced, as TOML has them.

    Args:
        until: ms UTC; None ends a silence.
        by: who silences it; empty where no one is known.
        zone: in which the time is written; None is the machine's.

    Raises:
        UsageError: the time has passed.
    """
    if until is None:
        return {"silenced_until": None, "silenced_by": None}
    if until <= now():
        raise UsageError(f"{iso(until)} has passed; choose a later time")
    if until >= BEYOND:
        raise UsageError("a silence ends before the year 2200; set `enabled = false` to switch a rule off")
    at = dt.datetime.fromtimestamp(until // 1000, tz=dt.UTC).astimezone(zone)
    return {"silenced_until": at, "silenced_by": by[:LONGEST_NAME] or None}


def silence_rule(bucket: Bucket, name: str, until: int | None, by: str = "") -> None:
    """Silence a rule of the bucket, or end its silence; comments and other rules stay as they are.

    Args:
        bucket: with the rules.
        name: of the rule.
        until: ms UTC; None ends it.
        by: who silences it.

    Raises:
        UnknownName: there is no such rule.
        UsageError: the time has passed.
        NotPermitted: the user of a dashboard may only look.
    """
    require_operator("silence alert rules")
    text, _ = read_text(bucket)
    blocks = [block for block in rule_blocks(text) if block.fields is not None]
    block = next((one for one in blocks if one.name == name), None)
    if block is None:
        raise UnknownName("rule", name, [one.name for one in blocks], remedy=f"write one into {KEY}")
    bucket.write(KEY, change_rule(text, block, silence_fields(until, by)).encode())
