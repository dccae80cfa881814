"""Reading with Arrow leaves nothing behind that a process could not end with."""

from __future__ import annotations

import subprocess
import sys

import pyarrow as pa
import pytest

from cqs_core.files.arrow import parquet_bytes, parquet_table, stream_of
from cqs_core.lake.series_table import encode
from cqs_core.testing.candles import flat_table

CHILDREN = """
import os, sys
import pyarrow.parquet
from cqs_core.files.arrow import parquet_table, stream_of
from cqs_core.lake.series_table import encode
from cqs_core.testing.candles import flat_table

data, _ = encode(flat_table(300))
for _ in range(int(sys.argv[1])):
    child = os.fork()
    if not child:
        break
    _, ended = os.waitpid(child, 0)
    if ended:
        sys.exit(f"ended with {ended}")
if not child:
    for _ in range(4):
        READ
"""


def children(times: int, read: str = "parquet_table(data)") -> subprocess.CompletedProcess[str]:
    """So many processes that read and end; the first that does not end well ends it."""
    code = CHILDREN.replace("READ", read)
    return subprocess.run(
        [sys.executable, "-c", code, str(times)], capture_output=True, text=True, timeout=300, check=False
    )


def test_a_process_that_has_read_ends_well_many_times():
    ended = children(12)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.soak
def test_a_process_that_has_read_ends_well_very_many_times():
    ended = children(1_000)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_arrow_keeps_nothing_of_python():
    data, _ = encode(flat_table(300))
    before = sys.getrefcount(data)
    stream, table = stream_of(data), parquet_table(data)
    assert sys.getrefcount(data) == before
    assert (stream.size(), len(table)) == (len(data), 300)


def test_what_is_no_parquet_is_said_to_be_none():
    with pytest.raises(pa.ArrowInvalid):
        parquet_table(b"no parquet")


def test_a_table_comes_back_from_its_bytes():
    table = flat_table(300).replace_schema_metadata({"exchange": "upbit"})
    again = parquet_table(parquet_bytes(table))
    assert again.equals(table)
    assert again.schema.metadata[b"exchange"] == b"upbit"


ALONE = """
import sys
import numpy as np
from cqs_core.cli import without_pandas
without_pandas()
without_pandas()
import pyarrow as pa
table = pa.table({"a": pa.array([1.0, None]), "b": np.arange(2)})
assert table["a"].to_pylist() == [1.0, None] and "pandas" not in sys.modules
"""
THEN = {
    "imported": """
import pandas as pd
assert pa.array(pd.Series([1.0, None])).null_count == 1
assert pa.table(pd.DataFrame({"a": [1.0, None]}))["a"].null_count == 1
assert pa.array(pd.Series([1.0, None], dtype=object), from_pandas=None).null_count == 1
""",
    "asked for": "assert table.to_pandas()['a'].isna().tolist() == [False, True]",
    "loaded by name": """
import importlib
assert importlib.import_module("pandas.io.parquet").__name__ == "pandas.io.parquet"
assert pa.array(sys.modules["pandas"].Series([1.0, None])).null_count == 1
""",
}


@pytest.mark.once
@pytest.mark.parametrize("then", list(THEN))
def test_arrow_converts_without_pandas_until_something_imports_it(then):
    found = subprocess.run([sys.executable, "-c", ALONE + THEN[then]], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
