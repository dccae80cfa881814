"""A bot that goes on for as long as the demo runs: a heartbeat, and now and then a trade of one of the accounts."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from itertools import cycle
from typing import TYPE_CHECKING, Any
from zlib import crc32
from zoneinfo import ZoneInfo

from cqs_core import CqsError, DemoStep
from cqs_core.permission import as_owner
from cqs_core.time.clock import now
from cqs_monitor.demo.log_writer import header, position, rows
from cqs_monitor.demo.step import DEVIATING, FAITHFUL, SYMBOLS
from cqs_monitor.demo.trade import Trade, last_prices
from cqs_monitor.logs.bot.format import BOT

if TYPE_CHECKING:
    from cqs_core import Bucket, Demo

_BEAT, _TRADE = 10.0, 40.0  # seconds between two of each
_VALUE = 1_000_000.0  # of a purchase


class Bot(threading.Thread):
    """Writes into a bucket until `stop`."""

    def __init__(self, bucket: Bucket) -> None:
        super().__init__(name="cqs-demo-bot", daemon=True)
        self._bucket, self._ending = bucket, threading.Event()
        self._next = cycle([(name, symbol) for symbol in SYMBOLS for name in (DEVIATING, FAITHFUL)])

    def run(self) -> None:
        """A beat every ten seconds, a trade every forty; what cannot be written now is tried again later."""
        traded = time.monotonic()
        while not self._ending.is_set():
            try:
                with as_owner():
                    self._bucket.write("logs/.heartbeat", f"{time.time():.6f}".encode())
                    if time.monotonic() - traded >= _TRADE:
                        traded = time.monotonic()
                        self.trade()
            except (CqsError, OSError, ValueError):
                pass  # the demo's folder is in use or gone: the dashboard says so
            self._ending.wait(_BEAT)

    def stop(self) -> None:
        self._ending.set()
        self.join(2)

    def trade(self) -> None:
        """Sell what the next account holds of the next symbol, or buy some."""
        account, symbol = next(self._next)
        last = last_prices(self._bucket, [symbol]).get(symbol)
        if last is None:
            return
        moment = now()
        price = last.value * (1 + (crc32(str(moment).encode()) / 2**32 - 0.5) / 100)
        held = self._held(account)
        known = held.pop(symbol, None)
        if known is None:
            bought = Trade(symbol, moment, price, _VALUE / price)
            held[symbol] = position(bought)
            self._log(account, moment, next(iter(rows(bought)))[1])
        else:
            entered = round(dt.datetime.fromisoformat(known["entry_time"]).timestamp() * 1000)
            sold = Trade(symbol, entered, known["entry_price"], known["quantity"], moment, price)
            self._log(account, moment, list(rows(sold))[-1][1])
        self._bucket.write(f"logs/{account}/positions.json", json.dumps(held, indent=2).encode())

    def _held(self, account: str) -> dict[str, Any]:
        found = json.loads(self._bucket.read(f"logs/{account}/positions.json"))
        return dict(found)

    def _log(self, account: str, moment: int, line: str) -> None:
        day = dt.datetime.fromtimestamp(moment / 1000, ZoneInfo(BOT.zone)).date().isoformat()
        key = f"logs/{account}/trades_{day}.csv"
        before = self._bucket.read_many([key]).get(key) or header()
        self._bucket.write(key, before + line.encode())


def _run(demo: Demo) -> None:
    if not demo.bucket.list("logs"):
        return
    bot = Bot(demo.bucket)
    bot.start()
    demo.closing.callback(bot.stop)
    demo.console.print("  it writes a heartbeat every 10 s, and trades")


STEP = DemoStep("bot", "Keep the bots running", 88, _run, once=False)
