"""Records of imports: those of an earlier version are read, those of a newer one are refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from cqs_core import Lake, Series
from cqs_core.files import NewerFormat, format_fields
from cqs_core.lake import candle_table
from cqs_core.time.intervals import DAY
from cqs_data.importing.records import FOLDER, ImportRecord, import_id, imports, rename_records, undo, write_record

BTC, XBT = Series("upbit", "BTC/KRW", "1d"), Series("upbit", "XBT/KRW", "1d")
SEQ = 1_704_067_200_123


@pytest.fixture
def lake(tmp_path):
    lake = Lake(str(tmp_path))
    lake.append(BTC, candle_table(np.array([0]), np.full((1, 5), 7.0)), 0, DAY, "import", seq=SEQ)
    write_record(lake.bucket, ImportRecord(import_id(SEQ), *BTC, 0, 0, 1, "import", files=["mine.csv"]))
    return lake


def stored_by(lake, **fields):
    """Write the record again as another version would have: `None` takes a field away."""
    [entry] = lake.bucket.list(FOLDER)
    about = json.loads(lake.bucket.read(entry.key)) | fields
    lake.bucket.write(entry.key, json.dumps({k: v for k, v in about.items() if v is not None}).encode())


def test_a_record_says_its_format_and_one_of_before_the_upgrade_is_read(lake):
    [entry] = lake.bucket.list(FOLDER)
    assert json.loads(lake.bucket.read(entry.key)).items() >= format_fields("cqs-data", 1).items()
    assert [one.files for one in imports(lake)] == [["mine.csv"]]
    stored_by(lake, format=None, written_by=None)
    assert [one.files for one in imports(lake)] == [["mine.csv"]]


def test_a_record_of_a_newer_version_is_refused_and_stays(lake):
    stored_by(lake, format=2, written_by="cqs-data 9.1")
    for use in (
        lambda: imports(lake),
        lambda: undo(lake, import_id(SEQ)),
        lambda: rename_records(lake.bucket, BTC, XBT),
    ):
        with pytest.raises(NewerFormat, match=r"of format 2, written by cqs-data 9.1; this version reads 1: upgrade"):
            use()
    assert len(lake.bucket.list(FOLDER)) == 1
    assert lake.read(BTC).num_rows == 1
