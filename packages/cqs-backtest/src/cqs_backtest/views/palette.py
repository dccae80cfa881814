"""What the shell offers of backtests: the first step, and what the command palette finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_backtest.runs import FOLDER, annotations_of, survey
from cqs_backtest.search.kept import survey as survey_sweeps
from cqs_backtest.search.store import SweepFolder
from cqs_backtest.views.titles import called, made_at, short_title_of
from cqs_core import settings
from cqs_core.files import one_line
from cqs_panel import Entry, Step, percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cqs_backtest.runs import Annotation
    from cqs_core import Bucket

_LONGEST_NOTE = 200  # characters that the palette gets of a note


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
    found = survey(bucket)[0]
    for made, said in zip(found, annotations_of(bucket, found), strict=True):
        cagr = percent(made["performance"].get("cagr"), signed=True)
        title = _title(called(made, said), f"CAGR {cagr}", made_at(made, settings().timezone))
        yield Entry(title, "run", {"run": str(made["id"])}, note=_note(said))


def sweeps(bucket: Bucket) -> Iterator[Entry]:
    """The way to the form, then each kept sweep, the newest first."""
    yield Entry("Optimize a strategy", "action")
    for kept in survey_sweeps(bucket, [SweepFolder])[0]:
        title = _title(short_title_of(kept.manifest), made_at(kept.manifest, settings().timezone))
        yield Entry(title, "sweep", {"sweep": kept.folder.id})


def _title(*parts: str) -> str:
    return ", ".join(filter(None, parts))


def _note(said: Annotation) -> str:
    """Tags and note in one line."""
    return " ".join([*("★" * said.star), *(f"#{tag}" for tag in said.tags), one_line(said.note, _LONGEST_NOTE)]).strip()
