"""What pages call runs, also those whose manifest does not say when they were made."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

pytest.importorskip("cqs_panel", reason="needs the extra: cqs-backtest[panel]")

from cqs_backtest.runs import annotate
from cqs_backtest.views import palette
from cqs_backtest.views.backtest import _opened
from cqs_backtest.views.latest import newest
from cqs_backtest.views.run_rows import library, row_of
from cqs_backtest.views.titles import candles_of, made_at
from cqs_backtest.views.validated import subjects
from cqs_core import Bucket

BEFORE = Path(__file__).parent / "written_before"
[RUN] = [path.parent for path in BEFORE.rglob("runs/*/manifest.json")]


def test_dates_are_those_of_the_bars():
    made = {"exchange": "upbit", "interval": "1d", "first": "2024-01-01T00:00:00+00:00", "last": "2024-08-27T00:00Z"}
    assert candles_of(made) == "upbit 1d, 2024-01-01 to 2024-08-27"


def test_the_moment_is_in_the_zone_of_the_user():
    assert made_at({"created": "2024-01-01T15:30:00.123456+00:00"}, "Asia/Seoul") == "2024-01-02 00:30"


@pytest.mark.parametrize("created", ["", "yesterday", None])
def test_a_run_without_its_time_is_listed_and_found(tmp_path, created):
    folder = tmp_path / "bucket" / "runs" / RUN.name
    shutil.copytree(RUN, folder)
    made = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    del made["created"]
    said = {} if created is None else {"created": created}
    (folder / "manifest.json").write_text(json.dumps(made | said), encoding="utf-8")
    bucket = Bucket(str(tmp_path / "bucket"))
    [run] = library(bucket).runs
    row = row_of(run, "UTC")
    assert (row["made"], row["at"]) == ("", "")
    [_, found] = palette.runs(bucket)
    assert found.query == {"run": RUN.name}


def test_the_name_of_a_run_leads_wherever_runs_are_listed_and_its_tags_and_note_are_found(tmp_path):
    shutil.copytree(RUN, tmp_path / "runs" / RUN.name)
    bucket = Bucket(str(tmp_path))
    annotate(bucket, RUN.name, name="first try", note="long\nstory", tags=["fast", "btc"], star=True)
    [_, found] = palette.runs(bucket)
    assert found.label.startswith("first try · ")
    assert found.note == "★ #btc #fast long story"
    assert newest(bucket).said[0].name == "first try"
    [title] = subjects(bucket)[0]
    assert title.startswith("first try · ")
    run, _, before = _opened(bucket, RUN.name, RUN.name)
    assert run.manifest["name"] == "first try"
    assert before.id == RUN.name
    assert _opened(bucket, RUN.name, "deleted")[2] is None
