"""Logs of another bot, for tests: trades in USDT by UTC days, one line for each fill, with columns of its own."""

from __future__ import annotations

import csv
import datetime as dt
import json

from cqs_core import LogFormat, LoggedPosition, LoggedTrade, hookimpl, plugins

HEADER = "id,pair,is_exit,filled_at,rate,amount,profit_abs\n"


class UsdtBot(LogFormat):
    name = "usdt-bot"
    title = "USDT bot"
    currency = "USDT"
    zone = "UTC"
    fee = 0.001
    min_order = 10.0
    exchange = "binance"

    def kind(self, name):
        return {"fills.csv": "trades", "open.json": "positions"}.get(name, "")

    def owns(self, name, head):
        return head.startswith(HEADER.encode())

    def trades(self, stream, report):
        lines = stream.read().decode("utf-8", "replace").splitlines(keepends=True)
        for number, row in enumerate(csv.DictReader(line for line in lines if line.endswith("\n")), 2):
            try:
                yield self.fill(number, row)
            except (KeyError, TypeError, ValueError) as error:
                report(number, f"{error}; not counted")

    def fill(self, number, row):
        at = dt.datetime.fromisoformat(row["filled_at"] + "+00:00")
        rate, amount, sell = float(row["rate"]), float(row["amount"]), row["is_exit"] == "true"
        profit = float(row["profit_abs"]) if sell else None
        share = None if profit is None else 100 * profit / (rate * amount - profit)
        ts = round(at.timestamp() * 1_000_000)
        return LoggedTrade(number, ts, sell, row["pair"], rate, amount, rate * amount, profit, share)

    def positions(self, data):
        return [
            LoggedPosition(one["pair"], one["amount"], one["rate"], dt.datetime.fromisoformat(one["at"] + "+00:00"))
            for one in json.loads(data)
        ]


def fills(*rows: str) -> bytes:
    """A file of fills, from `2025-10-20 09:00:00 buy BTC/USDT 100 2` or `… sell BTC/USDT 110 2 20`."""
    return (HEADER + "".join(_line(number, row.split()) for number, row in enumerate(rows))).encode()


def _line(number: int, words: list[str]) -> str:
    day, time, side, pair, rate, amount, *profit = words
    sell = str(side == "sell").lower()
    return f"{number},{pair},{sell},{day} {time},{rate},{amount},{profit[0] if profit else ''}\n"


class Plugin:
    @hookimpl
    def register_log_formats(self):
        return [UsdtBot()]


def installed():
    """For fixtures: the plugin is there until the test ends."""
    plugins().register(Plugin(), "usdt")
    yield
    plugins()._manager.unregister(name="usdt")
    plugins()._merged.clear()
