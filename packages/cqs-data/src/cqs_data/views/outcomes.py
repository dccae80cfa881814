"""The results of jobs that fetch, update, repair or verify: one line, and a link."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from cqs_core import Series
from cqs_panel import Outcome, count, kept

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core.jobs import Job


def outcome(job: Job) -> Outcome:
    """The result of a finished job."""
    rows = [row for row in job.result if isinstance(row, dict)] if isinstance(job.result, list) else []
    if job.args[:2] == ["data", "verify"]:
        return Outcome(_verified(rows), {}, "Open Data")
    if job.state == "cancelled":
        return Outcome(kept(job), {}, "Open Data")
    shown = next((row for row in rows if row.get("rows")), rows[0] if rows else None)
    series = {"series": str(Series(shown["exchange"], shown["market"], shown["interval"]))} if shown else {}
    return Outcome(summary(rows), series, "Show" if shown else "Open Data")


def summary(rows: Sequence[dict[str, Any]]) -> str:
    """The result of a fetch or an update."""
    if not rows:
        return ""
    failed = [f"{row['exchange']} {row['market']} {row['interval']}: {row['error']}" for row in rows if row["error"]]
    notes = Counter(row["note"] for row in rows if row["note"])
    parts = [f"{count(sum(row['rows'] for row in rows))} new candles in {count(len(rows))} series"]
    parts += failed[:1] + [f"{count(len(failed) - 1)} more failed"] * (len(failed) > 1)
    doubtful = [f"{row['exchange']} {row['market']} {row['interval']}" for row in rows if row.get("doubtful")]
    if doubtful:
        more = f" and {count(len(doubtful) - 1)} more" if len(doubtful) > 1 else ""
        parts.append(f"{doubtful[0]}{more} doubtful: no candles where some are expected, update or fetch again")
    return "; ".join([*parts, *(f"{note} ({count(n)})" for note, n in notes.most_common(2))])


def _verified(rows: Sequence[dict[str, Any]]) -> str:
    damaged = [f"{row['exchange']} {row['market']} {row['interval']}" for row in rows if row.get("problems")]
    if not rows:
        return ""
    if not damaged:
        return f"all {count(len(rows))} series are whole"
    more = f" and {count(len(damaged) - 3)} more" if len(damaged) > 3 else ""
    return f"{count(len(damaged))} of {count(len(rows))} series damaged: {', '.join(damaged[:3])}{more}"
