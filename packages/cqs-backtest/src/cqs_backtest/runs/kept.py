"""Kept runs as results, and as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from cqs_backtest.luck import lucks
from cqs_backtest.metrics.conventions import CONVENTIONS, other_versions
from cqs_backtest.result import Result
from cqs_backtest.runs.annotating import annotations_of
from cqs_backtest.runs.store import listing, read
from cqs_core import Bucket, UsageError
from cqs_core.cli import open_bucket

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from cqs_backtest.runs.annotating import Annotation

_ABOUT = ("id", "name", "tags", "star", "created", "strategy", "symbols", "exchange", "interval", "first", "last")
_BADGES = ("lookahead", "parity", "gaps")


def load(run: str, bucket: Bucket | str | None = None) -> Result:
    """A kept run, by its id or by a beginning of it that no other run has.

    Args:
        run: `20240131T120000-123456-momentum-0a1b2c`, or how that begins.
        bucket: that keeps it; the configured one by default.

    Raises:
        UsageError: it is not text.
        UnknownName: there is none, or several begin so.

    Examples:
        >>> from cqs_backtest import backtest, keep
        >>> from cqs_core.testing.candles import random_candles
        >>> import pandas as pd, tempfile
        >>> made, bucket = random_candles(rows=200), tempfile.TemporaryDirectory()
        >>> index = pd.to_datetime(made.ts, unit="ms", utc=True)
        >>> bars = pd.DataFrame({n: getattr(made, n)[:, 0] for n in ("open", "high", "low", "close", "volume")}, index)
        >>> kept = keep(backtest("buy_and_hold", "BTC", {"BTC": bars}), bucket.name)
        >>> again = load(kept.id[:22], bucket.name)
        >>> again.id == kept.id, again.performance.cagr == kept.performance.cagr
        (True, True)
        >>> bucket.cleanup()
    """
    if not isinstance(run, str):
        raise UsageError(f"{run!r} is not the id of a run; write it as text, such as '20240131T120000'")
    opened = opened_bucket(bucket)
    stored = read(opened, run)
    return Result(stored, id=stored.id, bucket=opened)


class Verification(NamedTuple):
    """Whether a run that was made again is what it was.

    Attributes:
        identical: whether nothing changed.
        because: one line for each thing that did.
    """

    identical: bool
    because: tuple[str, ...]


def verify(run: str, trust: Sequence[str] = (), bucket: Bucket | str | None = None) -> Verification:
    """Make a kept run again and compare.

    Args:
        run: its id, or how that begins.
        trust: `cross.py:SHA256` of each file that may be run, where the code is kept with the run. Read it first: code
            can do what you can.
        bucket: that keeps it; the configured one by default.

    Raises:
        UnknownName: there is no such run.
        UsageError: its code is kept with it, and `trust` does not name all of it; the message says what to add.
    """
    from cqs_backtest.runs.reproducing import verify as made_again

    found = made_again(opened_bucket(bucket), run, trust)
    return Verification(found["verdict"] == "identical", tuple(found["because"]))


def table(bucket: Bucket | str | None = None) -> pd.DataFrame:
    """All kept runs, newest first: request, badges and every metric, in the units of `Result.metrics`.

    `other_versions` names the metrics that do not compare with those of newer runs, because their formula changed.
    `dsr` is the deflated Sharpe ratio, where more than one set was tried; `trials` says how many. `name`, `tags`,
    `note` and `star` are what `annotate` keeps.
    """
    import pandas as pd

    opened = opened_bucket(bucket)
    found = listing(opened)
    each = zip(found, annotations_of(opened, found), lucks(opened, found), strict=True)
    rows = [_row(made, said) | luck.row() for made, said, luck in each]
    columns = [*_ABOUT, *_BADGES, "other_versions", *CONVENTIONS, "dsr", "trials", "note"]
    frame = pd.DataFrame(rows, columns=columns).set_index("id")
    for name in ("created", "first", "last"):
        frame[name] = pd.to_datetime(frame[name], utc=True, format="ISO8601")
    return frame


def opened_bucket(bucket: Bucket | str | None) -> Bucket:
    """The bucket that was given, or the configured one, to read from.

    Raises:
        UsageError: it is not there.
    """
    opened = bucket if isinstance(bucket, Bucket) else open_bucket(bucket)
    opened.check(write=False)
    return opened


def _row(made: dict[str, Any], said: Annotation) -> dict[str, Any]:
    about = {name: made.get(name) for name in _ABOUT}
    badges = {name: made["badges"].get(name) for name in _BADGES}
    joined = {
        "strategy": made["strategy"]["name"],
        "symbols": ",".join(made["symbols"]),
        "name": said.name,
        "tags": ",".join(said.tags),
        "star": said.star,
        "note": said.note,
    }
    return {**about, **joined, **badges, "other_versions": ",".join(other_versions(made)), **made["performance"]}
