"""Fetching into a bucket behind a network that is not always there."""

from __future__ import annotations

import subprocess
import sys

import pytest
from survival import Truth

from cqs_core import Bucket, Lake, Series
from cqs_core.testing.gcs_proxy import GcsProxy
from cqs_core.time import clock
from cqs_core.time.intervals import DAY
from cqs_data import fetch, select

pytestmark = pytest.mark.once

END = clock.now() // DAY * DAY - DAY
SERIES = [Series("upbit", f"{name}/KRW", "1h") for name in ("BTC", "ETH")]


@pytest.fixture
def flaky(gcs_emulator, monkeypatch):
    """A new bucket whose every tenth request fails."""
    with GcsProxy(gcs_emulator.url, every=10) as proxy:
        url = gcs_emulator.new_bucket()
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", proxy.url)
        yield url, proxy


def test_a_storage_that_fails_every_tenth_request_loses_nothing(flaky, sandbox):
    url, proxy = flaky
    lake = Lake(Bucket(url))
    for days in range(160, 0, -40):
        dates = [clock.iso(END - days * DAY), clock.iso(END - (days - 40) * DAY)]
        for _ in range(3):
            done = fetch(lake, select("BTC,ETH", "1h", "upbit", *dates), sandbox.url)
            if not any(one.error for one in done):
                break
        assert not any(one.error for one in done)
    Truth(SERIES, END - 160 * DAY, END).check_lake(lake, whole=True)
    lake.compact(grace=-1)
    lake.compact(grace=-1)
    Truth(SERIES, END - 160 * DAY, END).check_lake(lake, whole=True)
    assert proxy.failed > 3


def test_status_of_a_remote_lake_lists_and_reads_nothing(gcs_emulator, monkeypatch, sandbox):
    with GcsProxy(gcs_emulator.url) as proxy:
        url = gcs_emulator.new_bucket()
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", proxy.url)
        selection = select("BTC,ETH", "1h,1d", "upbit", clock.iso(END - 30 * DAY), clock.iso(END))
        fetch(Lake(Bucket(url)), selection, sandbox.url)
        before = dict(proxy.asked)
        assert len(Lake(Bucket(url)).status()) == 4
        after = {kind: n - before.get(kind, 0) for kind, n in proxy.asked.items()}
    assert {kind for kind, n in after.items() if n} == {"list"}
    assert after["list"] <= 3


def test_a_second_read_comes_from_the_local_cache(gcs_emulator, monkeypatch, sandbox):
    with GcsProxy(gcs_emulator.url) as proxy:
        url = gcs_emulator.new_bucket()
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", proxy.url)
        selection = select("BTC", "1d", "upbit", clock.iso(END - 30 * DAY), clock.iso(END))
        [one] = fetch(Lake(Bucket(url)), selection, sandbox.url)
        first = Lake(Bucket(url)).read(one.series)
        reads = proxy.asked["read"]
        assert Lake(Bucket(url)).read(one.series).equals(first)
        assert proxy.asked["read"] == reads


READER = """
import sys
from cqs_core import Lake, Series
for _ in range(6):
    table = Lake(sys.argv[1]).read(Series("upbit", "BTC/KRW", "1h"))
    print(len(table), float(sum(table["close"].to_pylist())))
"""


def test_a_cache_too_small_for_the_lake_serves_many_processes(gcs_bucket, monkeypatch, sandbox):
    monkeypatch.setenv("CQS_CACHE_BYTES", "20000")
    lake = Lake(Bucket(gcs_bucket))
    for first, last in ((400, 300), (300, 200), (200, 100), (100, 1)):
        dates = [clock.iso(END - n * DAY) for n in (first, last)]
        fetch(lake, select("BTC", "1h", "upbit", *dates), sandbox.url)
    table = lake.read(SERIES[0])
    told = f"{len(table)} {float(sum(table['close'].to_pylist()))}"
    command = [sys.executable, "-c", READER, gcs_bucket]
    readers = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for reader in readers:
        out, errors = reader.communicate(timeout=100)
        assert reader.returncode == 0, errors
        assert set(out.splitlines()) == {told}
