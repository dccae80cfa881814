"""A shell without a server: what is loaded is there at once, and timers go when the test says so."""

from __future__ import annotations

from types import SimpleNamespace


class InstantShell:
    """What views ask for, kept: `said`, `faults`, `jobs` (calls), `ending` (calls)."""

    settings, demo = SimpleNamespace(endpoint=None, timezone="UTC"), False

    def __init__(self, bucket):
        self.bucket = bucket
        self.said, self.faults, self.jobs, self.ending, self.timers = [], [], [], [], []

    def spawn(self, page, work, show, *, quiet):
        show(work())

    def every(self, page, seconds, update):
        self.timers.append(update)

    def tick(self):
        for update in self.timers:
            update()

    def on_job(self, page, call):
        self.jobs.append(call)

    def at_end(self, page, call):
        self.ending.append(call)

    def say(self, text):
        self.said.append(text)

    def fail(self, page, where, error):
        self.faults.append((where, error))

    def address(self, page):
        """It is written."""
