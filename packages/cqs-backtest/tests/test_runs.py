"""Kept runs: made again, compared, reported."""

import json

import pytest
from handmade import WAVE, store

from cqs_backtest.runs import listing, read, set_aside, survey
from cqs_backtest.runs.reproducing import verify
from cqs_backtest.runs.run_comparison import compare
from cqs_core import Lake, UnknownName

pytestmark = pytest.mark.once

RUN = ("backtest", "run", "volatility_breakout", "--symbols", "BTC,ETH", "--start", "2024-03-01", "--json")


@pytest.fixture
def run(cqs):
    code, made, _ = cqs(*RUN)
    assert code == 0
    return made["run"]


def test_a_run_is_kept_with_all_that_made_it(bucket, run):
    made = read(bucket, run).manifest
    assert made["strategy"]["parameters"]["noise_ratio"] == 0.5
    assert len(made["strategy"]["source"]) == 64
    assert made["symbols"] == ["BTC/KRW", "ETH/KRW"]
    assert made["start"] == "2024-03-01T00:00:00+00:00"
    assert made["engine"] == "fast"
    costs = {"fee": 0.0005, "slippage_bps": 5, "lot": 0, "min_order": 0, "capital": 10_000_000, "impact": None}
    assert made["costs"] == costs | {"max_volume_share": None, "on_end": "hold"}
    assert set(made["candles"]) == {"BTC/KRW", "ETH/KRW"}
    assert {"cqs-core", "cqs-backtest", "numpy"} <= set(made["versions"])
    assert made["seed"] == 0
    assert made["badges"]["parity"] == "ok"


def test_equity_and_trades_come_back_as_they_were(bucket, cqs, run):
    _, made, _ = cqs(*RUN, "--no-keep")
    stored = read(bucket, run)
    assert stored.equity.tolist() == [value for _, value in made["equity"]]
    assert len(stored.trades_frame()) == len(made["trades"])
    assert stored.trades_frame()["pnl"].tolist() == [trade["pnl"] for trade in made["trades"]]


def test_sql_sees_runs(bucket, run):
    lake, stored = Lake(bucket), read(bucket, run)
    [row] = lake.sql("select * exclude parameters, parameters->>'noise_ratio' n from runs").to_pylist()
    assert (row["run"], row["strategy"], row["symbols"]) == (run, "volatility_breakout", ["BTC/KRW", "ETH/KRW"])
    assert (row["lookahead"], row["parity"], row["n"]) == ("ok", "ok", "0.5")
    assert row["sharpe"] == stored.manifest["performance"]["sharpe"]
    query = "select value from run_metrics join runs using (run) where metric = 'cagr' and strategy like 'vol%'"
    assert lake.sql(query).to_pylist() == [{"value": stored.manifest["performance"]["cagr"]}]
    assert lake.sql("select sum(pnl) p from run_trades").to_pylist()[0]["p"] == pytest.approx(
        stored.trades_frame()["pnl"].sum()
    )
    query = "select count(*) n from run_equity e join candles c using (ts) where run = $run and market = 'BTC/KRW'"
    assert lake.sql(query, run=run).to_pylist() == [{"n": len(stored.equity)}]
    assert {row["name"] for row in lake.sql("show tables").to_pylist()} >= {
        *("candles", "runs", "run_metrics", "run_trades", "run_equity")
    }


def test_sql_of_a_bucket_without_runs_has_no_rows(bucket):
    for name in ("runs", "run_metrics", "run_trades", "run_equity"):
        assert Lake(bucket).sql(f"select count(*) n from {name}").to_pylist() == [{"n": 0}]


def test_a_run_is_found_by_how_its_id_begins(bucket, run):
    assert read(bucket, run[:20]).id == run
    with pytest.raises(UnknownName, match="unknown run 'x'"):
        read(bucket, "x")
    with pytest.raises(UnknownName):
        read(bucket, "../logs")


def test_one_damaged_manifest_hides_no_other_run_and_can_be_set_aside(bucket, run):
    bucket.write("runs/20200101T000000-torn-000000/manifest.json", b"{torn")
    bucket.write("runs/20200101T000000-other-000000/manifest.json", b"[]")
    found, damaged = survey(bucket)
    assert [made["id"] for made in found] == [made["id"] for made in listing(bucket)] != []
    assert sorted(str(error).partition("/manifest")[0] for error in damaged) == [
        "runs/20200101T000000-other-000000",
        "runs/20200101T000000-torn-000000",
    ]
    for error in damaged:
        set_aside(bucket, str(error).split("/")[1])
    assert not survey(bucket)[1]
    assert bucket.read("data/damaged/runs/20200101T000000-torn-000000/manifest.json") == b"{torn"


def test_no_keep_keeps_nothing(bucket, cqs):
    _, made, _ = cqs(*RUN, "--no-keep")
    assert made["run"] is None
    assert made["badges"]["parity"] == "not checked"
    assert not listing(bucket)


class TestVerify:
    def test_identical(self, cqs, run):
        assert cqs("backtest", "verify", run, "--json")[1] == {"run": run, "verdict": "identical", "because": []}

    def test_a_later_update_leaves_it_identical(self, bucket, run):
        later = WAVE.iloc[-5:].copy()
        later.index = later.index + (WAVE.index[-1] - later.index[0]) + (WAVE.index[1] - WAVE.index[0])
        for market in ("BTC/KRW", "ETH/KRW"):
            store(bucket, market, later)
        assert verify(bucket, run)["verdict"] == "identical"

    def test_one_changed_candle_is_named_with_its_market(self, bucket, run):
        changed = WAVE.iloc[[10]] * [2, 2, 2, 2.001, 1]
        store(bucket, "ETH/KRW", changed)
        found = verify(bucket, run)
        assert found["verdict"] == "changed"
        assert found["because"][0] == "data: candles of ETH/KRW changed"

    def test_one_changed_stored_equity_value_is_named_with_its_time(self, bucket, run):
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = bucket.folder / "runs" / run / "equity.parquet"
        table = pq.read_table(path)
        values = table["equity"].to_pylist()
        values[7] *= 1.000001
        pq.write_table(table.set_column(1, "equity", pa.array(values)), path)
        found = verify(bucket, run)
        assert len(found["because"]) == 1
        assert found["because"][0].startswith("result: equity at 2024-03-08T00:00:00+00:00 is")

    def test_another_version_is_named(self, bucket, run):
        path = bucket.folder / "runs" / run / "manifest.json"
        made = json.loads(path.read_text())
        now = made["versions"]["numpy"]
        made["versions"]["numpy"] = "1.0"
        path.write_text(json.dumps(made))
        assert verify(bucket, run)["because"] == [f"library numpy: 1.0 then, {now} now"]


def test_a_run_is_confirmed_on_demand(bucket, cqs, run):
    path = bucket.folder / "runs" / run / "manifest.json"
    path.write_text(path.read_text().replace('"parity": "ok"', '"parity": "not checked"'))
    code, found, _ = cqs("backtest", "confirm", run, "--json")
    assert (code, found["parity"]) == (0, "ok")
    assert found["parity_difference"] < 1e-9
    assert read(bucket, run).manifest["badges"]["parity"] == "ok"


class TestCompare:
    def test_metrics_side_by_side_and_trades_that_changed(self, bucket, cqs, run):
        other = cqs(*RUN, "--set", "noise_ratio=0.9")[1]["run"]
        code, found, _ = cqs("backtest", "compare", run, other, "--json")
        assert code == 0
        assert found["runs"] == [run, other]
        assert found["settings"] == [{"setting": "noise_ratio", "values": {run: 0.5, other: 0.9}}]
        assert {row["metric"] for row in found["metrics"]} >= {"cagr", "sharpe"}
        assert {row["change"] for row in found["trades"]} <= {"entered", "left", "changed"}
        assert found["trades"]

    def test_a_run_against_itself_has_no_changes(self, bucket, run):
        found = compare(bucket, [run, run])
        assert found["settings"] == found["trades"] == []

    def test_sizes_alone_are_no_change(self, bucket, cqs, run):
        other = cqs(*RUN, "--capital", "1000")[1]["run"]
        found = compare(bucket, [run, other])
        assert [row["setting"] for row in found["settings"]] == ["capital"]
        assert found["trades"] == []
