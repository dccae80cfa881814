"""The queries that the SQL page offers run on the demo, and have rows."""

from __future__ import annotations

import pytest

from cqs_core import Lake

catalog = pytest.importorskip("cqs_data.views.sql.catalog", reason="the examples are those of the page")


def test_every_example_has_rows(demo):
    lake = Lake(str(demo))
    assert len(catalog.examples()) == 7
    for title, query in catalog.examples().items():
        assert lake.sql(query).num_rows, title


def test_the_catalog_has_the_columns_of_candles(demo):
    described = Lake(str(demo)).sql("describe candles").to_pylist()
    assert [row["column_name"] for row in described] == list(catalog.CANDLES)
