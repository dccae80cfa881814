"""Whether each bot runs: one line an account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cqs_monitor.logs.snapshot import Snapshot
    from cqs_monitor.performance.reader import Figures

SILENT_AFTER = 7 * 60_000
"""Milliseconds: a heartbeat is written every 30 s, and may reach a bucket 5 minutes later."""


@dataclass(frozen=True)
class BotSign:
    """The signs of life of one account's bot; times are ms UTC.

    Attributes:
        account: whose.
        state: `unknown` where no heartbeat can be read, and `reason` says why.
        beat: the last heartbeat: its own, or that of the whole bot.
        logged: when a file of the account, other than its heartbeat, last changed; None where the storage does not say.
        reason: empty unless the state is unknown.
    """

    account: str
    state: Literal["alive", "silent", "unknown"]
    beat: int | None
    logged: int | None
    reason: str = ""


def bot_signs(figures: Figures, now: int) -> list[BotSign]:
    """The bots of all accounts, silent ones first, then by name."""
    snapshot = figures.snapshot
    changed = last_changes(figures)
    found = [_sign(snapshot, account, changed.get(account), now) for account in snapshot.accounts]
    return sorted(found, key=lambda one: (one.state != "silent", one.account))


def last_changes(figures: Figures) -> Mapping[str, int | None]:
    """When a file of each account last changed, its heartbeat aside; ms UTC."""
    return figures.once("changed", lambda: changes_in(figures.snapshot))


def changes_in(snapshot: Snapshot) -> Mapping[str, int | None]:
    """The same of a snapshot, looked at anew with each call."""
    changes = dict.fromkeys(snapshot.accounts, 0.0)
    beats = {file.key for _, file in snapshot.layout.heartbeats.values()} if snapshot.layout else set()
    for file in snapshot.files:  # once: they are many
        if file.account in changes and file.key not in beats:
            changes[file.account] = max(changes[file.account], file.modified or 0.0)
    return {account: round(at * 1000) or None for account, at in changes.items()}


def _sign(snapshot: Snapshot, account: str, logged: int | None, now: int) -> BotSign:
    beat = snapshot.heartbeat_of(account)
    if beat.at is None:
        reason = "no heartbeat" if beat.state == "absent" else f"its heartbeat is {beat.state}"
        return BotSign(account, "unknown", None, logged, reason)
    return BotSign(account, "silent" if now - beat.at > SILENT_AFTER else "alive", beat.at, logged)
