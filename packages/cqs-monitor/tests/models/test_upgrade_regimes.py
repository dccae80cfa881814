"""Stored regimes of an earlier version are read, those of a newer one are refused."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from cqs_core.files import NewerFormat, format_fields, parquet_bytes, parquet_table
from cqs_monitor.models.evaluation.regimes import Regimes, key, store, stored


def test_regimes_of_an_upgrade_and_before(bucket):
    days = pd.DataFrame({"regime": ["bull"]}, index=pd.DatetimeIndex(["2026-01-01"], tz="UTC"))
    store(bucket, Regimes.of("v1", "upbit", "BTC/KRW", days, {"accuracy": 0.5}))
    name = key("v1", "upbit", "BTC/KRW")
    table = parquet_table(bucket.read(name))
    assert json.loads(table.schema.metadata[b"cqs.format"]) == format_fields("cqs-monitor", 1)
    bucket.write(name, parquet_bytes(table.replace_schema_metadata({"cqs": '{"accuracy": 0.5}'})))
    assert stored(bucket, "v1", "upbit", "BTC/KRW").evaluation == {"accuracy": 0.5}
    newer = json.dumps({"format": 2, "written_by": "cqs-monitor 9.1"})
    bucket.write(name, parquet_bytes(table.replace_schema_metadata({"cqs": "{}", "cqs.format": newer})))
    with pytest.raises(NewerFormat, match=r"of format 2, written by cqs-monitor 9.1; this version reads 1: upgrade"):
        stored(bucket, "v1", "upbit", "BTC/KRW")
