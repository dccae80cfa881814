"""Rows or files of an account are damaged."""

from __future__ import annotations

from pydantic import Field

from cqs_monitor.alerts import AlertKind, Context, Count, Signal, seen_now


class DamagedFile(AlertKind):
    name = "damaged_file"
    about = "damaged rows and files"
    past = "damage has no date"

    over: Count = Field(0.0, title="More than")

    def measure(self, context: Context, subject: str) -> Signal:
        found = context.damage(subject)
        note = f"{found[0].file.rpartition('/')[2]}: {found[0].reason}" if found else ""
        return seen_now(context, len(found), self.over, note)
