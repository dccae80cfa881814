"""One line a bot: whether it runs, since when it is silent, and when it last wrote to its logs."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from cqs_core.time.clock import iso
from cqs_panel import CSV_LINK_CSS, UNKNOWN, age, csv_link, when

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cqs_monitor.performance.bot_signs import BotSign

_MOST = 30
CSS = (
    CSV_LINK_CSS
    + """
.bots{display:grid;grid-template-columns:minmax(72px,auto) minmax(72px,1fr) auto;gap:0 16px;font-size:13px}
.bots>*{display:grid;grid-column:1/-1;grid-template-columns:subgrid;align-items:center;padding:7px 4px;
  border-bottom:1px solid var(--cqs-line)}
.bots>:last-child{border-bottom:0}
.bots a{color:inherit;text-decoration:none;border-radius:6px} .bots a:hover{background:var(--cqs-hover)}
.bots .head{font-size:12px;color:var(--cqs-muted)} .bots .muted{color:var(--cqs-muted)}
.bots .name{overflow:hidden;text-overflow:ellipsis;white-space:nowrap;font-weight:600;
  max-width:min(240px,34vw)}
.bots .state{display:flex;flex-wrap:wrap;gap:0 8px;align-items:center;font-variant-numeric:tabular-nums}
.bots .state::before{content:"";width:8px;height:8px;border-radius:50%;background:var(--cqs-muted)}
.bots .alive::before{background:var(--cqs-up)} .bots .silent::before{background:var(--cqs-down)}
.bots .silent{color:var(--cqs-down);font-weight:600}
.bots .log{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
@media(max-width:600px){.bots{gap:0 10px} .bots .state small{flex-basis:100%;padding-left:16px}}
.bots small{font-size:12px;font-weight:400;color:var(--cqs-muted)}
"""
)


def bots_html(signs: Sequence[BotSign], now: int, zone: str | None, link: Callable[[str], str]) -> str:
    """The lines, silent bots first.

    Args:
        signs: of the bots, in their order.
        now: ms UTC.
        zone: of the times that are shown; None is the machine's.
        link: address of an account.
    """
    if not signs:
        return ""
    head = '<div class="head"><span>Account</span><span>State</span><span class="log">Last log</span></div>'
    rows = "".join(_row(one, now, zone, link(one.account)) for one in signs[:_MOST])
    more = f"<div class=muted>and {len(signs) - _MOST} more</div>" if len(signs) > _MOST else ""
    return f'<div class="bots">{head}{rows}{more}</div>{_link(signs)}'


def _link(signs: Sequence[BotSign]) -> str:
    """All bots as CSV; times in UTC."""
    rows = [
        (one.account, one.state, *("" if at is None else iso(at) for at in (one.beat, one.logged)), one.reason)
        for one in signs
    ]
    return csv_link(("Account", "State", "Heartbeat", "Last log", "Reason"), rows, "bots.csv")


def _row(sign: BotSign, now: int, zone: str | None, link: str) -> str:
    logged = UNKNOWN if sign.logged is None else f"{age((now - sign.logged) / 1000)} ago"
    told = "" if sign.logged is None else f' title="{escape(when(sign.logged, zone))}"'
    return (
        f'<a href="{escape(link)}"><span class="name" title="{escape(sign.account)}">{escape(sign.account)}</span>'
        f'<span class="state {sign.state}">{_state(sign, now, zone)}</span><span class="log"{told}>{logged}</span></a>'
    )


def _state(sign: BotSign, now: int, zone: str | None) -> str:
    if sign.beat is None:
        return f"<span>unknown</span><small>{escape(sign.reason)}</small>"
    ago = age((now - sign.beat) / 1000)
    if sign.state == "silent":
        return f"<span>silent for {ago}</span><small>since {escape(when(sign.beat, zone))}</small>"
    return f"<span>alive</span><small>heartbeat {ago} ago</small>"
