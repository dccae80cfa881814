"""The badges of a run in sentences: look-ahead first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Note(NamedTuple):
    """A sentence about a run, and how bad it is: `bad`, `care` or `good`."""

    level: str
    text: str


def notes(badges: Mapping[str, Any]) -> list[Note]:
    """All that a reader of the results should know; problems come first."""
    found = [*_lookahead(badges), *_engines(badges), *_source(badges), *_candles(badges)]
    return sorted(found, key=lambda note: ("bad", "care", "good").index(note.level))


def data_notes(badges: Mapping[str, Any]) -> list[str]:
    """Gaps of the candles or features, in sentences."""
    stale = [
        f"{row['symbol']} has no candles since {row['since'][:16]}; {row['share']:.1%} of equity"
        for row in badges.get("stale", ())
    ]
    return [*stale, *(row["note"] for row in badges.get("left_out", ())), *badges.get("features", ())]


def _lookahead(badges: Mapping[str, Any]) -> Iterator[Note]:
    state, where = badges["lookahead"], badges.get("lookahead_where")
    if state == "ok":
        yield Note("good", "Look-ahead: none found")
    elif state == "peeks":
        yield Note("bad", f"Look-ahead: the strategy uses what it cannot know yet. {where}")
    else:
        yield Note("care", f"Look-ahead {state}: {where}" if where else f"Look-ahead {state}")


def _engines(badges: Mapping[str, Any]) -> Iterator[Note]:
    if badges["parity"] == "ok":
        yield Note("good", "Both engines agree")
    elif badges["parity"] == "differs":
        yield Note("bad", f"The engines differ: {badges.get('parity_where')}")


def _source(badges: Mapping[str, Any]) -> Iterator[Note]:
    if text := badges.get("source_incomplete"):
        yield Note("care", f"Source incomplete: {'; '.join(text)}")


def _candles(badges: Mapping[str, Any]) -> Iterator[Note]:
    if badges["gaps"]:
        yield Note("care", f"{badges['gaps']:,} trades next to missing bars, with a PnL of {badges['gaps_pnl']:,.0f}")
    if badges.get("no_volume_fills"):
        yield Note("care", f"{badges['no_volume_fills']:,} fills in bars in which nothing was traded")
    for text in data_notes(badges):
        yield Note("care", text)
