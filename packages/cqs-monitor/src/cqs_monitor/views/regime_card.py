"""The overview's card of regimes: what the model that was evaluated last says of each market."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

from cqs_core import DataError
from cqs_core.files import NewerFormat
from cqs_core.time.clock import now
from cqs_monitor.models.evaluation.regimes import listing, stored, stretches
from cqs_panel import age, html, percent, section, stack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core import Bucket
    from cqs_panel import PageState

_MOST = 6  # markets
_SECONDS = 60.0
_TONES = {"BULL_TREND": "up", "BEAR_TREND": "down"}
_CSS = """
.row.row{display:flex;gap:4px 12px;flex-wrap:wrap;align-items:baseline;padding:8px 2px;font-size:13px;
  border-bottom:1px solid var(--cqs-line)} .row.row:last-child{border:0}
.row b{flex:1} .row small{flex-basis:100%;font-size:12px;color:var(--cqs-muted)}
.up{color:var(--cqs-up)} .down{color:var(--cqs-down)}
"""


class MarketRegime(NamedTuple):
    """The last known regime of a market.

    Attributes:
        since: ms UTC, the open of the first day of this stretch.
        until: ms UTC, the close of the last day that is known.
        confidence: fraction; None where the model gives none.
    """

    version: str
    exchange: str
    market: str
    regime: str
    since: int
    until: int
    confidence: float | None


def build(page: PageState) -> Any:
    """For `cqs_panel.Card`; hidden where no model was evaluated."""
    text = html("", stylesheets=[_CSS])
    card = section("Regime", text, note="of the model evaluated last", link=page.link("models"))
    shown = stack(card, visible=False)

    def show(found: Sequence[MarketRegime]) -> None:
        text.object = "".join(_row(one, page) for one in found)
        shown.visible = bool(found)

    page.every(_SECONDS, lambda: page.load(lambda: current(page.bucket), show, quiet=True))
    return shown


def current(bucket: Bucket) -> list[MarketRegime]:
    """The regime of each market, from the evaluation that was stored last; damaged ones are left out."""
    newest: dict[tuple[str, str], str] = {}
    for version, exchange, market, _ in listing(bucket):
        newest.setdefault((exchange, market), version)
    found = (_current(bucket, version, *market) for market, version in list(newest.items())[:_MOST])
    return [one for one in found if one is not None]


def _current(bucket: Bucket, version: str, exchange: str, market: str) -> MarketRegime | None:
    try:
        regimes = stored(bucket, version, exchange, market)
    except (DataError, NewerFormat):  # the Models page says so
        return None
    days = None if regimes is None else regimes.days.dropna(subset="regime")
    if days is None or days.empty:
        return None
    name, since, until = stretches(days["regime"])[-1]
    sure = days["confidence"].iloc[-1]
    return MarketRegime(version, exchange, market, name, since, until, None if math.isnan(sure) else float(sure))


def _row(one: MarketRegime, page: PageState) -> str:
    words = one.regime.replace("_", " ").lower()
    sure = f", confidence {percent(100 * one.confidence)}" if one.confidence is not None else ""
    old = f"for {age((one.until - one.since) / 1000)}{sure}; known {age((now() - one.until) / 1000)} ago"
    address = escape(page.link("models", version=one.version))
    return (
        f'<a class="plain row" href="{address}"><b>{escape(one.market)}</b>'
        f'<span class="{_TONES.get(one.regime, "")}">{escape(words)}</span>'
        f"<small>{escape(old)}; {escape(one.version)}</small></a>"
    )
