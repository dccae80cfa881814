"""The page of jobs: where there is none, it says so once."""

from __future__ import annotations

from types import SimpleNamespace

from cqs_panel.pages.jobs import JobsPage


class Page:
    """Notes what is called again and again."""

    bucket = SimpleNamespace(url="/no/such/bucket")

    def every(self, seconds, update):
        self.update = update


def test_without_jobs_nothing_is_sent_again():
    shown = JobsPage(page := Page())
    column = shown.__panel__()[0]
    said, changes = list(column), []
    assert "No jobs yet" in said[0].object
    assert not shown.csv.visible  # there is nothing to download
    assert not shown.clear.visible
    column.param.watch(changes.append, "objects")
    page.update()
    assert (list(column), changes) == (said, [])
