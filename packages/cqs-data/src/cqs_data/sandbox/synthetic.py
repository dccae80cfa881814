"""Made-up candles for the demo: a pure function of market and open time; history is fixed and grows with the clock.

Prices are Brownian motion by Schauder's construction (a tent of random height on every dyadic span of hours), so that
any hour is computed without those before it. Altcoins share bitcoin's path in part. Hours are the base: minutes are
bridged inside their hour, longer bars are put together from hours, so that all intervals agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

from cqs_core.time import clock
from cqs_core.time.intervals import DAY, HOUR
from cqs_data.sandbox.candle_rows import CandleRows, Floats, Stamps, aggregate, step
from cqs_data.sandbox.minutes import minutes, unfinished
from cqs_data.sandbox.seeded import bell, uniform

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

START = 1_609_459_200_000  # 2021-01-01
CRASHES = ((1_655_085_600_000, 0.42), (1_722_808_800_000, 0.35))  # 2022-06-13 02:00, 2024-08-04 22:00; log drop
OUTAGES = ((1_696_291_200_000, 30), (1_722_823_200_000, 3))  # 2023-10-03, and 2024-08-05 02:00 amid the crash; hours
_SPANS = tuple(2**k for k in range(14, 0, -1))  # hours: from two years down to two hours
_YEAR = 365.25 * DAY / HOUR
_BLOCK = 11 * 24  # hours: at most one outage by chance in each
_DOLLAR = 1380.0


@dataclass(frozen=True)
class Coin:
    """How a coin trades.

    Attributes:
        price: KRW around which it starts.
        sigma: standard deviation of its own hourly log returns.
        beta: share of bitcoin's path in its own.
        turnover: KRW an hour.
        quiet: probability that an hour has no trades.
    """

    price: float
    sigma: float
    beta: float
    turnover: float
    quiet: float = 0.0


COINS = {
    "BTC": Coin(62e6, 0.0058, 0.0, 9e9),
    "ETH": Coin(3.1e6, 0.0038, 1.05, 6e9),
    "XRP": Coin(820.0, 0.0062, 0.95, 7e9, 0.0003),
    "SOL": Coin(92e3, 0.0075, 1.15, 3e9, 0.0008),
}
QUOTES = {"upbit": "KRW", "binance": "USDT"}


class Synthetic:
    """BTC, ETH, XRP and SOL against KRW on upbit, and against USDT on binance, since 2021.

    Args:
        clock: gives the time in ms UTC.
        quotes: currencies of more exchanges by their ids, such as `{"kraken": "USD"}`.

    >>> Synthetic().markets("upbit")
    ['BTC/KRW', 'ETH/KRW', 'XRP/KRW', 'SOL/KRW']
    """

    def __init__(self, clock: Callable[[], int] = clock.now, quotes: Mapping[str, str] | None = None) -> None:
        self.clock = clock
        self.quotes = {**QUOTES, **(quotes or {})}
        self._hours: dict[tuple[str, str], CandleRows] = {}
        self._longer: dict[tuple[str, str, str], tuple[int, CandleRows]] = {}

    def markets(self, exchange: str) -> list[str]:
        return [f"{coin}/{self.quotes[exchange]}" for coin in COINS] if exchange in self.quotes else []

    def first(self, exchange: str, market: str) -> int:  # noqa: ARG002 - all are listed on the same day
        return START

    def bars(self, exchange: str, market: str, interval: str, start: int, end: int) -> CandleRows:
        now = self.clock()
        end = min(end, now + 1)
        if step(interval) < HOUR:
            whole = min(-(-end // step(interval)) * step(interval), now + 1)  # a question may end inside of a candle
            return aggregate(self._minutes(exchange, market, start, whole, now), interval).between(start, end)
        closed, current = self._closed(exchange, market, interval, now), now // HOUR * HOUR
        partial = aggregate(self._minutes(exchange, market, current, end, now), "1h")
        if len(partial.ts):
            closed = _with_partial(closed, partial, interval)
        return closed.between(start, end)

    def _closed(self, exchange: str, market: str, interval: str, now: int) -> CandleRows:
        """Bars of all closed hours; the last one may still lack hours to come."""
        hours = self._hours_until(exchange, market, now)
        key, have = (exchange, market, interval), len(hours.ts)
        if self._longer.get(key, (-1, None))[0] != have:
            self._longer[key] = have, aggregate(hours, interval)
        return self._longer[key][1]

    def _hours_until(self, exchange: str, market: str, now: int) -> CandleRows:
        known = self._hours.get((exchange, market), CandleRows.empty())
        since = int(known.ts[-1]) + HOUR if len(known.ts) else START
        if since < now // HOUR * HOUR:
            more = hours(exchange, market, np.arange(since, now // HOUR * HOUR, HOUR, dtype=np.int64))
            known = CandleRows(np.r_[known.ts, more.ts], np.r_[known.values, more.values])
            self._hours[exchange, market] = known
        return known

    def _minutes(self, exchange: str, market: str, start: int, end: int, now: int) -> CandleRows:
        opens = np.arange(max(start, START) // HOUR * HOUR, end, HOUR, dtype=np.int64)
        fine = minutes(f"{exchange} {market}", hours(exchange, market, opens)).between(start, end)
        return unfinished(fine, now)


def hours(exchange: str, market: str, ts: Stamps) -> CandleRows:
    """The hourly candles that open at these stamps, without hours of outage or silence."""
    ts = ts[_traded(exchange, market, ts)]
    name, coin = market.partition("/")[0], COINS[market.partition("/")[0]]
    seed = _seed(f"{exchange} {market} wicks")
    known, place = np.unique(np.r_[ts, ts + HOUR], return_inverse=True)  # most closes are the next hour's open
    path = np.exp(_log_price(name, known))[place]
    opens, closes = path[: len(ts)], path[len(ts) :]
    wide = coin.sigma + 0.004 * coin.beta
    highs = np.maximum(opens, closes) * (1 + wide * uniform(seed, ts) ** 2)
    lows = np.minimum(opens, closes) * (1 - wide * uniform(seed + 1, ts) ** 2)
    moved = np.abs(np.log(closes / opens)) / wide
    volume = coin.turnover / opens * (0.35 + moved + 0.8 * uniform(seed + 2, ts)) * _day_rhythm(ts)
    scale = 1.0 if market.endswith("/KRW") else _DOLLAR
    prices = ticks(np.column_stack([opens, highs, lows, closes]) / scale)
    return CandleRows(ts, np.column_stack([prices, np.round(volume, 8)]))


def ticks(price: Floats) -> Floats:
    """Prices rounded to five figures, as order books have them."""
    unit = 10.0 ** (np.floor(np.log10(price)) - 4)
    return np.asarray(np.round(np.round(price / unit) * unit, 8))


def _log_price(name: str, ts: Stamps) -> Floats:
    coin, at = COINS[name], (ts - START) / HOUR
    own: Floats = np.log(coin.price) + coin.sigma * _brownian(_seed(name), at) + 0.06 * at / _YEAR
    if name == "BTC":
        return own + _moods(at) - _crashed(ts)
    shared = _log_price("BTC", ts) - np.log(COINS["BTC"].price)
    return np.asarray(own + coin.beta * shared)


def _moods(at: Floats) -> Floats:
    """Bull and bear years, and waves of some weeks: without them nothing but chance would be there to trade on."""
    waves = ((0.32, 3.8 * _YEAR, -0.1), (0.03, 61 * 24, 0.16), (0.02, 27 * 24, 0.0))
    total: Floats = np.zeros(len(at))
    for height, hours, phase in waves:
        total += height * np.sin(2 * np.pi * (at / hours + phase))
    return total


def _brownian(seed: int, at: Floats) -> Floats:
    """Brownian motion of unit variance an hour, at these hours since the start, pinned every two years."""
    total: Floats = np.zeros(len(at))
    for span in _SPANS:
        cell = np.floor(at / span)
        tent = 1 - np.abs(2 * (at / span - cell) - 1)
        total += tent * np.sqrt(span) / 2 * _heights(seed + span, cell.astype(np.int64))
    return total


def _heights(seed: int, cell: Stamps) -> Floats:
    """Heights of the tents on these cells; neighbors share one, so each is drawn once where they are close together."""
    low, high = (int(cell.min()), int(cell.max())) if len(cell) else (0, 0)
    if high - low >= len(cell):
        return bell(seed, cell)
    return np.asarray(bell(seed, np.arange(low, high + 1))[cell - low])


def _crashed(ts: Stamps) -> Floats:
    total = np.zeros(len(ts))
    for start, depth in CRASHES:
        since = np.clip((ts - start) / HOUR, 0, None)
        total += depth * np.minimum(since / 9, 1) * (0.4 + 0.6 * np.exp(-since / (25 * 24)))
    return total


def _traded(exchange: str, market: str, ts: Stamps) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    block = (ts - START) // HOUR // _BLOCK
    seed = _seed(f"{exchange} outages")
    begins = START + (block * _BLOCK + (uniform(seed, block) * (_BLOCK - 6)).astype(np.int64)) * HOUR
    long = (1 + uniform(seed + 1, block) * 5).astype(np.int64) * HOUR
    out = (uniform(seed + 2, block) < 0.25) & (ts >= begins) & (ts < begins + long)
    for start, count in OUTAGES:
        out |= (ts >= start) & (ts < start + count * HOUR)
    quiet = uniform(_seed(f"{exchange} {market} quiet"), ts) < COINS[market.partition("/")[0]].quiet
    return np.asarray(~(out | quiet))


def _day_rhythm(ts: Stamps) -> Floats:
    """Seoul trades most in the evening and least toward morning."""
    return np.asarray(1 + 0.45 * np.sin(2 * np.pi * ((ts % DAY) / DAY - 0.32)))


def _with_partial(closed: CandleRows, partial: CandleRows, interval: str) -> CandleRows:
    """Closed bars and the hour under way, which may belong to the last of them."""
    bar = aggregate(partial, interval)
    if len(closed.ts) and closed.ts[-1] == bar.ts[0]:
        both = np.vstack([closed.values[-1], bar.values[0]])
        bar = aggregate(CandleRows(np.repeat(bar.ts, 2), both), interval)
        closed = CandleRows(closed.ts[:-1], closed.values[:-1])
    return CandleRows(np.r_[closed.ts, bar.ts], np.vstack([closed.values, bar.values]))


def _seed(name: str) -> int:
    return crc32(name.encode()) * 1_000_003
