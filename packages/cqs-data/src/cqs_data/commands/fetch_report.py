"""The final report of fetch, update and repair."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from cqs_core import CqsError, UsageError
from cqs_core.cli import emit, say
from cqs_core.files import safe
from cqs_core.time import clock, intervals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core import Lake
    from cqs_data.fetching import Doubt, Fetched

STOPPED = "stopped; all answers so far are stored, and the same command continues"


def report(lake: Lake, done: Sequence[Fetched], as_json: bool, endpoint: str | None) -> int:
    """Publish the files for other programs, print the result of each series; 1 if one failed or is doubtful.

    Args:
        lake: where candles went.
        done: what became of each series.
        as_json: whether for machines.
        endpoint: that was asked, if one was.

    Raises:
        UsageError: every series was left alone, since it is of another source.
        BucketUnavailable: the bucket is gone, so nothing can be said to be stored.
    """
    unpublished, notes = finish(lake, done, endpoint)
    for line in (*unpublished, *notes):
        click.echo(safe(f"cqs: {line}"), err=True)
    emit(rows_of(done), as_json, lambda: _table(done, endpoint))
    for line in () if as_json else faults(done):  # the JSON has them
        click.echo(safe(f"cqs: {line}"), err=True)
    return 1 if any(one.error or one.doubtful for one in done) or unpublished else 0


def finish(lake: Lake, done: Sequence[Fetched], endpoint: str | None) -> tuple[list[str], list[str]]:
    """Publish the files for other programs; what could not be, since candles are damaged, and notes.

    Raises:
        UsageError: every series was left alone, since it is of another source.
        BucketUnavailable: the bucket is gone, so nothing can be said to be stored.
    """
    lake.bucket.check()
    left = [one for one in done if _left_alone(one, endpoint)]
    if left and len(left) == len(done):
        why = "of the real exchange; leave --endpoint and CQS_ENDPOINT out" if endpoint else left[0].note
        raise UsageError(f"nothing was asked for: {_all(len(left))} {why}")
    return _publish(lake, done)


def faults(done: Sequence[Fetched]) -> list[str]:
    """Problems and doubts; one line for all series of an exchange that failed alike."""
    alike: dict[tuple[str, str], list[Fetched]] = {}
    for one in done:
        if one.error:
            alike.setdefault((one.series.exchange, _without_names(one)), []).append(one)
    lines = []
    for (exchange, _), some in alike.items():
        who = f"{some[0].series} is" if len(some) == 1 else f"{len(some):,} series of {exchange} are"
        such = "" if len(some) == 1 else f" (as {some[0].series})"
        lines.append(f"{who} not complete: {some[0].error}{such}")
    return lines + [doubt.description(one.series) for one in done for doubt in one.doubtful]


def _without_names(one: Fetched) -> str:
    """The error, so that it compares with those of other series."""
    text = str(one.error)
    for name in (str(one.series), one.series.market, one.series.market.replace("/", "")):
        text = text.replace(name, "*")
    return re.sub(r"\d+", "0", re.sub(r"'[^']*/[^']*'", "*", text))  # without paths: objects of a series have its name


def rows_of(done: Sequence[Fetched]) -> list[dict[str, Any]]:
    """For machines."""
    return [_row(one) for one in done]


def _publish(lake: Lake, done: Sequence[Fetched]) -> tuple[list[str], list[str]]:
    """Faults, and notes: days that cannot be derived do not fail a fetch."""
    try:
        written = lake.publish(one.series for one in done if one.rows)
    except UsageError as error:
        return [], [f"not published: {error}"]
    except CqsError as error:
        return [f"not published: {error}"], []
    return [], [one.note for one in written if one.note]


def counted(n: int, what: str) -> str:
    """A number with its noun.

    >>> counted(1, "candle"), counted(1234, "candle")
    ('1 candle', '1,234 candles')
    """
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"


def _all(n: int) -> str:
    return "the only series is" if n == 1 else f"all {n:,} series are"


def _left_alone(one: Fetched, endpoint: str | None) -> bool:
    """Whether its candles are of another source than the one that was asked."""
    return one.source != ("endpoint" if endpoint else "exchange")


def _row(one: Fetched) -> dict[str, Any]:
    return {
        **one.series._asdict(),
        "rows": one.rows,
        "rejected": one.rejected,
        "flagged": one.flagged,
        "source": one.source,
        "error": str(one.error) if one.error else None,
        "note": one.note or None,
        "history": one.history,
        "doubtful": [_doubt_row(one.series.interval, doubt) for doubt in one.doubtful],
    }


def _doubt_row(interval: str, doubt: Doubt) -> dict[str, Any]:
    bars = intervals.count(interval, doubt.start, doubt.end)
    return {"start": clock.iso(doubt.start), "end": clock.iso(doubt.end), "bars": bars, "why": doubt.why}


def _table(done: Sequence[Fetched], endpoint: str | None) -> None:
    rows, failed = sum(one.rows for one in done), sum(one.error is not None for one in done)
    failures = f", {failed:,} failed" if failed else ""
    doubtful = sum(bool(one.doubtful) for one in done)
    failures += f", {doubtful:,} doubtful" if doubtful else ""
    say([series_line(one, endpoint) for one in done])
    say([f"{counted(rows, 'new candle')} in {len(done):,} series{failures}"])


def series_line(one: Fetched, endpoint: str | None) -> str:
    if _left_alone(one, endpoint):
        return f"{one.series}: left alone, it is {one.note}"
    marked = " from an endpoint" if one.source == "endpoint" else ""
    counts = {"rejected": one.rejected, "kept though they jump": one.flagged}
    refused = "".join(f", {n:,} {what} (see data/quarantine)" for what, n in counts.items() if n)
    note = f"; {one.note}" if one.note else ""
    return f"{one.series}: {counted(one.rows, 'new candle')}{marked}{refused}{note}"
