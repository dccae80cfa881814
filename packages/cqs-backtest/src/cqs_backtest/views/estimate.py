"""How many sets a search has, and how long it takes, before it starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from cqs_core import CqsError
from cqs_panel import age

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core import Bucket


@dataclass(frozen=True)
class Estimate:
    """What a search will cost.

    Attributes:
        sets: how many.
        seconds: on this machine, as measured with a few of them; None if they were not run.
        error: why it cannot start; empty if it can.
    """

    sets: int = 0
    seconds: float | None = None
    error: str = ""

    @property
    def asks(self) -> bool:
        """Whether the user is asked before it starts."""
        from cqs_backtest.commands.sweep import ASK_SECONDS, ASK_SETS

        return self.sets > ASK_SETS or (self.seconds or 0) > ASK_SECONDS

    @property
    def text(self) -> str:
        """In a line.

        >>> Estimate(90, 2.2).text, Estimate(1, 7_300.0).text, Estimate(5).text
        ('90 sets, about 2 s', '1 set, about 2 h 2 min', '5 sets')
        """
        if self.error:
            return self.error
        sets = "1 set" if self.sets == 1 else f"{self.sets:,} sets"
        return sets if self.seconds is None else f"{sets}, about {age(max(1.0, self.seconds))}"


def estimate(bucket: Bucket, arguments: Sequence[str]) -> Estimate:
    """Count the sets of a search, and run a few of them; it writes nothing. To be called in a thread.

    Args:
        bucket: with the lake.
        arguments: of `cqs`, `["backtest", "sweep", …]`.
    """
    from dataclasses import replace

    from cqs_backtest.commands.executor_options import executor_of
    from cqs_backtest.commands.request_options import with_features
    from cqs_backtest.commands.sweep import make_sweep, sweep
    from cqs_backtest.search.sweep import SweepJob

    sets = 0
    try:
        options = dict(sweep.make_context("sweep", [*arguments[2:]]).params)
        for name in ("bucket", "as_json", "resume", "yes"):
            options.pop(name, None)
        asked, own = make_sweep(bucket.url, options)
        sets = len(asked.space())
        asked = replace(asked, request=with_features(asked.request, own["features"], bucket))
        with executor_of(own) as executor:  # it starts no process before sets run
            return Estimate(sets, SweepJob(asked, bucket, executor=executor).measure())
    except CqsError as error:
        return Estimate(sets, error=str(error))
    except click.ClickException as error:
        return Estimate(sets, error=error.format_message())
