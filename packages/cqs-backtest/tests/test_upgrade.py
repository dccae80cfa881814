"""A lake and a run that an earlier version wrote are read, and the run can be made again from them."""

import json
import shutil
from pathlib import Path

import pytest

from cqs_backtest.runs import listing, read
from cqs_backtest.runs.reproducing import verify
from cqs_backtest.search.validations import keep_validation, validations
from cqs_backtest.trials import Subject, merge, record, trials
from cqs_core import Bucket
from cqs_core.files import NewerFormat, format_fields, parquet_bytes, parquet_table

BEFORE = Path(__file__).parent / "written_before"


@pytest.fixture
def old(tmp_path) -> Bucket:
    shutil.copytree(BEFORE, tmp_path / "old")
    return Bucket(tmp_path / "old")


def test_a_run_written_before_is_listed_and_loaded(old):
    [run] = listing(old)
    stored = read(old, "20261129T212435-volatility-breakout-52f3b4")
    assert run["id"] == stored.id
    assert len(stored.equity) == 40
    assert stored.equity[-1] == pytest.approx(9921642.043028131)
    assert len(stored.trades_frame()) == 5


def test_a_run_written_before_is_made_again_from_the_lake_of_then(old):
    """Code and libraries may have changed since; candles have not."""
    because = verify(old, "20261129T212435")["because"]
    assert not [why for why in because if why.startswith(("data:", "it cannot be made again"))]


NEWER = "of format 2, written by cqs-backtest 9.1; this version reads 1: upgrade cqs-backtest"
SUBJECT = Subject("momentum", "upbit", ("BTC/KRW",), "1d", 0, 86_400_000)


def test_a_test_of_a_run_is_read_from_before_the_upgrade_and_refused_from_a_newer_version(tmp_path):
    bucket, key = Bucket(str(tmp_path)), "runs/a-run/validation/permute.json"
    keep_validation(bucket, "permute", {"run": "a-run", "p": 0.5}, {"seed": 1})
    made = json.loads(bucket.read(key))
    assert made.items() >= format_fields("cqs-backtest", 1).items()
    bucket.write(key, json.dumps({name: made[name] for name in made if name not in ("format", "written_by")}).encode())
    assert validations(bucket, "a-run")["permute"]["p"] == 0.5
    bucket.write(key, json.dumps(made | {"format": 2, "written_by": "cqs-backtest 9.1"}).encode())
    with pytest.raises(NewerFormat, match=NEWER):
        validations(bucket, "a-run")
    bucket.write(key, json.dumps(made | {"format": "x"}).encode())
    assert validations(bucket, "a-run") == {}


def test_trials_are_read_from_before_the_upgrade_and_refused_from_a_newer_version(tmp_path):
    bucket, key = Bucket(str(tmp_path)), SUBJECT.key("set-1")
    record(bucket, SUBJECT, "set-1", [{"bars": 1}], [0.5])
    table = parquet_table(bucket.read(key))
    about = dict(table.schema.metadata)
    assert json.loads(about.pop(b"cqs.format")) == format_fields("cqs-backtest", 1)

    def stored_by(**fields):
        bucket.write(key, parquet_bytes(table.replace_schema_metadata({**about, **fields})))

    stored_by(format="1", written_by="cqs-backtest 0.1.0")  # as it was written before
    assert len(trials(bucket, SUBJECT)) == 1
    stored_by(**{"cqs.format": json.dumps({"format": 2, "written_by": "cqs-backtest 9.1"})})
    for use in (lambda: trials(bucket, SUBJECT), lambda: merge(bucket, SUBJECT, "all", ["set-1"])):
        with pytest.raises(NewerFormat, match=NEWER):
            use()
    assert bucket.exists(key)
