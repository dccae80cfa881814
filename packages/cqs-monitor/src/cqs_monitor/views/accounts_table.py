"""All accounts on the Monitor page, as HTML: a link chooses an account, or the column that they are sorted by."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_core.trading.metrics import WIN_RATE
from cqs_monitor.performance.report import TREND
from cqs_monitor.views import holdings_table
from cqs_panel import UNKNOWN, amount, count, csv_link, percent, sparkline, tone

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt
    import pandas as pd

_MOST = 200
_SHOWN = 8  # rows; more of them scroll
TITLES = {"account": "Account", "total": "All time", "today": "Today", "week": "Week", "month": "Month"}
TITLES |= {"trend": f"{TREND} days"}
TITLES |= {"unrealised": "Unrealized", "value": "Value held", "share": "Share %"}
TITLES |= {"sells": "Sales", "win_rate": f"{WIN_RATE.label} %", "held": "Held", "state": "Positions"}
TITLES |= {"currency": "Currency"}
_LINE = 3  # days a point of a sparkline: many accounts are sent again with each price
_TEXT = ("account", "state", "currency")
_MONEY = ("total", "today", "week", "month", "unrealised")
_OWN = f"""
.wide{{max-height:{34 * (_SHOWN + 1)}px;overflow-y:auto}}
thead th{{position:sticky;top:0;background:var(--cqs-paper)}}
th a,td a{{color:inherit;text-decoration:none}} th a:hover,td a:hover{{color:var(--cqs-accent)}}
tbody tr{{position:relative}} td a::after{{content:"";position:absolute;inset:0}}
tbody tr:hover td,tr.chosen td{{background:var(--cqs-hover)}} td a{{font-weight:600}}
td a:focus-visible{{outline:none}} td a:focus-visible::after{{outline:2px solid var(--cqs-accent);outline-offset:-2px}}
"""
CSS = f"{holdings_table.CSS}{_OWN}"


def accounts_html(accounts: pd.DataFrame, chosen: str, order: str, link: Callable[..., str]) -> str:
    """The table of `Report.accounts`.

    Args:
        accounts: one row an account.
        chosen: name of the account that the page shows; empty for all.
        order: column that they are sorted by, the largest first; another name leaves them in the order of their names.
        link: address of this page with these values changed.
    """
    accounts = _with_shares(accounts)
    known = [name for name in TITLES if name in accounts]
    order = order if order in known and order not in (*_TEXT, "trend") else ""
    rows = accounts.sort_values(order, ascending=False, kind="stable") if order else accounts
    head = "".join(_head(name, order, link) for name in known)
    body = "".join(_row(row, known, chosen, link) for row in rows.head(_MOST).to_dict("records"))
    more = f"<p class='muted'>{len(rows) - _MOST} more; choose one under Account.</p>" if len(rows) > _MOST else ""
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    place = f'<div class="wide" tabindex="0" role="group" aria-label="Accounts">{table}</div>'
    return f"{place}{more}{_link(rows, [name for name in known if name != 'trend'])}"


def _link(rows: pd.DataFrame, known: list[str]) -> str:
    """These columns of all accounts as CSV, with exact figures."""
    exact = rows[known].astype(object).where(rows[known].notna(), None).to_numpy().tolist()
    return csv_link([TITLES[name] for name in known], exact, "accounts.csv")


def _with_shares(accounts: pd.DataFrame) -> pd.DataFrame:
    """Which percent of all that is held each account holds, among those of its currency."""
    if "value" not in accounts or len(accounts) < 2:
        return accounts
    of = accounts["currency"] if "currency" in accounts else accounts["account"].map(lambda _: "")
    total = accounts["value"].groupby(of).transform("sum")
    return accounts.assign(share=(100 * accounts["value"] / total.where(total > 0)).astype(float))


def _head(name: str, order: str, link: Callable[..., str]) -> str:
    title = TITLES[name]
    if name == "trend":
        return f'<th title="Cumulative PnL of the last {TREND} days">{title}</th>'
    if name in _TEXT and name != "account":
        return f'<th class="text">{title}</th>'
    mine = name == order or (name == "account" and not order)
    sort = f' aria-sort="{"ascending" if name == "account" else "descending"}"' if mine else ""
    mark = " ▾" if mine and order else ""
    address = escape(link(order=None if name == "account" else name))
    kind = ' class="text"' if name in _TEXT else ""
    return f'<th{kind}{sort}><a href="{address}" title="Sort by this">{title}{mark}</a></th>'


def _row(row: dict[Any, Any], known: list[str], chosen: str, link: Callable[..., str]) -> str:
    mine = row["account"] == chosen
    address = escape(link(account=None if mine else row["account"]))
    name = escape(row["account"])
    current = ' aria-current="true"' if mine else ""
    first = f'<td class="text"><a href="{address}" title="{name}"{current}>{name}</a></td>'
    cells = "".join(_cell(column, row[column]) for column in known[1:])
    return f'<tr class="{"chosen" if mine else ""}">{first}{cells}</tr>'


def _cell(name: str, value: Any) -> str:
    if name in _TEXT:
        return f'<td class="text">{escape(value)}</td>'
    if name == "trend":
        return _trend(value)
    if np.isnan(value):
        return f"<td>{UNKNOWN}</td>"
    if name in _MONEY:
        return f'<td class="{tone(value) or ""}">{amount(value, signed=True)}</td>'
    if name == "value":
        return f"<td>{amount(value)}</td>"
    whole = name not in ("win_rate", "share")
    return f"<td>{count(int(value)) if whole else percent(value).removesuffix(' %')}</td>"


def _trend(value: npt.NDArray[np.float64]) -> str:
    """A sparkline from the start of the days, with their sum on hover; a dash where nothing was earned or lost."""
    if not value.any():
        return f"<td>{UNKNOWN}</td>"
    points = [0.0, *value[_LINE - 1 :: _LINE].tolist()]
    return f'<td title="{amount(value[-1], signed=True)} in {TREND} days">{sparkline(points)}</td>'
