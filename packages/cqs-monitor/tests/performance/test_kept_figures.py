"""What is computed of a snapshot is computed once; what is lasting serves the snapshots that follow."""

from cqs_core import Bucket
from cqs_monitor.alerts.context import Context
from cqs_monitor.logs.snapshot import Snapshot
from cqs_monitor.performance.reader import Figures


def test_a_figure_is_made_once_a_snapshot():
    made = []
    figures = Figures()
    assert [figures.once("x", lambda: made.append(1) or len(made)) for _ in range(2)] == [1, 1]
    assert figures.followed_by(Snapshot()).once("x", lambda: "new") == "new"


def test_a_comparison_serves_ten_minutes_though_files_change(tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(Context, "_compare", lambda *_: made.append(1) or f"comparison {len(made)}")
    figures = Figures()

    def compared(minute):
        nonlocal figures
        figures = figures.followed_by(Snapshot())  # a heartbeat was written
        return Context(Bucket(tmp_path), figures, minute * 60_000).compared("Main", "momentum", 30)

    assert [compared(minute) for minute in (0, 1, 9)] == ["comparison 1"] * 3
    assert compared(10) == "comparison 2"
