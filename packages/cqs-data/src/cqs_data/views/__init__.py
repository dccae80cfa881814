"""The pages of cqs-data; light, so that the hook may import it at every start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_panel import Card, LiveFeed, View

if TYPE_CHECKING:
    from cqs_core.jobs import Job
    from cqs_panel import Outcome

__all__ = ["CARDS", "FEEDS", "VIEWS"]


def _outcome(job: Job) -> Outcome | None:
    if job.args[:1] not in (["fetch"], ["update"], ["data"]):
        return None
    from cqs_data.views.outcomes import outcome

    return outcome(job)


VIEWS = [
    View(
        slug="data",
        title="Data",
        icon="storage",
        order=20,
        build=f"{__name__}.data:DataView",
        outcome=_outcome,
        first_step=f"{__name__}.palette:first_step",
        entries=f"{__name__}.palette:entries",
    ),
    View(slug="sql", title="SQL", icon="terminal", order=45, build=f"{__name__}.sql.page:SqlView"),
]


CARDS = [
    Card(name="data.prices", title="", order=20, build=f"{__name__}.price_cards:prices", width=8),
    Card(name="data.chart", title="", order=30, build=f"{__name__}.price_cards:chart", width=8, rows=2),
    Card(name="data.watchlist", title="", order=27, build=f"{__name__}.watchlist:build", width=12),
    Card(name="data.age", title="", order=25, build=f"{__name__}.age_card:build", width=4),
]

FEEDS = [LiveFeed(name="exchange", obstacle=f"{__name__}.live:obstacle_of", join="cqs_data.feeds:join")]
