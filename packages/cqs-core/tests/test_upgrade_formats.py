"""What a newer version wrote is refused by name, never passed over."""

from __future__ import annotations

import json

import pytest

from cqs_core import Bucket, DataError, Lake, Series, jobs
from cqs_core.files import NewerFormat, format_fields, require_format
from cqs_core.files.folders import state_folder
from cqs_core.jobs.job_registry import _forget_old
from cqs_core.lake.cleaning import Reject
from cqs_core.lake.rejects import quarantine, quarantined
from cqs_core.testing.candles import flat_table
from cqs_core.time.intervals import DAY
from cqs_core.trading import read_costs
from cqs_core.trading.costs_file import MeasuredCosts, costs_key

BTC = Series("upbit", "BTC/KRW", "1d")
MARK = "data/candles/_format_1"


@pytest.fixture
def lake(tmp_path):
    lake = Lake(str(tmp_path))
    lake.append(BTC, flat_table(3, 0, 7.0), 0, 3 * DAY)
    return lake


def test_a_lake_has_a_mark_that_says_who_wrote_it(lake):
    assert json.loads(lake.bucket.read(MARK)) == format_fields("cqs-core", 1)
    assert lake.inventory().unknown == []
    assert [list(one.problems) for one in lake.verify()] == [[]]


def test_a_lake_without_a_mark_is_read(lake):
    lake.bucket.delete([MARK])
    assert lake.status()[0].rows == 3
    assert lake.read(BTC).num_rows == 3


def test_the_mark_is_written_once(lake):
    lake.bucket.write(MARK, b"{}")
    lake.append(Series("upbit", "ETH/KRW", "1d"), flat_table(3, 0, 7.0), 0, 3 * DAY)
    assert lake.bucket.read(MARK) == b"{}"


@pytest.mark.parametrize("content", [b'{"written_by": "cqs-core 9.1"}', b"", b"[]"])
def test_a_newer_lake_is_refused_by_everything_that_lists_it(lake, content):
    lake.bucket.write("data/candles/_format_2", content)
    writer = "cqs-core 9.1" if b"9.1" in content else "a newer cqs-core"
    for look in (lake.status, lake.series, lake.verify, lake.compact, lambda: lake.sql("select * from candles")):
        with pytest.raises(NewerFormat, match=f"of format 2, written by {writer}; this version reads 1: upgrade"):
            look()


def test_an_object_of_a_later_format_is_refused_by_everything_that_reads_its_series(lake):
    lake.bucket.write(f"{BTC.folder}/v2_anything.parquet", b"")
    for look in (
        lake.status,
        lambda: lake.read(BTC),
        lake.compact,
        lambda: lake.derive("BTC 1w"),
        lambda: lake.objects(BTC),
    ):
        with pytest.raises(NewerFormat, match="format 2; this version reads 1: upgrade cqs-core"):
            look()


def test_objects_that_are_not_understood_are_counted(lake):
    strange = [
        "data/candles/README",
        f"{BTC.folder}/notes.txt",
        "data/candles/exchange=x/market=Y/interval=7d/a.parquet",
    ]
    for key in strange:
        lake.bucket.write(key, b"x")
    assert lake.inventory().unknown == sorted(strange)
    assert lake.status()[0].rows == 3


def test_what_has_no_format_is_of_the_first():
    require_format("run 'x'", {}, 1, "cqs-backtest")


@pytest.mark.parametrize("version", [0, -1, "1", None, 1.5, True, [1]])
def test_a_format_that_is_not_a_number_is_damage(version):
    with pytest.raises(DataError, match=r"run 'x' has format .* it is damaged"):
        require_format("run 'x'", {"format": version}, 1, "cqs-backtest")


def test_a_newer_format_is_named_with_its_writer():
    with pytest.raises(
        NewerFormat,
        match=r"^run 'x' is of format 3, written by cqs-backtest 9; this version reads 2: upgrade cqs-backtest$",
    ):
        require_format("run 'x'", {"format": 3, "written_by": "cqs-backtest 9"}, 2, "cqs-backtest")


def test_two_writers_of_the_first_candles_leave_one_mark(tmp_path):
    for _ in range(2):
        Lake(Bucket(str(tmp_path))).append(BTC, flat_table(3, 0, 7.0), 0, 3 * DAY)
    assert [entry.key for entry in Bucket(str(tmp_path)).list("data/candles") if "_format_" in entry.key] == [MARK]


REFUSED = [[0, 5.0, 4.0, 3.0, 5.0, 1.0], "inconsistent"]
COSTS = MeasuredCosts("Main", 2.5, 3.0, 2.0, 40, 1e6, "upbit", "momentum", "2026-01-01", "2026-02-01", "2026-02-02")


def stored_by(bucket, key, **fields):
    """Write an object again as another version would have: `None` takes a field away."""
    about = json.loads(bucket.read(key)) | fields
    bucket.write(key, json.dumps({name: value for name, value in about.items() if value is not None}).encode())


def test_refused_rows_are_stored_once_by_whatever_version(lake):
    keys = {quarantine(lake.bucket, BTC, [Reject(*REFUSED)], (0, DAY), "exchange") for _ in range(2)}
    [key] = keys
    assert json.loads(lake.bucket.read(key)).items() >= format_fields("cqs-core", 1).items()
    assert key.endswith("0-86400000_f52d5ddfeb96bc12.json")  # as it was named before the format was in it


def test_refused_rows_of_an_upgrade_and_before(lake):
    key = quarantine(lake.bucket, BTC, [Reject(*REFUSED)], (0, DAY), "exchange")
    stored_by(lake.bucket, key, format=None, written_by=None)
    assert [one.reason for one in quarantined(lake.bucket, BTC)] == ["inconsistent"]
    stored_by(lake.bucket, key, format=2, written_by="cqs-core 9.1")
    with pytest.raises(NewerFormat, match=r"of format 2, written by cqs-core 9.1; this version reads 1: upgrade"):
        list(quarantined(lake.bucket, BTC))


def test_measured_costs_of_an_upgrade_and_before(tmp_path):
    bucket = Bucket(str(tmp_path))
    key = COSTS.write(bucket)
    assert key == costs_key("Main")
    stored_by(bucket, key, format=None, written_by=None)
    assert read_costs(bucket, "Main") == COSTS
    stored_by(bucket, key, format=2, written_by="cqs-core 9.1")
    with pytest.raises(NewerFormat, match=r"of format 2, written by cqs-core 9.1; this version reads 1: upgrade"):
        read_costs(bucket, "Main")


def made_job(number, **fields):
    """A job that an earlier version began and ended."""
    folder = state_folder() / "jobs" / f"20260101T000000-{number:08x}"
    folder.mkdir(parents=True)
    request = {"title": "Fetch", "args": ["fetch", "--json"], "started": 1_767_225_600.5} | fields
    (folder / "request.json").write_text(json.dumps(request))
    (folder / "end.json").write_text('{"code":0,"at":1767225610.5}')
    return folder


def test_a_job_of_before_the_upgrade_is_listed(own_folders):
    made_job(1)
    [job] = jobs.listing()
    assert (job.title, job.state, job.newer) == ("Fetch", "done", False)


def test_a_job_of_a_newer_version_hides_no_others_says_why_and_stays(own_folders, monkeypatch):
    newer = made_job(2, format=2, written_by="cqs-core 9.1", args=7)
    made_job(1)
    found = {job.id[-1]: job for job in jobs.listing()}
    why = f"job '{newer.name}' is of format 2, written by cqs-core 9.1; this version reads 1: upgrade cqs-core"
    assert (found["1"].state, found["2"].state, found["2"].title) == ("done", "failed", "Fetch")
    assert found["2"].note == why
    assert why in found["2"].log
    jobs.forget([job.id for job in found.values()])
    monkeypatch.setattr("cqs_core.jobs.job_registry._KEPT", 0)
    _forget_old()
    assert [job.id for job in jobs.listing()] == [newer.name]


def test_a_new_job_says_its_format(own_folders, monkeypatch):
    monkeypatch.setattr("cqs_core.jobs.job_registry._spawn", lambda *_: None)
    job = jobs.start("Version", ["help"])
    assert json.loads((job.folder / "request.json").read_text()).items() >= format_fields("cqs-core", 1).items()
