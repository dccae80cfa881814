"""A row of a bot's log reaches its figure through the modules that docs/architecture.md lists, and no others."""

from __future__ import annotations

import sys

import pyarrow as pa
import pytest

import documents
from cqs_core.time.clock import now
from cqs_monitor.logs.duplicates import Once
from cqs_monitor.logs.snapshot import Rows, Snapshot
from cqs_monitor.performance.reader import Figures, Reading, reader_of
from cqs_monitor.performance.report import Choice, Realised, make_report

HEAD = "timestamp,date,action,symbol,price,quantity,amount,profit_pct,profit_krw\n"
SOLD = "2025-10-21T10:00:{second:02}+09:00,2025-10-21,SELL,BTC,110.0,1.0,110.0,10.0,10.0\n"
HOLDS_ROWS = (pa.Table, Rows, Snapshot, Once, Figures, Reading, Realised)
PAGE = "views.monitor"


@pytest.fixture(scope="module")
def listed() -> list[str]:
    table = documents.rows("architecture", "A bot's log row")
    return [cells[0].strip("`") for cells in table]


def followed(work) -> set[str]:
    """Modules of the monitor of which a function returns rows while this runs."""
    found = set()

    def profile(frame, event, returned):
        name = frame.f_globals.get("__name__", "")
        if event == "return" and name.startswith("cqs_monitor.") and isinstance(returned, HOLDS_ROWS):
            found.add(name.removeprefix("cqs_monitor."))

    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(None)
    return found


def test_a_new_row_passes_through_seven_modules_at_most(listed, tmp_path):
    path = tmp_path / "logs" / "Main" / "trades_2025-10-21.csv"
    path.parent.mkdir(parents=True)
    path.write_text(HEAD + SOLD.format(second=1), newline="")
    reader, reports = reader_of(str(tmp_path)), []

    def shown():
        reports.append(make_report(Reading(reader.refresh()), Choice(), now()))

    shown()
    with path.open("a", newline="") as file:
        file.write(SOLD.format(second=2))
    passed = followed(shown)
    assert [report.statistics.realised for report in reports] == [10.0, 20.0]
    assert len(listed) <= 7
    assert passed == set(listed) - {PAGE}


def test_pages_commands_and_rules_share_one_reader(listed):
    grimp = pytest.importorskip("grimp", reason="comes with import-linter")
    graph = grimp.build_graph("cqs_monitor", exclude_type_checking_imports=True, cache_dir=None)
    reader, history = "cqs_monitor.performance.reader", "cqs_monitor.logs.history"
    assert graph.find_modules_that_directly_import(history) == {reader}
    commands = {f"cqs_monitor.commands.{name}" for name in ("figures", "positions", "compare")}
    users = graph.find_modules_that_directly_import(reader)
    assert {*commands, f"cqs_monitor.{PAGE}", "cqs_monitor.views.compare", "cqs_monitor.alerts.context"} <= users
    chain = [f"cqs_monitor.{name}" for name in listed]
    assert {chain[4], chain[5]} <= graph.find_modules_directly_imported_by(chain[6])
