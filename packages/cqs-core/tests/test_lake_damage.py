"""Whatever happens to an object: the right rows are read, or an error names the object, and verify finds it."""

from __future__ import annotations

import os
import random
import shutil
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from cqs_core import Bucket, CqsError, DataError, Lake, Series
from cqs_core.lake.receipts import receipt_of
from cqs_core.lake.series_table import candle_table
from cqs_core.testing.damage import flip, kinds
from cqs_core.time.intervals import HOUR

pytestmark = pytest.mark.once

BTC, ETH, DAYS = Series("upbit", "BTC/KRW", "1h"), Series("upbit", "ETH/KRW", "1h"), Series("upbit", "BTC/KRW", "4h")
START = 473_352 * HOUR  # 2024
KINDS = kinds()
SQL = "select * exclude (exchange, market, interval) from candles where market = '{}' and interval = '1h' order by ts"


def walk(n: int, seed: int) -> pa.Table:
    chance = np.random.default_rng(seed)
    close = np.round(1000 * np.exp(np.cumsum(chance.normal(0, 0.01, n))))
    opened = np.r_[1000, close[:-1]]
    columns = [opened, np.maximum(opened, close) + 3, np.minimum(opened, close) - 3, close, chance.random(n)]
    return candle_table(START + HOUR * np.arange(n), np.column_stack(columns))


def put(lake: Lake, series: Series, table: pa.Table, low: int, high: int) -> None:
    lake.append(series, table.slice(low, high - low), START + low * HOUR, START + high * HOUR)


def grow_old(folder: Path) -> None:
    """All files are at rest, so that what is found of them is kept."""
    for path in folder.rglob("*.parquet"):
        os.utime(path, (time.time() - 60,) * 2)


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Path:
    """Two hourly series: one plain object and two that overlap; one object."""
    folder = tmp_path_factory.mktemp("sound")
    lake, btc = Lake(Bucket(folder)), walk(100, 1)
    for low, high in ((0, 40), (40, 80), (70, 100)):
        put(lake, BTC, btc, low, high)
    put(lake, ETH, walk(90, 2), 0, 90)
    grow_old(folder)
    return folder


@pytest.fixture
def lake(sound, tmp_path) -> Lake:
    shutil.copytree(sound, tmp_path / "lake", copy_function=shutil.copy2)
    return Lake(Bucket(tmp_path / "lake"))


def paths(lake: Lake, series: Series = BTC) -> list[Path]:
    return [lake.bucket.folder / o.key for o in sorted(lake.objects(series), key=lambda o: o.start)]


def contents(lake: Lake) -> dict[str, bytes]:
    found = (path for path in lake.bucket.folder.rglob("*.parquet*") if path.is_file())
    return {path.relative_to(lake.bucket.folder).as_posix(): path.read_bytes() for path in found}


def test_there_are_enough_kinds():
    assert len(KINDS) >= 55


def looks(lake: Lake, series: Series) -> dict[str, object]:
    """Every way to read a series."""
    return {
        "read": lambda: lake.read(series),
        "sql": lambda: lake.sql(SQL.format(series.market)).cast(lake.read(series).schema),
        "derive": lambda: lake.derive(series._replace(interval="4h")),
    }


def check(lake: Lake, before: dict[str, bytes], right: dict[str, pa.Table]) -> None:
    """Rows are right, or an error names what is not as it was; verify finds it, before and after compaction."""
    now = contents(lake)
    changed = {key for key in {*before, *now} if before.get(key) != now.get(key)}
    for name, look in looks(lake, BTC).items():
        said = ""
        try:
            found = look()
        except DataError as error:
            said = str(error)
        assert any(key in said for key in changed) if said else found.equals(right[name]), (name, said)
    assert [p for one in lake.verify() for p in one.problems if any(key in p for key in changed)]
    merged = lake.compact(grace=-1)
    assert contents(lake).items() >= {key: data for key, data in now.items() if key in changed}.items()
    assert [p for one in lake.verify() for p in one.problems if any(key in p for key in changed)], merged


@pytest.mark.parametrize("name", KINDS)
def test_damage_ends_as_right_rows_or_as_an_error_that_names_the_object(lake, name):
    right = {kind: look() for kind, look in looks(lake, BTC).items()}
    before, eth = contents(lake), lake.read(ETH)
    KINDS[name](paths(lake)[1], paths(lake, ETH)[0])
    check(lake, before, right)
    if "another series" not in name:
        assert lake.read(ETH).equals(eth)
        assert lake.sql(SQL.format("ETH/KRW")).num_rows == 90


@pytest.mark.parametrize("name", [name for name in KINDS if name.startswith(("renamed", "moved", "gone"))])
def test_damage_of_a_merged_object(lake, name):
    for _ in range(2):
        lake.compact(grace=-1)
    if "within its series" in name or "all but it" in name or "every second" in name:
        pytest.skip("needs more than one object")
    right, before = {kind: look() for kind, look in looks(lake, BTC).items()}, contents(lake)
    KINDS[name](paths(lake)[0], paths(lake, ETH)[0])
    check(lake, before, right)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_damage_at_random(sound, tmp_path):
    """Any bit, cut and kind, on any object, at any moment after it was read."""
    chance = random.Random(int(os.environ.get("CQS_DAMAGE_SEED", "1")))
    for n in range(int(os.environ.get("CQS_DAMAGE_TRIALS", "300"))):
        shutil.copytree(sound, tmp_path / str(n), copy_function=shutil.copy2)
        lake = Lake(Bucket(tmp_path / str(n)))
        right, before = {kind: look() for kind, look in looks(lake, BTC).items()}, contents(lake)
        target, other = chance.choice(paths(lake)), paths(lake, ETH)[0]
        kind = chance.choice(["bit", "bit", "cut", *KINDS])
        print(n, kind, target.name)
        if kind == "bit":
            flip(target, chance)
        elif kind == "cut":
            target.write_bytes(target.read_bytes()[: chance.randrange(target.stat().st_size)])
        else:
            KINDS[kind](target, other)
        check(lake, before, right)
        shutil.rmtree(tmp_path / str(n))


class TestOnceForEachVersion:
    """Hashing is asked for once, and again where the file changed."""

    @pytest.fixture
    def hashed(self, monkeypatch) -> list[str]:
        from cqs_core.lake import checking

        seen, honest = [], checking.as_named
        monkeypatch.setattr(checking, "as_named", lambda key, data: (seen.append(key), honest(key, data))[1])
        return seen

    def test_a_second_read_hashes_nothing(self, lake, hashed, monkeypatch):
        grow_old(lake.bucket.folder)
        monkeypatch.setattr("cqs_core.bucket.checked_files._REST", -(1 << 62))  # ctime is now, whatever mtime says
        lake.read(BTC)
        assert len(hashed) == 3
        lake.read(BTC)
        lake.sql(SQL.format("BTC/KRW"))
        assert len(hashed) == 3

    def test_nor_does_another_process(self, lake, hashed, monkeypatch):
        from cqs_core.bucket.checked_files import soundness

        monkeypatch.setattr("cqs_core.bucket.checked_files._REST", -(1 << 62))
        lake.read(BTC)
        soundness.cache_clear()
        lake.read(BTC)
        assert len(hashed) == 3

    def test_a_question_about_one_market_checks_that_market_only(self, lake, hashed):
        lake.sql(SQL.format("ETH/KRW"))
        lake.read(ETH)
        assert {key.rpartition("/")[0] for key in hashed} == {ETH.folder}

    def test_a_range_checks_only_its_objects(self, lake, hashed):
        lake.read(BTC, START, START + 10 * HOUR)
        assert len(hashed) == 1

    def test_what_was_just_written_is_looked_at_again(self, lake, hashed):
        put(lake, ETH, walk(95, 3), 90, 95)
        for _ in range(2):
            lake.read(ETH, START + 90 * HOUR)
        assert len(hashed) == 2

    def test_merging_and_publishing_hash_whatever_is_known(self, lake, hashed, monkeypatch):
        monkeypatch.setattr("cqs_core.bucket.checked_files._REST", -(1 << 62))
        lake.read(BTC)
        hashed.clear()
        lake.publish([BTC])
        monkeypatch.setenv("CQS_PUBLISH", "1h")
        lake.publish([BTC])
        assert len(hashed) == 3
        lake.compact([BTC])
        assert len(hashed) == 6

    @pytest.mark.parametrize("spoiled", [b"", b"{", b"[1]", b'[1, {"a": 3}]', b'[1, {"a": [1, 2]}]'])
    def test_a_spoiled_memory_is_no_harm(self, lake, own_folders, monkeypatch, spoiled):
        from cqs_core.bucket.checked_files import soundness

        monkeypatch.setattr("cqs_core.bucket.checked_files._REST", -(1 << 62))
        lake.read(BTC)
        for path in (own_folders / "cache" / "sound").iterdir():
            path.write_bytes(spoiled)
        soundness.cache_clear()
        assert len(lake.read(BTC)) == 100


class TestOneDamagedObjectHurtsOnlyItsSeries:
    @pytest.fixture
    def hurt(self, lake) -> Lake:
        KINDS["rewritten: no ts, hashed"](paths(lake)[2], paths(lake, ETH)[0])
        return lake

    def test_sql_over_other_markets_works_and_warns(self, hurt, caplog):
        assert hurt.sql(SQL.format("ETH/KRW")).num_rows == 90
        assert "upbit BTC/KRW 1h cannot be read, which this query does not need" in caplog.text
        assert "is missing" in caplog.text

    def test_known_damage_is_told_too(self, lake, caplog, monkeypatch):
        monkeypatch.setattr("cqs_core.bucket.checked_files._REST", -(1 << 62))
        flip(paths(lake)[0], random.Random(1))
        with pytest.raises(DataError):
            lake.read(BTC)
        assert lake.sql(SQL.format("ETH/KRW")).num_rows == 90
        assert "is damaged and not read" in caplog.text

    @pytest.mark.parametrize(
        "query", ["select count(*) from candles", "select market from candles where close > 0 group by market"]
    )
    def test_sql_that_needs_it_is_refused(self, hurt, query):
        with pytest.raises(DataError, match="is missing"):
            hurt.sql(query)

    def test_status_gaps_and_compaction_go_on(self, hurt):
        btc, eth = hurt.status()
        assert "has the wrong schema" in btc.problem
        assert eth.problem == ""
        assert [bool(one.problem) for one in hurt.holes()] == [True, False]
        put(hurt, ETH, walk(99, 3), 90, 99)
        done = hurt.compact()
        assert (done.merged, done.written, len(done.problems)) == (2, 1, 1)

    def test_publishing_writes_the_others(self, hurt, monkeypatch):
        monkeypatch.setenv("CQS_PUBLISH", "1h")
        with pytest.raises(CqsError, match="is missing"):
            hurt.publish()
        assert hurt.bucket.exists("data/processed/ETH_1h.parquet")
        assert not hurt.bucket.exists("data/processed/BTC_1h.parquet")

    def test_candles_of_other_dates_are_read(self, hurt):
        assert len(hurt.read(BTC, START, START + 40 * HOUR)) == 40


class TestReceipts:
    def test_lakes_without_them_are_read_and_compacted(self, lake):
        for path in lake.bucket.folder.rglob("*.receipt"):
            path.unlink()
        before = lake.read(BTC)
        paths(lake)[0].unlink()  # nobody can know
        assert len(lake.read(BTC)) == 60
        for _ in range(2):
            lake.compact(grace=-1)
        assert lake.read(BTC).equals(before.slice(40))

    def test_compaction_takes_them_away_with_its_inputs(self, lake):
        for _ in range(2):
            lake.compact(grace=-1)
        kept = [o.key for s in (BTC, ETH) for o in lake.objects(s)]
        found = {e.key for e in lake.bucket.list("data/candles/exchange=upbit")}
        assert found == {*kept, *map(receipt_of, kept)}

    def test_a_kill_between_deleting_inputs_and_their_receipts_is_no_damage(self, lake):
        lake.compact(grace=-1)
        inputs = [o.key for o in lake.objects(BTC) if o.rows < 100]
        lake.bucket.delete(inputs)
        assert len(lake.read(BTC)) == 100
        assert [one.problems for one in lake.verify()] == [[], []]
        lake.compact(grace=-1)
        assert len(lake.bucket.list(BTC.folder)) == 2

    def test_a_series_that_is_missing_altogether_is_still_known(self, lake):
        for path in paths(lake):
            path.unlink()
        assert BTC in lake.series()
        assert "is missing" in lake.status()[0].problem
        with pytest.raises(DataError, match="is missing"):
            lake.candles("upbit", ["BTC/KRW"], "1h")
        with pytest.raises(DataError, match="is missing"):
            lake.derive(DAYS)

    def test_a_series_whose_folder_was_deleted_is_no_damage(self, lake):
        shutil.rmtree(lake.bucket.folder / BTC.folder)
        assert lake.series() == [ETH]
        assert [one.problems for one in lake.verify()] == [[]]

    def test_a_range_that_was_answered_again_is_not_missed(self, lake):
        paths(lake)[0].unlink()
        put(lake, BTC, walk(100, 1), 0, 20)
        with pytest.raises(DataError, match="is missing"):
            lake.read(BTC)
        put(lake, BTC, walk(100, 1), 20, 40)
        assert len(lake.read(BTC)) == 100

    def test_objects_say_whose_they_are(self, lake):
        import pyarrow.parquet as pq

        about = pq.read_metadata(paths(lake)[0]).metadata
        assert about[b"cqs.series"] == b"upbit BTC/KRW 1h"
        assert about[b"cqs.name"].startswith(b"20240101T000000-20240102T160000_")


BEFORE = Path(__file__).parent / "written_before"


def test_a_lake_written_before_objects_were_checked_is_read(tmp_path):
    shutil.copytree(BEFORE, tmp_path / "old")
    lake = Lake(Bucket(tmp_path / "old"))
    hashes = {str(one.series): one.sha256[:16] for one in lake.verify()}
    known = {"1d": "3c039354b084b073", "1h": "e7bee2826acba99b"}
    assert {f"upbit BTC/KRW {i}": value for i, value in known.items()}.items() <= hashes.items()
    assert lake.sql("select count(*) n from candles").to_pylist() == [{"n": 140}]
    assert [one.rows for one in lake.status()] == [40, 60, 40]
    for _ in range(2):
        lake.compact(grace=-1)
    assert {str(one.series): one.sha256[:16] for one in lake.verify()} == hashes
    [object_] = lake.objects(BTC)
    assert lake.bucket.exists(receipt_of(object_.key))


@pytest.mark.parametrize("kind", ["cuts: half left", *(name for name in KINDS if name.startswith("bits: page of"))])
def test_damage_of_an_object_written_before_is_found_all_the_same(tmp_path, kind):
    shutil.copytree(BEFORE, tmp_path / "old")
    lake = Lake(Bucket(tmp_path / "old"))
    target = max(paths(lake), key=lambda path: path.stat().st_size)
    KINDS[kind](target, target)
    with pytest.raises(DataError, match=target.name):
        lake.read(BTC)
    assert any(target.name in problem for one in lake.verify() for problem in one.problems)
