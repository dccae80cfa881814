"""Kept runs as rows of tables, and the search in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from cqs_backtest.luck import lucks
from cqs_backtest.runs import FOLDER, annotations_of, deleted, survey
from cqs_backtest.views.titles import coins_of, dates_of, made_at
from cqs_panel import label, strategy_title, to_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqs_backtest.luck import Luck
    from cqs_backtest.runs import Annotation
    from cqs_core import Bucket, CqsError

_METRICS = ("total_return", "cagr", "mdd", "sharpe", "sortino", "calmar", "volatility", "win_rate", "profit_factor")


class KeptRun(NamedTuple):
    """A run of the library.

    Attributes:
        made: its manifest.
        said: name, note, tags and star.
        luck: how much of its Sharpe ratio may be luck.
        differing: the values of those parameters in which runs of its strategy differ, `Noise ratio 0.4`.
    """

    made: Mapping[str, Any]
    said: Annotation
    luck: Luck
    differing: str

    @property
    def id(self) -> str:
        return str(self.made["id"])

    @property
    def title(self) -> str:
        """The name that the user gave it, else its strategy and what is special about it."""
        strategy = strategy_title(self.made["strategy"]["name"])
        return self.said.name or f"{strategy}, {self.differing}".removesuffix(", ")


class Library(NamedTuple):
    """What a bucket keeps.

    Attributes:
        runs: newest first.
        damaged: errors of runs that cannot be read.
        deleted: ids of deleted runs.
    """

    runs: Sequence[KeptRun]
    damaged: Sequence[CqsError]
    deleted: Sequence[str]


def library(bucket: Bucket) -> Library:
    """All kept runs; reads the bucket."""
    found, damaged = survey(bucket)
    keys = [entry.key for entry in bucket.list(FOLDER)]  # of every file of every run: once
    each = zip(found, annotations_of(bucket, found, keys), lucks(bucket, found), _differing(found), strict=True)
    return Library([KeptRun(*one) for one in each], damaged, deleted(bucket, keys))


def matches(run: KeptRun, words: str, strategy: str, tag: str, *, starred: bool) -> bool:
    """Whether a run is one that the user looks for; every word must be somewhere in its texts."""
    if (starred and not run.said.star) or (tag and tag not in run.said.tags):
        return False
    if strategy and run.made["strategy"]["name"] != strategy:
        return False
    texts = (run.title, run.said.note, *run.said.tags, *run.made["symbols"], run.made["interval"], run.id)
    everything = " ".join([*texts, strategy_title(run.made["strategy"]["name"]), run.differing]).casefold()
    return all(word in everything for word in words.casefold().split())


def row_of(run: KeptRun, zone: str | None) -> dict[str, Any]:
    """The cells of a run; metrics in their own units, times in a zone."""
    made, figures = run.made, run.made["performance"]
    moment = made_at(made, zone)
    return {
        "id": run.id,
        "star": run.said.star,
        "title": run.said.name or strategy_title(made["strategy"]["name"]),
        "strategy": strategy_title(made["strategy"]["name"]),
        "differing": run.differing,
        "symbols": coins_of(made),
        **{name: figures.get(name) for name in _METRICS},
        "deflated": run.luck.short,
        "trials": run.luck.row()["trials"],
        "positions": figures.get("num_trades"),
        "tags": ", ".join(run.said.tags),
        "note": " ".join(run.said.note.split()),
        "made": moment[:10],
        "at": moment,
        "dates": dates_of(made),
        "exchange": made["exchange"],
        "interval": made["interval"],
        "engine": made["engine"],
        "lookahead": str(made["badges"].get("lookahead", "")),
        "parity": str(made["badges"].get("parity", "")),
    }


def _differing(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """By run, the parameters that are not the same in all runs of its strategy."""
    values: dict[tuple[str, str], set[str]] = {}
    for made in found:
        for name, value in made["strategy"]["parameters"].items():
            values.setdefault((made["strategy"]["name"], name), set()).add(to_text(value))
    return [
        ", ".join(
            f"{label(name)} {to_text(value)}"
            for name, value in made["strategy"]["parameters"].items()
            if len(values[made["strategy"]["name"], name]) > 1
        )
        for made in found
    ]
