"""The lake on every storage."""

from __future__ import annotations

import pytest

from cqs_core import Bucket, DataError, Lake, UsageError
from cqs_core.intervals import HOUR
from cqs_core.lake.names import Series, escape, parse_folder, parse_object, unescape
from cqs_core.testing.lake import BTC, LakeContract, hours
from hypothesis import given
from hypothesis import strategies as st


class TestFolder(LakeContract):
    @pytest.fixture
    def lake(self, tmp_path):
        return Lake(Bucket(tmp_path))


class TestMemory(LakeContract):
    @pytest.fixture
    def lake(self, request):
        return Lake(Bucket(f"memory://{request.node.name.encode().hex()}"))


class TestGcs(LakeContract):
    @pytest.fixture
    def lake(self, gcs_bucket):
        return Lake(Bucket(gcs_bucket))


names = st.text(min_size=1, max_size=20).filter(lambda s: "-" not in s or "/" not in s)


@given(st.text(min_size=1, max_size=30))
def test_a_name_never_leaves_its_folder(name):
    part = escape(name)
    assert part.isascii()
    assert not set(part) & set("/\\\0:*?\"<>|_=")
    assert unescape(part) == name.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


@pytest.mark.parametrize("name", ["..", ".", "../../etc/passwd", "a/../b", "a\0b", "CON", "메/인", "BTC/USDT:USDT"])
def test_names_from_outside_stay_in_the_bucket(name, tmp_path):
    lake = Lake(Bucket(tmp_path))
    try:
        lake.append(BTC._replace(market=name), hours(0, 2), 0, 2 * HOUR)
    except UsageError:
        pass
    else:
        assert [series.market for series in lake.series()] == [name]
    inside = tmp_path / "data" / "candles" / "exchange=upbit"
    assert all(inside in path.parents for path in tmp_path.rglob("*.parquet"))


@given(st.tuples(names, names, st.sampled_from(["1m", "1h", "1M"])))
def test_a_folder_names_its_series(parts):
    series = Series(*parts)
    assert parse_folder(series.folder) == Series(*(unescape(escape(part)) for part in parts))


@pytest.mark.parametrize("name", ["x.parquet", "a_b_c_d_e_f.parquet", ".tmp", "20240101T000000-x_y_1_2_exchange_h.parquet"])
def test_strange_files_are_passed_over(name):
    assert parse_object(f"data/candles/exchange=a/market=b/interval=1h/{name}") is None


def test_rows_outside_the_answer_are_refused(tmp_path):
    with pytest.raises(DataError, match="outside the range"):
        Lake(Bucket(tmp_path)).append(BTC, hours(0, 5), HOUR, 5 * HOUR)
