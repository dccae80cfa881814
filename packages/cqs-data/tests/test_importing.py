"""Files into the lake, and the way back."""

from __future__ import annotations

import contextlib
import gzip

import numpy as np
import pandas as pd
import pytest

from cqs_core import Bucket, Lake, Series, UnknownName, UsageError
from cqs_core.cli import run_command
from cqs_core.lake import candle_table, quarantined, stamps
from cqs_core.testing.command import cqs_json, refusal
from cqs_core.time import clock
from cqs_core.time.intervals import DAY, HOUR, MINUTE
from cqs_data.importing import Options, import_files, imports, undo
from cqs_data.importing.records import rename_records

SERIES = Series("upbit", "BTC/KRW", "1d")
FIRST = clock.parse_start("2024-01-01")
OPTIONS = Options("upbit", "BTC/KRW")


def frame(n: int = 20, step: int = DAY, start: int = FIRST, scale: float = 1.0) -> pd.DataFrame:
    i = np.arange(n, dtype=float)
    prices = {"open": 100 + i, "high": 103 + i, "low": 98 + i, "close": 101 + i}
    return pd.DataFrame(
        {"ts": start + step * np.arange(n), **{k: v * scale for k, v in prices.items()}, "volume": 5 + i}
    )


def stored(lake: Lake, data: pd.DataFrame, series: Series = SERIES, source: str = "exchange", step: int = DAY) -> None:
    ts = data["ts"].to_numpy(dtype=np.int64)
    lake.append(series, candle_table(ts, data.iloc[:, 1:].to_numpy()), int(ts[0]), int(ts[-1]) + step, source)


def hashes(lake: Lake) -> dict[Series, str | None]:
    found = lake.verify()
    assert not [problem for one in found for problem in one.problems]
    return {one.series: one.sha256 for one in found}


@pytest.fixture
def file(tmp_path):
    """Write rows to a CSV of this name."""

    def write(data: pd.DataFrame, name: str = "a.csv"):
        data.to_csv(tmp_path / name, index=False)
        return tmp_path / name

    return write


LEFT = ["data/candles/_format_1"]
"""What is left of a lake that was stored in: the mark of its format."""


def keys(lake):
    return [entry.key for entry in lake.bucket.list()]


class TestStored:
    def test_candles_are_marked_and_bad_rows_kept_apart(self, lake, file):
        data = frame().astype({"close": object})
        data.loc[4, "low"] = -1
        [done] = import_files(lake, [file(data)], OPTIONS)
        assert (done.row()["rows"], done.row()["rejected"], done.row()["replaced"]) == (19, 1, 0)
        assert {o.source for o in lake.objects(SERIES)} == {"import"}
        assert [q.reason for q in quarantined(lake.bucket, SERIES)] == ["price"]
        assert stamps(lake.read(SERIES)).tolist() == [FIRST + i * DAY for i in range(20) if i != 4]

    def test_jumps_against_what_is_stored_are_flagged(self, lake, file):
        stored(lake, frame(5))
        [done] = import_files(lake, [file(frame(5, start=FIRST + 5 * DAY, scale=100))], OPTIONS)
        assert done.flagged == 1

    def test_a_dry_run_stores_nothing(self, lake, file):
        [done] = import_files(lake, [file(frame())], OPTIONS, dry_run=True)
        assert (done.row()["rows"], done.id) == (20, None)
        assert lake.bucket.list() == []

    def test_one_bad_file_of_many_and_nothing_is_stored(self, lake, file, tmp_path):
        good = file(frame())
        (tmp_path / "b.csv").write_text("no candles\n")
        with pytest.raises(UsageError, match=r"'b.csv' is not a table.*nothing was stored"):
            import_files(lake, [good, tmp_path / "b.csv"], OPTIONS)
        assert lake.bucket.list() == []

    def test_folders_patterns_and_names_of_files(self, lake, tmp_path):
        for n, month in enumerate(("2024-01", "2024-02")):
            frame(20, HOUR, FIRST + n * 20 * HOUR).to_csv(tmp_path / f"ETHUSDT-1h-{month}.csv", index=False)
        for where in (tmp_path, tmp_path / "ETH*.csv"):
            done = import_files(lake, [where], Options("binance"))
            assert [one.found.series for one in done] == [Series("binance", "ETH/USDT", "1h")] * 2
            assert len({one.id for one in done}) == 1
        assert len(lake.read(Series("binance", "ETH/USDT", "1h"))) == 40

    def test_a_folder_is_read_with_all_that_is_below_it(self, lake, tmp_path):
        for n, place in enumerate(("btc/1d", "btc", "btc/.hidden")):
            (tmp_path / place).mkdir(parents=True, exist_ok=True)
            frame(20, start=FIRST + 20 * n * DAY).to_csv(tmp_path / place / f"{n}.csv", index=False)
        (tmp_path / "btc" / "README.md").write_text("how it was made")
        done = import_files(lake, [tmp_path / "btc"], OPTIONS)
        assert [one.found.file for one in done] == ["1.csv", "0.csv"]
        for pattern, files in (("*/*.csv", ["1.csv"]), ("**/*.csv", ["1.csv", "0.csv"])):
            assert [one.found.file for one in import_files(lake, [tmp_path / pattern], OPTIONS, dry_run=True)] == files

    @pytest.mark.parametrize(
        ("data", "told"),
        [
            (b"7z\xbc\xaf\x27\x1c" + bytes(60), "is a 7z archive"),
            (b"\x89HDF\r\n" + bytes(60), "is HDF5"),
            (bytes(257) + b"ustar" + bytes(300), "is a tar archive; unpack it"),
        ],
    )
    def test_what_has_to_be_unpacked_first_is_named(self, data, told, lake, tmp_path):
        (tmp_path / "candles.bin").write_bytes(data)
        with pytest.raises(UsageError, match=told):
            import_files(lake, [tmp_path / "candles.bin"], OPTIONS)

    def test_exchanges_that_are_gone(self, lake, file):
        import_files(lake, [file(frame())], Options("mtgox", "BTC/USD"))
        assert lake.series() == [Series("mtgox", "BTC/USD", "1d")]

    def test_files_that_contradict_one_another_are_refused(self, lake, file):
        with pytest.raises(UsageError, match="twice with different values"):
            import_files(lake, [file(frame()), file(frame(scale=1.1), "b.csv")], OPTIONS)

    @pytest.mark.parametrize("damage", range(40))
    def test_a_damaged_archive_is_refused_or_read(self, damage, lake, tmp_path):
        data, chance = bytearray(gzip.compress(frame().to_csv(index=False).encode())), np.random.default_rng(damage)
        for _ in range(3):
            data[chance.integers(10, len(data))] ^= 1 << chance.integers(8)
        (tmp_path / "a.csv.gz").write_bytes(bytes(data))
        with contextlib.suppress(UsageError):  # anything else would be a traceback
            import_files(lake, [tmp_path / "a.csv.gz"], OPTIONS)


@pytest.mark.parametrize("name", ["btc.csv", "btc.parquet"])
def test_what_is_exported_can_be_imported_again(lake, name, tmp_path):
    stored(lake, frame())
    lake.export(tmp_path / name, SERIES)
    (tmp_path / "other").mkdir()
    other = Lake(Bucket(tmp_path / "other"))
    import_files(other, [tmp_path / name], OPTIONS)
    assert hashes(other) == hashes(lake)


class TestAgainstTheLake:
    @pytest.mark.parametrize("have", ["1h", "1d", "5m"])
    def test_a_clock_that_is_off_by_hours_is_refused_with_the_zone_that_fits(self, have, lake, file):
        n = {"1h": 600, "1d": 30, "5m": 600}[have]
        step = {"1h": HOUR, "1d": DAY, "5m": 5 * MINUTE}[have]
        walk = frame(40 * 24 * 12 + 12, 5 * MINUTE)
        walk["close"] = 100 + np.random.default_rng(1).normal(0, 1, len(walk)).cumsum().clip(-80)
        ends = walk.set_index(walk["ts"] + 5 * MINUTE)["close"]

        def bars(size: int, count: int) -> pd.DataFrame:
            made = frame(count, size)
            close = ends.reindex(made["ts"] + size).to_numpy()
            return made.assign(open=close, high=close + 1, low=close - 1, close=close)

        stored(lake, bars(step, n), SERIES._replace(interval=have), step=step)
        late = bars(HOUR, 40 * 24 - 24)
        late["ts"] += 9 * HOUR
        naive = late.assign(ts=pd.to_datetime(late["ts"], unit="ms").dt.strftime("%Y-%m-%d %H:%M:%S"))
        with pytest.raises(UsageError, match=r"9 hours late .* the --zone that fits is Asia/Seoul"):
            import_files(lake, [file(naive)], Options("upbit", "BTC/KRW", zone="UTC"))
        assert lake.objects(SERIES._replace(interval="4h")) == []
        [done] = import_files(lake, [file(naive)], Options("upbit", "BTC/KRW", replace=True))
        assert done.found.zone.name == "Asia/Seoul"

    def test_fetched_candles_are_replaced_only_when_told(self, lake, file):
        stored(lake, frame())
        before = hashes(lake)
        path = file(frame(scale=2.0))
        with pytest.raises(UsageError, match=r"20 fetched candles .* say --replace"):
            import_files(lake, [path], OPTIONS)
        assert hashes(lake) == before
        [done] = import_files(lake, [path], Options("upbit", "BTC/KRW", replace=True))
        assert done.replaced == 20
        assert lake.read(SERIES)["close"][0].as_py() == 202.0
        undo(lake, done.id)
        assert hashes(lake) == before

    def test_equal_values_replace_nothing(self, lake, file):
        stored(lake, frame())
        [done] = import_files(lake, [file(frame())], OPTIONS)
        assert done.replaced == 0


class TestUndo:
    def test_each_import_is_taken_back_exactly_whatever_came_after(self, lake, file):
        [first] = import_files(lake, [file(frame())], OPTIONS)
        after_first = hashes(lake)
        [second] = import_files(lake, [file(frame(30, scale=3.0), "b.csv")], OPTIONS)
        lake.compact(grace=0.0)
        lake.compact(grace=0.0)
        assert [one.id for one in imports(lake)] == [first.id, second.id]
        assert [list(one.files) for one in imports(lake)] == [["a.csv"], ["b.csv"]]
        undo(lake, second.id)
        assert hashes(lake) == after_first
        undo(lake, first.id)
        assert imports(lake) == []
        assert keys(lake) == LEFT

    def test_an_unknown_import_is_named(self, lake, file):
        import_files(lake, [file(frame())], OPTIONS)
        with pytest.raises(UnknownName, match="`cqs data imports` lists them"):
            undo(lake, "20200101T000000.000")


class TestDeleteAndRename:
    def test_a_range_is_deleted_and_no_longer_counts_as_answered(self, lake):
        stored(lake, frame())
        lake.delete(SERIES, FIRST + 5 * DAY, FIRST + 8 * DAY)
        assert stamps(lake.read(SERIES)).tolist() == [FIRST + i * DAY for i in range(20) if not 5 <= i < 8]
        assert [(gap.bars, gap.cause) for gap in lake.gaps()] == [(3, "never_fetched")]
        hashes(lake)

    def test_a_whole_series_is_deleted(self, lake):
        stored(lake, frame())
        lake.delete(SERIES)
        assert (lake.series(), keys(lake)) == ([], LEFT)

    def test_a_renamed_series_keeps_every_value(self, lake):
        stored(lake, frame())
        [before] = hashes(lake).values()
        new = SERIES._replace(market="NEW/KRW")
        assert lake.rename(SERIES, new) == 20
        assert hashes(lake) == {new: before}

    def test_with_a_renamed_series_go_its_imports_and_what_was_refused(self, lake, file):
        rows = frame(60)
        rows.loc[30, "high"] = -1.0
        for factor in (1.0, 2.0):
            path = file(rows.set_index("ts").mul(factor).reset_index(), "btc.csv")
            import_files(lake, [path], Options("kraken", "BTC/USD"))
        old = Series("kraken", "BTC/USD", "1d")
        new = old._replace(market="XBT/USD")
        weeks = len(lake.derive(old._replace(interval="1w")))
        assert lake.rename(old, new) == 59
        rename_records(lake.bucket, old, new)
        assert [record.files for record in imports(lake)] == [["btc.csv"], ["btc.csv"]]
        assert len(lake.derive(new._replace(interval="1w"))) == weeks
        for record in imports(lake):
            undo(lake, record.id)
        assert keys(lake) == LEFT

    def test_two_series_are_joined_unless_they_contradict(self, lake):
        new = SERIES._replace(market="NEW/KRW")
        stored(lake, frame(10))
        stored(lake, frame(10, start=FIRST + 9 * DAY, scale=2.0), new)
        with pytest.raises(UsageError, match=r"1 candles of .* differ"):
            lake.rename(SERIES, new)
        lake.delete(SERIES, FIRST + 9 * DAY)
        lake.rename(SERIES, new)
        assert len(lake.read(new)) == 19


class TestClock:
    def test_a_clock_with_summer_time_is_found_in_the_other_half_of_the_year(self, lake, file):
        hours = frame(400 * 24, HOUR)
        rng = np.random.default_rng(1)
        hours["close"] = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, len(hours))))
        hours["open"], hours["high"], hours["low"] = hours["close"], hours["close"] + 1, hours["close"] - 1
        hours["low"] = hours["low"].clip(lower=1e-6)
        stored(lake, hours, Series("kraken", "BTC/USD", "1h"), step=HOUR)
        there = pd.to_datetime(hours["ts"], unit="ms", utc=True).dt.tz_convert("America/New_York").dt.tz_localize(None)
        path = file(hours.assign(ts=there))
        for zone in (None, "Etc/GMT+4", "Etc/GMT+5"):
            with pytest.raises(UsageError, match="summer time"):
                import_files(lake, [path], Options("kraken", "BTC/USD", zone=zone))
        [done] = import_files(lake, [path], Options("kraken", "BTC/USD", zone="America/New_York"))
        assert len(done.found.checked.table) == len(hours) - 2  # an hour that is there twice


class TestAbsence:
    def test_absent_bars_of_an_archive_had_no_trade(self, lake, file):
        minutes = frame(240, MINUTE).drop(range(70, 80)).reset_index(drop=True)
        import_files(lake, [file(minutes)], Options("kraken", "BTC/USD"))
        series = Series("kraken", "BTC/USD", "1m")
        hour = series._replace(interval="1h")
        assert len(lake.derive(hour)) == 3
        import_files(lake, [file(minutes)], Options("kraken", "BTC/USD", absent="no-trade"))
        assert len(lake.derive(hour)) == 4
        assert [gap.cause for gap in lake.gaps([series])] == ["no_trade"]

    def test_a_month_that_is_missing_stays_a_hole(self, lake, file):
        months = [frame(100, HOUR), frame(100, HOUR, FIRST + 200 * HOUR)]
        paths = [file(month, f"{n}.csv") for n, month in enumerate(months)]
        import_files(lake, paths, Options("kraken", "BTC/USD", absent="no-trade"))
        assert [(gap.bars, gap.cause) for gap in lake.gaps()] == [(100, "never_fetched")]


class TestCommands:
    @pytest.fixture(autouse=True)
    def _bucket(self, lake, monkeypatch):
        monkeypatch.setenv("CQS_BUCKET", str(lake.bucket.folder))

    def test_from_import_to_undo(self, lake, file, capsys):
        path = file(frame(), "KRW-BTC_day.csv")
        [dry] = cqs_json("data", "import", path, "--dry-run")
        assert (dry["market"], dry["interval"], dry["import"]) == ("BTC/KRW", "1d", None)
        [row] = cqs_json("data", "import", path)
        assert list(row) == [
            *("file", "format", "exchange", "market", "interval", "zone", "first", "last"),
            *("rows", "rejected", "replaced", "flagged", "import"),
        ]
        assert (row["first"], row["rows"]) == ("2024-01-01T00:00:00+00:00", 20)
        [listed] = cqs_json("data", "imports")
        assert (listed["id"], listed["files"]) == (row["import"], ["KRW-BTC_day.csv"])
        assert cqs_json("data", "undo", row["import"])["rows"] == 20
        assert keys(lake) == LEFT

    def test_the_verdict_is_told_before_anything_is_stored(self, file, capsys):
        assert run_command(["data", "import", str(file(frame())), "--market", "BTC", "--dry-run"]) == 0
        out = capsys.readouterr()
        assert "a.csv: named-columns (csv, ,, utf-8, time 'ts' (ms), stamped at open)" in out.err
        assert "times read as UTC (in the file)" in out.err
        assert "20 candles would be imported" in out.out

    def test_deleting_wants_a_yes(self, lake, file):
        stored(lake, frame())
        words = ("data", "delete", "--market", "BTC", "--interval", "1d")
        assert "20 candles of upbit BTC/KRW 1d would be deleted; say --yes" in refusal(*words)
        assert cqs_json(*words, "--start", "2024-01-11", "--yes")["rows"] == 10
        assert len(lake.read(SERIES)) == 10

    @pytest.mark.parametrize(
        ("typed", "market"),
        [("kilo/USDT", "kilo/USDT"), ("A B/USDT", "A B/USDT"), ("kPEPE/USDT", "kPEPE/USDT"), ("btc/usdt", "BTC/USDT")],
    )
    def test_a_market_that_the_lake_has_is_found_whatever_its_case(self, typed, market, lake, file):
        stored(lake, frame(), Series("okx", "kilo/USDT", "1h"), "import")
        path = file(frame())
        [row] = cqs_json("data", "import", path, "--exchange", "okx", "--market", typed, "--dry-run")
        assert row["market"] == market

    def test_renaming(self, lake):
        stored(lake, frame())
        [row] = cqs_json("data", "rename", "BTC/KRW", "NEW/KRW")
        assert (row["market"], row["rows"]) == ("NEW/KRW", 20)
        stored(lake, frame(5, start=FIRST - 5 * DAY))
        assert "say --splice" in refusal("data", "rename", "BTC/KRW", "NEW/KRW")
        assert cqs_json("data", "rename", "BTC/KRW", "NEW/KRW", "--splice")[0]["rows"] == 5
        assert len(lake.read(SERIES._replace(market="NEW/KRW"))) == 25

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (("data", "import", "nothing.csv"), "no file 'nothing.csv'; name a file, a folder or a pattern"),
            (("data", "import", "."), "holds no file"),
            (("data", "import", "x.csv", "--zone", "Asia/Seul"), "write an IANA name"),
            (("data", "import", "x.csv", "--where", "symbol"), "is not COLUMN=VALUE"),
            (("data", "import", "x.csv", "--columns", "price=1"), "is not FIELD=COLUMN"),
            (("data", "undo", "x"), "unknown import 'x'"),
            (("data", "delete", "--market", "BTC", "--interval", "1d", "--yes"), "the lake has no upbit BTC/KRW 1d"),
            (("data", "rename", "A/KRW", "B/KRW"), "the lake has no market 'A/KRW'"),
        ],
    )
    def test_what_is_refused(self, words, told, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path / "bucket")
        assert told in refusal(*words) or "no file" in refusal(*words)


def test_a_bucket_can_be_named_as_text(tmp_path, file):
    (tmp_path / "other").mkdir()
    import_files(Lake(Bucket(tmp_path / "other")), [file(frame())], OPTIONS)
    assert len(Lake(str(tmp_path / "other")).read(SERIES)) == 20
