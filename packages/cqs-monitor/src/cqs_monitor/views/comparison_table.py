"""All positions of a comparison in one table: the strategy's next to the bot's."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any

from cqs_core.time.clock import iso
from cqs_monitor.views import holdings_table
from cqs_panel import UNKNOWN, tone, when

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from cqs_monitor.compare.comparison import BotComparison
    from cqs_monitor.compare.pairing import Pair
    from cqs_monitor.compare.position import Traded

TITLES = {
    "opened": "Opened",
    "symbol": "Symbol",
    "what": "What",
    "rule_pnl": "Strategy PnL",
    "live_pnl": "Bot PnL",
    "entry_bps": "Bought dearer, bp",
    "exit_bps": "Sold cheaper, bp",
    "rule_entry": "Strategy bought",
    "live_entry": "Bot bought",
    "rule_exit": "Strategy sold",
    "live_exit": "Bot sold",
}
_PRICES = ("rule_entry", "live_entry", "rule_exit", "live_exit")
PRICES = dict.fromkeys(_PRICES, "symbol")
NUMBERS = {"entry_bps": "+0.0", "exit_bps": "+0.0"}
SIGNED = {"rule_pnl": 0, "live_pnl": 0}
PAGE = 12
_TEXT = ("opened", "symbol", "what")
_FIRST = (*_TEXT, *SIGNED, *NUMBERS)
FIRST_CSS = f"""{holdings_table.CSS}
.first{{box-sizing:border-box;min-height:{36 * PAGE + 150}px;padding-top:52px}}
.first th{{height:50px;vertical-align:top}}
.first td{{height:36px;padding:0 8px}} .first td a{{color:inherit;text-decoration:none}}
.first tr{{position:relative}} .first a::after{{content:"";position:absolute;inset:0}}
@media(max-width:600px){{.first.first{{padding-top:94px;min-height:{36 * PAGE + 192}px}}
  .first :is(th,td):is(:first-child,:nth-child(n+6)){{display:none}}}}
"""
PHONE = ("symbol", "what", "rule_pnl", "live_pnl")


def key(market: str, at: int) -> str:
    """A position in the address: its market and when it was opened.

    >>> key("BTC/USDT", 1_700_000_000_000)
    'BTC/USDT 2023-11-14T22:13:20'
    """
    return f"{market} {iso(at)[:19]}"


def comparison_frame(comparison: BotComparison, timezone: str | None, *, differing: bool = False) -> pd.DataFrame:
    """One row a position, the newest first; `at` is when it was opened, ms UTC.

    Args:
        comparison: to show.
        timezone: of the times.
        differing: leave out positions without differences.
    """
    import pandas as pd

    pairing = comparison.pairing
    rows = [_pair(pair) for pair in pairing.matched if pair.differs or not differing]
    rows += [_row(one, None, "missed") for one in pairing.missed]
    rows += [_row(None, one, "extra") for one in pairing.extra]
    rows.sort(key=lambda row: -row["at"])
    days = comparison.request.setup.interval in ("1d", "1w", "1M")
    opened = [when(row["at"], "UTC" if days else timezone)[: 10 if days else None] for row in rows]
    told = [{"opened": at, **row} for at, row in zip(opened, rows, strict=True)]
    frame = pd.DataFrame(told, columns=[*TITLES, "at"])
    return frame.astype(dict.fromkeys([*NUMBERS, *SIGNED, *_PRICES], float))


def first_rows_html(frame: pd.DataFrame, link: Callable[[str], str]) -> str:
    """The first page of the table as text, until there is the table itself; a row leads where a click on it does.

    Args:
        frame: as of `comparison_frame`.
        link: address of a position, by its key.
    """
    head = "".join(f"<th{' class=text' if name in _TEXT else ''}>{TITLES[name]}</th>" for name in _FIRST)
    body = "".join(_row_html(row, link) for row in frame.head(PAGE).to_dict("records"))
    return f'<div class="first wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _row_html(row: dict[Any, Any], link: Callable[[str], str]) -> str:
    address = escape(link(key(row["symbol"], row["at"])))
    texts = [f"<td class=text>{escape(row[name])}</td>" for name in _TEXT]
    texts[1] = f'<td class=text><a href="{address}">{escape(row["symbol"])}</a></td>'
    money = [f'<td class="{tone(row[name]) or ""}">{_figure(row[name], "+,.0f")}</td>' for name in SIGNED]
    numbers = [f"<td>{_figure(row[name], '+.1f')}</td>" for name in NUMBERS]
    return f"<tr>{''.join([*texts, *money, *numbers])}</tr>"


def _figure(value: float, how: str) -> str:
    return UNKNOWN if math.isnan(value) else format(value, how)


def _pair(pair: Pair) -> dict[str, Any]:
    row = _row(pair.expected, pair.live, ", ".join(pair.differs) or "as expected")
    return row | {"entry_bps": pair.entry_bps, "exit_bps": pair.exit_bps}


def _row(expected: Traded | None, live: Traded | None, what: str) -> dict[str, Any]:
    one = expected or live
    assert one is not None
    return {
        "at": one.entry_at,
        "symbol": one.market,
        "what": what,
        "entry_bps": None,
        "exit_bps": None,
        **_side("rule", expected),
        **_side("live", live),
    }


def _side(name: str, one: Traded | None) -> dict[str, float | None]:
    return {
        f"{name}_entry": one.entry_price if one else None,
        f"{name}_exit": one.exit_price if one and one.exit_at is not None else None,
        f"{name}_pnl": one.gross - one.fees if one else None,
    }
