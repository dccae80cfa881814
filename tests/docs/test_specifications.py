"""The tables of docs/spec/ are what the code has."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re

import pytest

import documents
from cqs_backtest import BacktestFacade
from cqs_backtest.run_options import RunOptions
from cqs_core import REASONS, Bucket, Candles, Costs, Fill, Orders
from cqs_core.testing.candles import random_candles
from cqs_core.trading import MeasuredCosts


def first_cells(page, heading):
    return [name for cells in documents.rows(page, heading) for name in re.findall(r"`([^`]+)`", cells[0])]


def test_candles_orders_costs_and_fills():
    arrays = {field.name for field in dataclasses.fields(Candles)}
    assert set(first_cells("spec/orders", "What a strategy gets")) <= arrays
    assert set(first_cells("spec/orders", "What it returns")) == {field.name for field in dataclasses.fields(Orders)}
    assert set(first_cells("spec/orders", "What it costs")) == {field.name for field in dataclasses.fields(Costs)}
    assert set(first_cells("spec/orders", "What an engine returns")) == set(Fill.names)
    told = next(cells[1] for cells in documents.rows("spec/orders", "What an engine returns") if "reason" in cells[0])
    assert tuple(re.findall(r"`(\w+)`", told)) == REASONS


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A kept run: its bucket, its folder, its manifest."""
    candles = random_candles(rows=60)
    data = {"BTC/KRW": frame(candles)}
    bucket = Bucket(tmp_path_factory.mktemp("runs"))
    result = BacktestFacade(bucket).run_backtest("buy_and_hold", ["BTC/KRW"], data, keep=True)
    folder = f"runs/{result['run']}"
    return bucket, folder, json.loads(bucket.read(f"{folder}/manifest.json"))


def frame(candles):
    import pandas as pd

    index = pd.to_datetime(candles.ts, unit="ms", utc=True)
    return pd.DataFrame({n: getattr(candles, n)[:, 0] for n in ("open", "high", "low", "close", "volume")}, index)


def test_the_manifest_has_the_keys_of_the_page_and_no_other(run):
    options = set(RunOptions().kept())
    assert set(run[2]) == options | set(first_cells("spec/runs", "`manifest.json`"))
    costs = next(cells[1] for cells in documents.rows("spec/runs", "`manifest.json`") if cells[0] == "`costs`")
    assert set(re.findall(r"`(\w+)`", costs)) - {"hold"} == set(run[2]["costs"])


def test_the_files_of_a_run(run):
    import io

    import pyarrow.parquet as pq

    bucket, folder, _ = run
    assert re.fullmatch(r"runs/\d{8}T\d{6}-\d{6}-[a-z0-9-]+-[0-9a-f]{6}", folder)
    told = {name for name in first_cells("spec/runs", "Runs") if not name.endswith("/")}
    assert {entry.key.removeprefix(f"{folder}/") for entry in bucket.list(folder)} == told
    trades = pq.read_table(io.BytesIO(bucket.read(f"{folder}/trades.parquet")))
    assert set(trades.column_names) == set(first_cells("spec/runs", "`trades.parquet`"))
    equity = pq.read_table(io.BytesIO(bucket.read(f"{folder}/equity.parquet")))
    assert equity.column_names == ["ts", "equity", "benchmark"]


def test_the_columns_of_a_bots_log():
    from cqs_monitor.logs.bot.row import COLUMNS, row_of, split

    page = "spec/logs"
    [csv] = documents.blocks(page, "csv")
    head, *lines = csv.text.splitlines()
    assert tuple(head.split(",")) == COLUMNS == tuple(first_cells(page, "`trades_*.csv`"))
    assert all(row_of(split(line)).agrees() for line in lines)


def test_the_examples_of_a_bots_json_are_read():
    from cqs_monitor.logs.bot.format import BOT

    positions, state = (block.text.encode() for block in documents.blocks("spec/logs", "json"))
    assert [held.symbol for held in BOT.positions(positions)] == ["BTC"]
    pending, blocks = BOT.state(state)
    assert ([order.symbol for order in pending], list(blocks)) == (["ETH"], ["XRP"])


def test_the_reasons_of_quarantine_and_the_fields_of_costs():
    from cqs_core.lake import Reject

    told = set(first_cells("spec/published", "`data/quarantine/…/{start}-{end}_{hash}.json`"))
    said = set(re.findall(r"`(\w+)`", inspect.getdoc(Reject).partition("reason:")[2]))
    assert told == said
    text = documents.text("spec/published").partition("## `costs/")[2].partition("##")[0]
    assert {field.name for field in dataclasses.fields(MeasuredCosts)} <= set(re.findall(r"`(\w+)`", text))


def test_the_keys_of_a_note(tmp_path):
    from cqs_core.market_notes import FORMAT, LONGEST_TEXT, add_note

    heading = "`notes/{exchange}/{market}/{id}/{number}.json`"
    bucket = Bucket(tmp_path)
    note = add_note(bucket, "upbit", "BTC/KRW", "2026-01-02", 1.0, "x")
    [entry] = bucket.list("notes")
    assert re.fullmatch(r"notes/upbit/BTC-KRW/\d{8}T\d{6}-[0-9a-f]{8}/000001\.json", entry.key)
    assert note.folder == entry.key.rpartition("/")[0]
    assert set(json.loads(bucket.read(entry.key))) == set(first_cells("spec/published", heading))
    told = {cells[0]: cells[1] for cells in documents.rows("spec/published", heading)}
    assert (told["`text`"].split()[2], told["`format`, `written_by`"][0]) == (str(LONGEST_TEXT), str(FORMAT))


def test_the_alert_rules_of_the_page_are_accepted(tmp_path, monkeypatch, capsys):
    from cqs_core.cli import run_command

    (tmp_path / "logs" / "Main").mkdir(parents=True)
    (tmp_path / "logs" / "Main" / "positions.json").write_text("{}")
    (tmp_path / "config").mkdir()
    rules = documents.block("spec/published", "toml", "alerts.toml")
    (tmp_path / "config" / "alerts.toml").write_text(rules)
    monkeypatch.setenv("CQS_ALERT_TELEGRAM", "json://localhost")
    assert run_command(["monitor", "alerts", "check", "--bucket", str(tmp_path)]) == 0, capsys.readouterr().err
    fields = set(first_cells("spec/published", "`config/alerts.toml`"))
    assert set(re.findall(r"^(\w+) =", rules, re.MULTILINE)) == fields
    (tmp_path / "config" / "alerts.toml").write_text(rules.replace("daily_loss", "no_such_kind"))
    assert run_command(["monitor", "alerts", "check", "--bucket", str(tmp_path)]) != 0


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    """A small sweep: its bucket and its result."""
    import pyarrow as pa

    from cqs_backtest.request import make_costs, make_request
    from cqs_backtest.search.sweep import Sweep, SweepJob
    from cqs_core import Lake, Series

    candles = random_candles(rows=60)
    bucket = Bucket(tmp_path_factory.mktemp("sweeps"))
    columns = {n: getattr(candles, n)[:, 0] for n in ("open", "high", "low", "close", "volume")}
    table = pa.table({"ts": pa.array(candles.ts, pa.timestamp("ms", "UTC")), **columns})
    last = int(candles.ts[-1]) + 86_400_000
    Lake(bucket).append(Series("upbit", "BTC/KRW", "1d"), table, int(candles.ts[0]), last, source="import")
    request = make_request("momentum", ["BTC/KRW"], exchange="upbit", costs=make_costs())
    return bucket, SweepJob(Sweep(request, {"lookback": "5,6", "rebalance": "1,2"}), bucket).run()


def test_the_files_and_keys_of_a_sweep(sweep, run):
    import io

    import pyarrow.parquet as pq

    bucket, result = sweep
    folder = f"sweeps/{result['sweep']}"
    assert re.fullmatch(r"sweeps/\d{8}T\d{6}-[a-z0-9-]+-[0-9a-f]{6}", folder)
    assert set(result) == set(first_cells("spec/sweeps", "Result"))
    made = json.loads(bucket.read(f"{folder}/manifest.json"))
    of_runs = set(run[2]) - {"name", "badges", "infinite", "performance"}
    assert set(made) == of_runs | set(first_cells("spec/sweeps", "Manifest"))
    rows = [pq.read_table(io.BytesIO(bucket.read(e.key))) for e in bucket.list(f"{folder}/rows")]
    metrics = {"total_return", "final_equity"}
    assert set(rows[0].column_names) >= {"set", "lookback", "rebalance", "top_n", "error"} | metrics
    [ledger] = bucket.list("trials")
    assert re.fullmatch(r"trials/momentum/upbit-1d-[0-9a-f]{12}/\d+-\d+-[\w-]+\.parquet", ledger.key)
    told = first_cells("spec/sweeps", "Trial ledger")
    assert pq.read_table(io.BytesIO(bucket.read(ledger.key))).column_names == told


def test_the_files_and_keys_of_a_walk_forward(sweep, run):
    from cqs_backtest.request import make_costs, make_request
    from cqs_backtest.search.plan import Plan
    from cqs_backtest.search.sweep import Sweep
    from cqs_backtest.search.walk_forward import walk_forward

    bucket, swept = sweep
    request = make_request("momentum", ["BTC/KRW"], exchange="upbit", costs=make_costs())
    found = walk_forward(Sweep(request, {"lookback": "5,6"}), Plan(30, 10), bucket)
    folder = f"walk-forwards/{found['walk_forward']}"
    files = {re.sub(r"\d{4}", "{number}", e.key.removeprefix(f"{folder}/")) for e in bucket.list(folder)}
    told = set(first_cells("spec/sweeps", "Walk-forwards"))
    assert files == {name for name in told if name.endswith((".json", ".parquet"))}
    made = json.loads(bucket.read(f"{folder}/manifest.json"))
    of_sweep = set(json.loads(bucket.read(f"sweeps/{swept['sweep']}/manifest.json")))
    assert set(made) == of_sweep | {"plan", "windows"}
    assert {*json.loads(bucket.read(f"{folder}/result.json")), "plan"} <= told


def test_the_page_of_runs_has_the_tables_of_metrics_and_options():
    import runpy

    from cqs_backtest.metrics.conventions import CONVENTIONS
    from cqs_backtest.run_options import RUN

    hook = runpy.run_path(str(documents.ROOT / ".ci" / "tables.py"))["on_page_markdown"]
    shown = hook(documents.text("spec/runs"))
    for metric in CONVENTIONS.values():
        assert f"| `{metric.name}` | {metric.label} |" in shown
        assert metric.text in shown
    assert f"| `allow_stale` | {RUN['allow_stale'].meaning} |" in shown
