"""Tables and columns that a query sees, and queries to begin with."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any

from cqs_core import FIELDS, Series, plugins
from cqs_panel import html

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CANDLES = {
    **dict.fromkeys(Series._fields, "varchar"),
    "ts": "timestamptz",
    **dict.fromkeys(FIELDS, "double"),
}
_EXAMPLES = {
    "Newest candle of each series": """\
select exchange, market, "interval", max(ts) as newest, count(*) as candles
from candles
group by all
order by newest desc""",
    "Close by day": """\
select ts, close
from candles
where market = (select min(market) from candles) and "interval" = '1d'
order by ts""",
    "Mean return by weekday": """\
select dayname(ts) as weekday, round(100 * avg(close / open - 1), 3) as mean_return_pct, count(*) as days
from candles
where "interval" = '1d'
group by weekday, dayofweek(ts)
order by dayofweek(ts)""",
    "Volatility by month": """\
select market, date_trunc('month', ts) as month, round(100 * stddev(close / open - 1), 2) as daily_volatility_pct
from candles
where "interval" = '1d'
group by all
order by market, month""",
    "Best runs": """\
select name, strategy, symbols, cagr, sharpe, mdd, num_trades
from runs
order by sharpe desc
limit 20""",
    "Trades of runs by reason": """\
select reason, count(*) as trades, round(avg(return_pct), 2) as mean_return_pct, round(sum(pnl)) as pnl
from run_trades
group by reason
order by trades desc""",
    "Profit of bots by day": """\
select date, account, sum(profit) as profit
from bot_trades
group by all
order by date, account""",
}
_CSS = """
details{border-bottom:1px solid var(--cqs-line);font-size:13px} details:last-child{border-bottom:0}
summary{cursor:pointer;padding:7px 2px;overflow-wrap:anywhere} summary code{font-weight:600}
summary span,dd{color:var(--cqs-muted);font-size:12px}
dl{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:3px 10px;margin:0 0 10px 16px}
dt{font:12px var(--cqs-mono);overflow-wrap:anywhere} dd{margin:0}
"""


def examples() -> dict[str, str]:
    """Queries by title, of tables that there are."""
    there = {"candles", *plugins().tables()}
    return {title: query for title, query in _EXAMPLES.items() if set(re.findall(r"\bfrom (\w+)", query)) <= there}


def catalog_pane() -> Any:
    """All tables, each with its columns folded below."""
    return html("".join(_tables()), stylesheets=[_CSS])


def _tables() -> Iterator[str]:
    yield _table("candles", CANDLES, "One candle; ts is its open, in UTC. Volume is in the base currency.")
    for name, table in sorted(plugins().tables().items()):
        yield _table(name, table.columns, table.doc)


def _table(name: str, columns: Mapping[str, str], doc: str) -> str:
    rows = "".join(f"<dt>{escape(column)}</dt><dd>{escape(kind)}</dd>" for column, kind in columns.items())
    about = f"<summary><code>{escape(name)}</code> <span>{escape(doc)}</span></summary>"
    return f"<details>{about}<dl>{rows}</dl></details>"
