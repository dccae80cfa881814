"""Killed, raced, lied to and starved: no row is lost, doubled or wrong, and the next run completes."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys

import pytest
from survival import Truth, age, compactor, fetcher, grow_until_killed, kill_after, mounted, wait_for

from cqs_core import Bucket, BucketUnavailable, Lake, Series
from cqs_core.lake import quarantined
from cqs_core.testing.waiting import until
from cqs_core.time import clock
from cqs_core.time.intervals import DAY, HOUR
from cqs_data import fetch, select, update
from cqs_data.fetching.retry import RetryPolicy
from cqs_data.sandbox import Faults, Sandbox, Synthetic

pytestmark = pytest.mark.once

END = clock.now() // DAY * DAY - DAY
MARKETS = ("BTC", "ETH", "XRP", "SOL")
HOURS = [Series("upbit", f"{name}/KRW", "1h") for name in MARKETS]
OPTIONS = ["--exchange", "upbit", "--symbols", ",".join(MARKETS), "--interval", "1h"]


def dates(days: int) -> list[str]:
    return ["--start", clock.iso(END - days * DAY), "--end", clock.iso(END)]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "bucket").mkdir()
    return tmp_path / "bucket"


def killed_fetches(folder, endpoint, times_killed, days):
    truth, chance, kills = Truth(HOURS, END - days * DAY, END), random.Random(7), 0
    for _ in range(times_killed):
        if kill_after(fetcher(folder, endpoint, *OPTIONS, *dates(days)), chance.uniform(0.1, 1.2)) is None:
            kills += 1
        truth.check(folder, whole=False)
    code, errors = wait_for(fetcher(folder, endpoint, *OPTIONS, *dates(days)))
    assert code == 0, errors
    truth.check(folder, whole=True)
    assert not [p for p in folder.rglob("*.parquet") if p.stat().st_size == 0]
    return kills


def test_a_killed_fetch_goes_on_where_it_was(folder, sandbox):
    assert killed_fetches(folder, sandbox.url, 5, 700) >= 2


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_fifty_killed_fetches_lose_nothing(folder, sandbox):
    assert killed_fetches(folder, sandbox.url, 50, 1900) >= 15


def killed_compactions(folder, times_killed, mode="honest"):
    """Grow a series and compact it, kill that at any moment, look, and go on."""
    chance, reached = random.Random(3), END - 1500 * DAY
    for _ in range(times_killed):
        reached = grow_until_killed(folder, reached, END, chance.uniform(0.05, 0.8), mode)
        Truth(HOURS[:1], END - 1500 * DAY, reached).check(folder, whole=True)
    for _ in range(3):
        Lake(Bucket(folder)).compact(grace=-1)
    Truth(HOURS[:1], END - 1500 * DAY, reached).check(folder, whole=True)
    return len(Lake(Bucket(folder)).objects(HOURS[0]))


def test_a_killed_compaction_loses_nothing(folder):
    assert killed_compactions(folder, 5) <= 6


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_fifty_killed_compactions_lose_nothing(folder):
    assert killed_compactions(folder, 50) <= 8


def test_the_harness_catches_a_compactor_that_deletes_before_it_writes(folder):
    with pytest.raises(AssertionError, match=r"lost|is missing"):
        killed_compactions(folder, 60, mode="planted bug")


def raced(folder, endpoint, days):
    truth = Truth(HOURS, END - days * DAY, END)
    merging = compactor(folder)
    both = [fetcher(folder, endpoint, *OPTIONS, *dates(days)) for _ in range(2)]
    try:
        ended = [wait_for(one, 300) for one in both]
        truth.check(folder, whole=True)
        assert merging.poll() is None, merging.communicate()[1]
    finally:
        merging.kill()
        merging.communicate()
    assert [code for code, _ in ended] == [0, 0], ended
    age(folder)
    for _ in range(3):
        Lake(Bucket(folder)).compact(grace=-1)
    truth.check(folder, whole=True)


def test_two_fetchers_and_a_compactor_agree(folder, sandbox):
    raced(folder, sandbox.url, 200)


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_two_fetchers_and_a_compactor_agree_for_long(folder, sandbox):
    for days in (300, 900, 1800):
        raced(folder, sandbox.url, days)


def outlasted(folder, exchange, seed=1):
    quote = {"upbit": "KRW", "binance": "USDT"}[exchange]
    series = [Series(exchange, f"{name}/{quote}", "1h") for name in MARKETS]
    faults = Faults(0.25, seed=seed)
    truth = Truth(series, END - 600 * DAY, END)
    options = ["--exchange", exchange, "--symbols", ",".join(MARKETS), "--interval", "1h", *dates(600)]
    with Sandbox(Synthetic(), faults=faults) as bad:
        for _ in range(4):
            code, errors = wait_for(fetcher(folder, bad.url, *options))
            truth.check(folder, whole=False)
            if code == 0:
                break
    assert code == 0, errors
    truth.check(folder, whole=True)
    assert sum(faults.done.values()) > 15
    assert len(faults.done) >= 6


@pytest.mark.parametrize("exchange", ["upbit", "binance"])
def test_a_bad_exchange_is_outlasted(folder, exchange):
    outlasted(folder, exchange)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("exchange", ["upbit", "binance"])
def test_a_bad_exchange_is_outlasted_again_and_again(tmp_path, exchange):
    for seed in range(2, 22):
        (tmp_path / str(seed)).mkdir()
        outlasted(tmp_path / str(seed), exchange, seed)


def outlasted_emptiness(folder, exchange, seed):
    """An exchange that shows no candles, again and again for up to a second, while it is fetched and updated."""
    quote, chance = {"upbit": "KRW", "binance": "USDT"}[exchange], random.Random(seed)
    series = [Series(exchange, f"{name}/{quote}", "1h") for name in MARKETS[:2]]
    truth, lake = Truth(series, END - 200 * DAY, END), Lake(Bucket(folder))
    faults = Faults(chance.uniform(0.05, 0.15), ("empty",), seed, lasts=chance.uniform(0.05, 0.6))
    dates = clock.iso(END - 200 * DAY), clock.iso(END - 80 * DAY)
    wanted, left = select([one.market for one in series], "1h", exchange, *dates), 0
    with Sandbox(Synthetic(), faults=faults) as bad:
        for ask in (lambda p: fetch(lake, wanted, bad.url, p), lambda p: update(lake, bad.url, p)):
            for _ in range(9):
                done = ask(RetryPolicy(7, 0.05))
                truth.check_lake(lake, whole=False)
                if not (left := sum(bool(one.error or one.doubtful) for one in done)):
                    break
    assert left == 0, f"{exchange}, seed {seed}: {[(one.error, one.doubtful) for one in done]}"
    truth.check_lake(lake, whole=True)
    return faults.done["empty"]


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("exchange", ["upbit", "binance"])
def test_an_exchange_that_is_empty_for_a_while_is_outlasted(tmp_path, exchange):
    empty = 0
    for seed in range(1, 21):
        (tmp_path / str(seed)).mkdir()
        empty += outlasted_emptiness(tmp_path / str(seed), exchange, seed)
    assert empty > 50


def test_a_page_that_stays_bad_goes_to_quarantine_with_its_reason(folder):
    class Damaged(Synthetic):
        def bars(self, *args):
            bars = super().bars(*args)
            values = bars.values.copy()
            values[bars.ts == END - 48 * HOUR, 2] = -5.0
            return bars._replace(values=values)

    with Sandbox(Damaged()) as bad:
        code, errors = wait_for(fetcher(folder, bad.url, *OPTIONS[:2], "--symbols", "BTC", *OPTIONS[4:], *dates(10)))
    assert code == 0, errors
    lake = Lake(Bucket(folder))
    [kept] = quarantined(lake.bucket, HOURS[0])
    assert (kept.row[0], kept.reason, kept.source) == (END - 48 * HOUR, "price", "endpoint")
    [gap] = [gap for gap in lake.gaps() if gap.start <= END - 48 * HOUR < gap.end]
    assert gap.cause == "unknown"


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="mounts a small disk: needs root on Linux")
def test_a_full_disk_fails_with_one_line_and_the_next_run_completes(folder, sandbox):
    mount = ["mount", "-t", "tmpfs", "-o", "size=120k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("cannot mount a small disk here")
    truth = Truth(HOURS, END - 300 * DAY, END)
    try:
        code, errors = wait_for(fetcher(folder, sandbox.url, *OPTIONS, *dates(300)))
        assert code == 1
        assert "No space left on device" in errors
        assert "Traceback" not in errors
        truth.check(folder, whole=False)
        subprocess.run(["mount", "-o", "remount,size=50m", str(folder)], check=True)
        code, errors = wait_for(fetcher(folder, sandbox.url, *OPTIONS, *dates(300)))
        assert code == 0, errors
        truth.check(folder, whole=True)
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("how", ["moved", "replaced", "unmounted"])
def test_damage_a_bucket_that_goes_away_ends_a_fetch_that_claims_nothing(folder, sandbox, how):
    if how == "unmounted" and not mounted(folder):
        pytest.skip("mounts a disk: needs root on Linux")
    fetching = fetcher(folder, sandbox.url, *OPTIONS, *dates(2500))
    until(lambda: list(folder.rglob("*.parquet")))
    if how == "unmounted":
        until(lambda: not subprocess.run(["umount", str(folder)], capture_output=True, check=False).returncode)
    else:
        folder.rename(folder.with_name("away"))
    if how == "replaced":
        folder.mkdir()
    out, errors = fetching.communicate(timeout=100)
    assert (fetching.returncode, out) == (1, "")
    assert errors.startswith(f"cqs: bucket '{folder}' is ")
    assert errors.count("\n") == 1
    assert len(list(folder.rglob("*.parquet"))) <= 1  # the object that was being written just then


def test_damage_a_bucket_that_goes_away_ends_all_series(folder, sandbox):
    class Vanishing(Bucket):
        def write(self, key, data):
            with contextlib.suppress(FileNotFoundError):  # another series' thread was first
                folder.rename(folder.with_name("away"))
            super().write(key, data)

    lake = Lake(Vanishing(folder))
    lake.bucket.check()
    with pytest.raises(BucketUnavailable, match="is gone"):
        fetch(lake, select("BTC,ETH,XRP,SOL", "1h", "upbit", *dates(9)[1::2]), sandbox.url)
    assert not folder.exists()


def test_a_dead_exchange_fails_its_series_and_none_of_the_others(folder, sandbox):
    lake = Lake(Bucket(folder))
    wait_for(fetcher(folder, sandbox.url, *OPTIONS[:2], "--symbols", "BTC", *OPTIONS[4:], *dates(3)))
    done = update(lake, "http://127.0.0.1:9", RetryPolicy(tries=2, pause=0.01))
    assert [bool(one.error) for one in done] == [True]
    assert update(lake, sandbox.url)[0].error is None
