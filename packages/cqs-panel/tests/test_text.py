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


def parts(n):
    return {f"{EVIL} {i}": {"done": 10.0 * i, "total": 100, "rate": 5.0} for i in range(n)}


def test_jobs_escape_the_names_of_their_parts_and_what_they_count(tmp_path):
    shown = job_html(job(tmp_path, parts=parts(3), rate=1234.4, unit=EVIL))
    assert "<script" not in shown
    assert "1,234 &lt;script&gt;" in shown


def test_a_job_shows_how_far_how_fast_and_how_long_of_each_part_under_way(tmp_path):
    shown = job_html(job(tmp_path, parts=parts(11)))
    assert [shown.count(told) for told in ("<span>10%</span>", "<span>5/s</span>", "<span>18 s left</span>")] == [
        1,
        8,
        1,
    ]
    assert "100%" not in shown
    assert "and 2 more" in shown
    assert "parts" not in job_html(job(tmp_path, parts=parts(1)))
    assert "parts" not in job_html(job(tmp_path, parts=parts(11), state="done"))


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
