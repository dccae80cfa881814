"""Repair fetches again what verify finds; one damaged series stops no other, in no command."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from cqs_core import Bucket, Lake, Series
from cqs_core.cli import run_command
from cqs_core.lake import candle_table, stamps
from cqs_core.testing.damage import kinds
from cqs_core.time import clock
from cqs_core.time.intervals import DAY, HOUR
from cqs_data import fetch, select
from cqs_data.sandbox import Sandbox, Synthetic

pytestmark = pytest.mark.once

END = clock.now() // DAY * DAY - 2 * DAY
BTC, ETH = Series("upbit", "BTC/KRW", "1h"), Series("upbit", "ETH/KRW", "1h")
KINDS = kinds()
LOST = [
    "cuts: nothing left",
    "bits: page of close",
    "bits: middle of the footer",
    "rewritten: no ts",
    "rewritten: a price changed, hashed",
    "rewritten: rows doubled, hashed",
    "renamed: an earlier start",
    "renamed: no rows",
    "renamed: another source",
    "renamed: no name of ours",
    "moved: into another series",
    "moved: swapped with another series'",
    "gone: deleted",
    "gone: all deleted",
]


@pytest.fixture(scope="module")
def exchange():
    with Sandbox(Synthetic(lambda: END)) as running:
        yield running


@pytest.fixture(scope="module")
def stored(exchange, tmp_path_factory) -> Path:
    """Two series of two objects each."""
    folder = tmp_path_factory.mktemp("stored")
    for first, last in ((6, 3), (3, 0)):
        dates = clock.iso(END - first * DAY), clock.iso(END - last * DAY)
        done = fetch(Lake(Bucket(folder)), select("BTC,ETH", "1h", "upbit", *dates), exchange.url)
        assert [one.error for one in done] == [None, None]
    return folder


@pytest.fixture
def lake(stored, tmp_path) -> Lake:
    shutil.copytree(stored, tmp_path / "lake")
    return Lake(Bucket(tmp_path / "lake"))


def path_of(lake: Lake, series: Series = BTC) -> Path:
    return lake.bucket.folder / min(lake.objects(series), key=lambda o: o.start).key


@pytest.mark.parametrize("merged", [False, True], ids=["as fetched", "merged"])
@pytest.mark.parametrize("name", LOST)
def test_repair_fetches_damage_again(lake, exchange, name, merged, capsys):
    right = lake.read(BTC), lake.read(ETH)
    for _ in range(2 * merged):
        lake.compact(grace=-1)
    KINDS[name](path_of(lake), path_of(lake, ETH))
    chosen = ["--bucket", lake.bucket.folder]
    assert run_command(["data", "verify", *map(str, chosen)]) == 1
    assert run_command(["data", "repair", "--endpoint", exchange.url, *map(str, chosen)]) == 0, capsys.readouterr().err
    assert run_command(["data", "verify", *map(str, chosen)]) == 0, capsys.readouterr().out
    assert (lake.read(BTC), lake.read(ETH)) == right


def test_what_is_replaced_is_kept(lake, exchange):
    KINDS["bits: page of close"](path_of(lake), path_of(lake))
    damaged = path_of(lake).read_bytes()
    run_command(["data", "repair", "--endpoint", exchange.url, "--bucket", str(lake.bucket.folder)])
    [kept] = (lake.bucket.folder / "data" / "damaged").rglob("*.parquet")
    assert kept.read_bytes() == damaged


def test_what_cannot_be_fetched_stays_and_is_told(lake, exchange, capsys):
    """A file's candles: they are to be imported again, which repair then takes for it."""
    table = candle_table(END + HOUR * np.arange(5), np.full((5, 5), 2.0))
    lake.append(BTC, table, END, END + 5 * HOUR, source="import")
    [item] = [o for o in lake.objects(BTC) if o.source == "import"]
    (lake.bucket.folder / item.key).write_bytes(b"")
    chosen = ["--endpoint", exchange.url, "--bucket", str(lake.bucket.folder)]
    assert run_command(["data", "repair", *chosen]) == 1
    assert f"cqs: {BTC} is still damaged: {item.key}" in capsys.readouterr().err
    lake.append(BTC, table, END, END + 5 * HOUR, source="import")
    assert run_command(["data", "repair", *chosen]) == 0
    assert stamps(lake.read(BTC, END)).tolist() == stamps(table).tolist()


class TestOneDamagedSeries:
    @pytest.fixture(params=["rewritten: no ts, hashed", "rewritten: no ts", "gone: deleted", "gone: all deleted"])
    def hurt(self, lake, request) -> Lake:
        lake.append(BTC, lake.read(BTC, END - 10 * HOUR), END - 10 * HOUR, END, source="endpoint")  # overlaps
        KINDS[request.param](lake.bucket.folder / max(lake.objects(BTC), key=lambda o: o.start).key, path_of(lake, ETH))
        return lake

    def test_update_goes_on_with_the_others(self, hurt, capsys):
        with Sandbox(Synthetic(lambda: END + DAY)) as later:
            run_command(["update", "--endpoint", later.url, "--bucket", str(hurt.bucket.folder)])
        assert stamps(hurt.read(ETH))[-1] >= END + 23 * HOUR
        assert "Traceback" not in capsys.readouterr().err

    @pytest.mark.parametrize(
        "words",
        [
            ["data", "status"],
            ["data", "gaps"],
            ["data", "verify"],
            ["data", "compact", "--no-wait"],
            ["data", "publish"],
            ["sql", "select count(*) from candles where market = 'ETH/KRW'"],
            ["sql", "select count(*) from candles"],
        ],
        ids=" ".join,
    )
    def test_no_command_ends_in_a_traceback(self, hurt, words, capsys, monkeypatch):
        monkeypatch.setenv("CQS_PUBLISH", "1h")
        code = run_command([*words, "--bucket", str(hurt.bucket.folder)])
        told = capsys.readouterr()
        assert "Traceback" not in told.err
        assert code == (0 if words[1] in {"status", "select count(*) from candles where market = 'ETH/KRW'"} else 1)
        assert "data/candles/exchange=upbit/market=BTC-KRW/interval=1h" in told.out + told.err or "ETH" in words[1]


class TestDaysOfOnesOwn:
    """CQS_DAY_START and candles of other days: told, with what to fetch."""

    @pytest.fixture
    def days(self, tmp_path, monkeypatch) -> Lake:
        lake = Lake(Bucket(tmp_path))
        table = candle_table(END - 40 * DAY + DAY * np.arange(40), np.full((40, 5), 2.0))
        lake.append(Series("upbit", "BTC/KRW", "1d"), table, END - 40 * DAY, END)
        monkeypatch.setenv("CQS_DAY_START", "09:00")
        return lake

    @pytest.mark.parametrize(
        "words",
        [["data", "export", "{}/x.csv", "--market", "BTC", "--interval", i] for i in ("1d", "1w", "1M")]
        + [["data", "publish"]],
        ids=" ".join,
    )
    def test_stored_days_are_refused(self, days, words, capsys):
        code = run_command([word.format(days.bucket.folder) for word in words] + ["--bucket", str(days.bucket.folder)])
        assert code == 2
        told = capsys.readouterr().err
        assert "begins its days at 09:00 UTC (CQS_DAY_START)" in told
        assert "fetch them: cqs fetch --exchange upbit --symbols BTC/KRW --interval 1h" in told

    def test_loading_refuses_them_too(self, days, monkeypatch):
        from cqs_core import UsageError
        from cqs_data import load_processed_data

        monkeypatch.setenv("CQS_BUCKET", str(days.bucket.folder))
        with pytest.raises(UsageError, match="--interval 1h"):
            load_processed_data("BTC")

    def test_with_hours_days_are_put_together_and_published(self, days):
        hours = candle_table(END - 48 * HOUR + HOUR * np.arange(48), np.full((48, 5), 3.0))
        days.append(BTC, hours, END - 48 * HOUR, END)
        assert [one.key for one in days.publish()] == ["data/processed/BTC_1d.parquet"]
        import pandas as pd

        frame = pd.read_parquet(days.bucket.folder / "data" / "processed" / "BTC_1d.parquet")
        assert [stamp.hour for stamp in frame["timestamp"]] == [9]

    def test_a_fetch_that_cannot_publish_says_so_and_succeeds(self, exchange, tmp_path, monkeypatch, capsys):
        monkeypatch.setenv("CQS_DAY_START", "09:00")
        options = ["--symbols", "BTC", "--interval", "1d", "--start", clock.iso(END - 5 * DAY), "--end", clock.iso(END)]
        code = run_command(["fetch", "--endpoint", exchange.url, "--bucket", str(tmp_path), *options])
        assert code == 0
        assert "cqs: not published: upbit BTC/KRW 1d begins its days at 09:00 UTC" in capsys.readouterr().err
