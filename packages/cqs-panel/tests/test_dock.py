"""The dock tells views of each job that ends, whatever the user does with its card."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cqs_core import jobs
from cqs_core.jobs import Job
from cqs_panel.shell.dock import Dock


@pytest.fixture
def running(tmp_path, monkeypatch):
    """A job that is under way, and `end`, which makes it one that is over."""
    known = [Job("20260101T000000-abcdef01", "Work", [], "running", None, "", None, 1.0, None, None, tmp_path)]
    monkeypatch.setattr(jobs, "listing", lambda *_: list(known))

    def end(state, at):
        known[0] = replace(known[0], state=state, ended=at)
        return known[0]

    return end


def test_a_job_that_is_dismissed_before_the_dock_looks_again_is_told_to_the_views(running):
    """Cancel shows at once that it is over, so it can be dismissed before the next look at all jobs."""
    heard = []
    dock = Dock(lambda: "bucket", [], lambda *_: None, lambda *_: None)
    dock.listen(lambda job: heard.append(job.state))
    dock.update(now=True)
    dock.dismiss(running("cancelled", 9e9))
    dock.update(now=True)
    assert heard == ["cancelled"]
    assert len(dock.__panel__()) == 0
