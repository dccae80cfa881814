"""Whatever a name holds, it is shown as text."""

from __future__ import annotations

import math

import pytest

from cqs_core import UsageError
from cqs_core.jobs import Job
from cqs_panel import Metric, empty, failure, metrics_html, percent, plain_table, ratio, section
from cqs_panel.jobs import job_html

EVIL = "<script>alert(1)</script>\"'&"


def job(folder, **what):
    given = {"id": "x", "title": EVIL, "args": [], "state": "running", "fraction": None, "note": EVIL, "eta": None}
    return Job(**(given | {"started": 0.0, "ended": None, "code": None, "folder": folder} | what))


def test_metric_cards_escape_everything():
    shown = metrics_html([Metric(EVIL, EVIL, EVIL, hint=EVIL)])
    assert "<script" not in shown
    assert shown.count("&lt;script&gt;") == 5


@pytest.mark.parametrize(
    "pane",
    [
        lambda: empty(EVIL, EVIL, EVIL),
        lambda: plain_table([EVIL], [[EVIL, None]]),
        lambda: failure(EVIL, ValueError(EVIL))[0],
        lambda: failure(EVIL, UsageError(EVIL))[0],
        lambda: section(EVIL, note=EVIL)[0],
    ],
)
def test_panes_escape_everything(pane):
    assert "<script" not in pane().object


def test_jobs_escape_title_note_and_log(tmp_path):
    (tmp_path / "log.txt").write_text(EVIL)
    for state, ended in (("running", None), ("failed", 1.0)):
        assert "<script" not in job_html(job(tmp_path, state=state, ended=ended))


def test_an_error_of_cqs_is_its_message_alone_and_any_other_has_its_traceback():
    assert "Traceback" not in failure("Data", UsageError("name a bucket"))[0].object
    assert "Traceback" in _raised()


def _raised():
    with pytest.raises(KeyError) as caught:
        _ = {}["x"]
    return failure("Data", caught.value)[0].object


def test_a_sparkline_leaves_out_what_is_not_a_number():
    assert "nan" not in metrics_html([Metric("a", "b", trend=[1, math.nan, 2, math.inf, 3])])


def test_what_is_unknown_is_a_dash():
    assert [percent(math.nan), percent(None), ratio(None), ratio(-math.inf)] == ["–", "–", "–", "-∞"]
