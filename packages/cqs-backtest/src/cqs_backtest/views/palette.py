"""What the shell offers of backtests: the first step, and what the command palette finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqs_backtest.runs import FOLDER, survey
from cqs_backtest.search.kept import survey as survey_sweeps
from cqs_backtest.search.store import SweepFolder
from cqs_backtest.views.titles import made_at, short_title_of
from cqs_core import settings
from cqs_panel import Entry, Step, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cqs_core import Bucket


def first_step(bucket: Bucket) -> Step:
    """Done when there is a run."""
    return Step(
        "Run a first backtest",
        "The form is filled in with a strategy and your candles; the result says how it compares with holding.",
        "Open the form",
        done=bool(bucket.folders(FOLDER)),
    )


def runs(bucket: Bucket) -> Iterator[Entry]:
    """The way to the form, then each kept run, the newest first."""
    yield Entry("Run a backtest", "action")
    for made in survey(bucket)[0]:
        cagr = percent(made["performance"].get("cagr"), signed=True)
        yield Entry(_title(made, f"CAGR {cagr}"), "run", {"run": str(made["id"])})


def sweeps(bucket: Bucket) -> Iterator[Entry]:
    """The way to the form, then each kept sweep, the newest first."""
    yield Entry("Optimize a strategy", "action")
    for kept in survey_sweeps(bucket, [SweepFolder])[0]:
        yield Entry(_title(kept.manifest), "sweep", {"sweep": kept.folder.id})


def _title(made: Mapping[str, Any], *figures: str) -> str:
    return ", ".join(filter(None, (short_title_of(made), *figures, made_at(made, settings().timezone))))
