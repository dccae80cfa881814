"""What fetch, update and repair tell in the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from cqs_core.cli import emit

if TYPE_CHECKING:
    from cqs_core import Lake
    from cqs_data.fetching import Fetched


def report(lake: Lake, done: Sequence[Fetched], as_json: bool) -> int:
    """Publish what is the neighbours', print what became of each series; 1 where one failed."""
    lake.publish(one.series for one in done if one.rows)
    emit([_row(one) for one in done], as_json, lambda: _table(done))
    return 1 if any(one.error for one in done) else 0


def _row(one: Fetched) -> dict[str, Any]:
    return {
        **one.series._asdict(),
        "rows": one.rows,
        "rejected": one.rejected,
        "flagged": one.flagged,
        "source": one.source,
        "error": str(one.error) if one.error else None,
        "note": one.note or None,
    }


def _table(done: Sequence[Fetched]) -> None:
    for one in done:
        marked = " from an endpoint" if one.source == "endpoint" else ""
        counts = {"rejected": one.rejected, "kept though they jump": one.flagged}
        apart = "".join(f", {n:,} {what} (see data/quarantine)" for what, n in counts.items() if n)
        note = f"; {one.note}" if one.note else ""
        click.echo(f"{one.series}: {one.rows:,} new candles{marked}{apart}{note}")
    for one in done:
        if one.error:
            click.echo(f"cqs: {one.series} is not complete: {one.error}", err=True)
    failed = sum(one.error is not None for one in done)
    rows = sum(one.rows for one in done)
    click.echo(f"{rows:,} new candles in {len(done)} series{f', {failed} failed' if failed else ''}")
