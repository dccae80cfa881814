"""The overview's card of the candles' age, with the button that brings them up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel_material_ui as pmui

from cqs_core import Lake
from cqs_core.time import intervals
from cqs_core.time.clock import now
from cqs_data.availability import stale_bars
from cqs_data.views.arguments import with_endpoint
from cqs_panel import age, count, html, operator_only, section, stack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core import SeriesStatus
    from cqs_panel import PageState

_SECONDS = 60.0
_CSS = """
dl{display:grid;grid-template-columns:1fr auto;gap:8px 12px;margin:0;font-size:13px;font-variant-numeric:tabular-nums}
dt{color:var(--cqs-muted)} dd{margin:0;text-align:right} dd.late{color:var(--cqs-warning);font-weight:600}
"""


def build(page: PageState) -> Any:
    """For `cqs_panel.Card`; hidden where there are no candles."""
    text = html("", stylesheets=[_CSS])
    update = pmui.Button(label="Update all", icon="refresh", variant="outlined", size="small", margin=0)
    operator_only(update)
    card = section("Candles", text, note="how old they are", actions=[update], link=page.link("data"))
    shown = stack(card, visible=False)

    def show(found: Sequence[SeriesStatus]) -> None:
        text.object = age_html(found, now())
        shown.visible = bool(found)

    def start(_: Any) -> None:
        page.start("Update all series", with_endpoint("update"))

    update.on_click(start)
    page.every(_SECONDS, lambda: page.load(lambda: Lake(page.bucket).status(), show, quiet=True))
    page.on_job(lambda _: page.load(lambda: Lake(page.bucket).status(), show, quiet=True))
    return shown


def age_html(found: Sequence[SeriesStatus], moment: int) -> str:
    """Figures over all series; ages are since the close of the newest candle."""
    closed = [intervals.next_open(one.series.interval, one.last) for one in found if one.last is not None]
    late = sum(stale_bars(one, moment) > 0 for one in found)
    ages = [age(max(0, moment - close) / 1000) for close in (max(closed), min(closed))] if closed else ["–", "–"]
    rows = [
        ("Series", count(len(found)), ""),
        ("Newest candle closed", f"{ages[0]} ago", ""),
        ("Oldest end of a series", f"{ages[1]} ago", ""),
        ("Behind the exchange", count(late) if late else "none", "late" if late else ""),
    ]
    lines = (f'<dt>{name}</dt><dd class="{kind}">{value}</dd>' for name, value, kind in rows)
    return f"<dl>{''.join(lines)}</dl>"
