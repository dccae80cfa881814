"""Checks every incoming candle before it is stored; what fails goes to quarantine with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cqs_core.lake.series_table import candle_table
from cqs_core.time import intervals
from cqs_core.time.clock import BEYOND
from cqs_core.trading.candle_faults import faults

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from cqs_core.trading.candles import Floats, Stamps

FRESH = 10 * intervals.MINUTE  # ms after its end for which an exchange may show a candle late, or still change it


@dataclass(frozen=True)
class Reject:
    """A row that is not stored, or (`jump`, see `jumps`) that is stored and looks wrong.

    Attributes:
        row: `[ts, open, high, low, close, volume]` as it came; NaN became None.
        reason: `not_a_number`, `off_grid`, `outside`, `unfinished`, `price`, `volume`, `inconsistent`, `duplicate`,
            `jump`.
    """

    row: list[float | None]
    reason: str


@dataclass(frozen=True)
class Cleaned:
    """Candles that passed.

    Attributes:
        table: ts, open, high, low, close, volume; ascending, each stamp once.
        rejects: what did not.
    """

    table: pa.Table
    rejects: Sequence[Reject]


def clean(rows: Any, interval: str, start: int, end: int, closed: int) -> Cleaned:
    """Check rows of one answer.

    Args:
        rows: (n, 6) numbers: ts in ms UTC, open, high, low, close, volume; None for a missing one.
        interval: whose grid the stamps must be on.
        start: of the range that was asked, ms UTC.
        end: exclusive.
        closed: candles that open at or after this are not finished, ms UTC.
    """
    given = _array(rows)
    order = np.argsort(given[:, 0], kind="stable")  # NaN stamps come last
    given = given[order]
    reasons = _reasons(given, interval, start, end, closed)
    good = given[reasons == ""]
    rejects = [Reject(_plain(row), str(why)) for row, why in zip(given, reasons, strict=True) if why]
    ts = good[:, 0].astype(np.int64)
    return Cleaned(candle_table(ts, good[:, 1:] + 0.0), rejects)  # -0.0 becomes 0.0


def possible_opens(ts: Floats) -> npt.NDArray[np.bool_]:
    """Which stamps (ms UTC) lie in years that candles can have, 1970 to 2199."""
    return (ts >= 0) & (ts < BEYOND)


def _array(rows: Any) -> Floats:
    array = np.asarray(rows, dtype=np.float64)
    return array.reshape(-1, 6) if array.size == 0 else array


def _reasons(rows: Floats, interval: str, start: int, end: int, closed: int) -> npt.NDArray[np.str_]:
    """The first thing wrong with each row; empty where nothing is."""
    finite = np.isfinite(rows).all(axis=1)
    possible = possible_opens(rows[:, 0])
    ts: Stamps = np.where(finite & possible, rows[:, 0], 0).astype(np.int64)
    opened, high, low, close, volume = rows[:, 1:].T
    with np.errstate(invalid="ignore"):
        tests = {
            "not_a_number": ~finite,
            "off_grid": ~intervals.on_grid(interval, ts) | (ts != rows[:, 0]),
            "unfinished": ts >= closed,
            "outside": (ts < start) | (ts >= end),
            **faults(opened, high, low, close, volume),
        }
    reasons = np.full(len(rows), "", dtype="U12")
    for reason, wrong in reversed(tests.items()):
        reasons[wrong] = reason
    reasons[finite & ~possible] = "outside"
    sound = np.flatnonzero(reasons == "")
    again = sound[1:][np.diff(ts[sound]) == 0]
    reasons[again] = "duplicate"
    return reasons


def _plain(row: Floats) -> list[float | None]:
    return [float(v) if np.isfinite(v) else None for v in row]
