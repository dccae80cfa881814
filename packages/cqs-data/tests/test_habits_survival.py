"""Exchanges with habits and on bad days at once: nothing lost, nothing invented, every claim of absence is true."""

from __future__ import annotations

import random

import numpy as np
import pytest
from dialects import coinbase, gemini, kraken, okx

from cqs_core import FIELDS, Lake, Series, plugins
from cqs_core.lake import stamps
from cqs_core.time import clock
from cqs_core.time.intervals import DAY, MINUTE, floor, length
from cqs_data import fetch, repair, update
from cqs_data.exchanges import Binance, CcxtExchange
from cqs_data.fetching import Selection
from cqs_data.fetching.retry import RetryPolicy
from cqs_data.sandbox import Faults, Habits, Sandbox, Synthetic
from cqs_data.sandbox.habits import Habitual

pytestmark = pytest.mark.once


class Plain(CcxtExchange):
    """Binance's sandbox, asked as an exchange that no file refines."""

    id = "binance"
    ccxt_options = Binance.ccxt_options


DIALECTS = {"coinbaseexchange": coinbase, "gemini": gemini, "kraken": kraken, "okx": okx}
QUOTES = {"coinbaseexchange": "USD", "gemini": "USD", "kraken": "USD", "okx": "USDT"}
MEMORY = {"gemini": 1440, "kraken": 720}  # candles that they give at most
KINDS = {
    "page_cap": lambda chance: Habits(page_cap=chance.choice((30, 77, 130, 299))),
    "ignores_since": lambda chance: Habits(ignores_since=True, last=chance.choice((None, 250, 700))),
    "last": lambda chance: Habits(last=chance.choice((120, 333, 720))),
    "sparse": lambda chance: Habits(sparse=chance.choice((0.5, 0.9, 0.95)), page_cap=chance.choice((None, 100))),
    "off_grid": lambda chance: Habits(off_grid=chance.choice((0.005, 0.03))),
    "all": lambda chance: Habits(150, chance.random() < 0.3, 400, 0.5, off_grid=0.01),
}
# These two ask for ranges in their own way: one that ignores them is refused as a wrong answer, and nothing is stored.
UNABLE = {(kind, pager) for kind in ("ignores_since", "all") for pager in ("binance", "upbit")}
PAGERS = ["plain", "binance", "upbit", "coinbaseexchange", "gemini", "kraken", "okx"]


class Life:
    """One lake and one exchange, from a first fetch over updates to a repair, while hours pass.

    Args:
        lake: where candles go.
        pager: who asks.
        kind: of habits.
        seed: of chance.
        monkeypatch: sets the clock.
    """

    def __init__(self, lake: Lake, pager: str, kind: str, seed: int, monkeypatch, faults: float = 0.1) -> None:
        chance = random.Random(f"{kind} {pager} {seed}")
        self.kind = Plain if pager == "plain" else plugins().exchange(pager)
        self.interval = chance.choice(("1m", "5m", "1h"))
        quote = {**QUOTES, "upbit": "KRW", "binance": "USDT"}[self.kind.id]
        self.lake, self.series = lake, Series(self.kind.id, f"BTC/{quote}", self.interval)
        self.habits, self.chance = KINDS[kind](chance), chance
        self.now = clock.now() // DAY * DAY - 3 * DAY + chance.randrange(DAY)
        self.start = floor(self.interval, self.now - 900 * length(self.interval))
        self.source = Synthetic(lambda: self.now, QUOTES)
        self.faults = Faults(faults, ("limit", "error", "reset", "garbage", "torn", "short", "shuffled"), seed)
        monkeypatch.setattr("cqs_core.time.clock.now", lambda: self.now)
        monkeypatch.setattr("cqs_core.lake.writing._last_seq", 0)
        monkeypatch.setattr("cqs_data.exchanges.unified.server_time", self._server)
        monkeypatch.setattr(type(plugins()), "exchange", lambda _, name: self.kind)

    async def _server(self, client):
        return self.now

    def live(self) -> None:
        options = {"clock": lambda: self.now, "faults": self.faults, "habits": self.habits, "dialects": DIALECTS}
        with Sandbox(self.source, **options) as server:
            for step in (self._fetch, self._update, self._fetch, self._update, self._repair, self._settled):
                if step == self._settled:
                    self.faults.share = 0.0
                step(server.url)
                self.look()
                self.now += self.chance.randrange(1, 400) * length(self.interval) + self.chance.randrange(MINUTE)

    def _fetch(self, url, *, every=False):
        end = None if every else self.chance.choice((None, self.start + 200 * length(self.interval)))
        selection = Selection(self.kind, [self.series.market], [self.interval], self.start, end)
        return fetch(self.lake, selection, url, RetryPolicy(12, 0.001))

    def _update(self, url):
        return update(self.lake, url, RetryPolicy(12, 0.001))

    def _repair(self, url):
        holes = [(gap.series, (gap.start, gap.end)) for gap in self.lake.gaps()]
        return repair(self.lake, holes, url, RetryPolicy(12, 0.001))

    def _settled(self, url):
        """All that is still given is there, once the exchange has no bad day."""
        done = [*self._fetch(url, every=True), *self._update(url), *self._repair(url)]
        assert [one.error for one in done] == [None] * len(done)
        given = Habitual(self.source, self.habits, lambda: self.now)
        newest = floor(self.interval, self.now - 15 * MINUTE)
        bars = given.bars(*self.series, self.start, self.now + 1)
        bars = bars.ts[-self._memory() :]
        bars = bars[bars % length(self.interval) == 0]
        bars = bars[bars < newest]
        held = stamps(self.lake.read(self.series, missing_ok=True))
        lost = np.setdiff1d(bars[bars >= held[0]] if len(held) else bars, held)
        assert not len(lost), f"{len(lost)} of {len(bars)} lost, the first {clock.iso(int(lost[0]))}"

    def _memory(self) -> int:
        """Candles that are given at most, whatever is asked, and however little an answer holds."""
        if self.habits.ignores_since:
            return min(self.habits.page_cap or 100, self.habits.last or 100, 100)
        every = MEMORY.get(self.kind.id, 1 << 30)
        return min(every, self.habits.page_cap or every) if self.kind.id in MEMORY else every

    def look(self) -> None:
        """What is stored is right, and what is said to be absent never was, whatever the exchange gives now."""
        assert [problem for one in self.lake.verify() for problem in one.problems] == []
        table = self.lake.read(self.series, missing_ok=True)
        ts = stamps(table)
        habits = Habits(sparse=self.habits.sparse)
        right = Habitual(self.source, habits, lambda: self.now).bars(*self.series, self.start - 50 * DAY, self.now)
        at = np.searchsorted(right.ts, ts)
        assert np.array_equal(right.ts[np.minimum(at, len(right.ts) - 1)], ts), "rows that never were"
        assert np.array_equal(np.column_stack([table[n].to_numpy() for n in FIELDS]), right.values[at]), "wrong values"
        absent = np.setdiff1d(right.ts, ts)
        for o in self.lake.objects(self.series):
            false = absent[(absent >= o.start) & (absent < o.end)]
            assert not len(false), f"{self.habits}: said to be absent, and was traded: {clock.iso(int(false[0]))}"


@pytest.mark.parametrize(
    ("kind", "pager"),
    [
        ("page_cap", "plain"),
        ("ignores_since", "plain"),
        ("last", "okx"),
        ("sparse", "coinbaseexchange"),
        ("off_grid", "kraken"),
    ],
)
def test_habits_lose_and_invent_nothing(lake, monkeypatch, kind, pager):
    Life(lake, pager, kind, 1, monkeypatch).live()


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("kind", "pager"), [(k, p) for k in KINDS for p in PAGERS if (k, p) not in UNABLE])
def test_habits_lose_and_invent_nothing_again_and_again(tmp_path, kind, pager):
    for seed in range(2, 22):
        (tmp_path / str(seed)).mkdir()
        with pytest.MonkeyPatch.context() as monkeypatch:
            Life(Lake(str(tmp_path / str(seed))), pager, kind, seed, monkeypatch).live()
