"""Unsaved rules survive a reload; a comparison of two texts shows no script, and ends."""

from __future__ import annotations

import json
import time

import pytest

pytest.importorskip("cqs_panel", reason="needs the extra: cqs-monitor[panel]")

from cqs_core.files import NewerFormat, format_fields
from cqs_monitor.alerts.rules_file import LARGEST
from cqs_monitor.views.alert_draft import difference_html, keep_draft, read_draft

BUCKET = "gs://candles"


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("CQS_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


def test_a_draft_is_kept_until_it_is_what_is_stored():
    keep_draft(BUCKET, "mine", "theirs")
    draft = read_draft(BUCKET)
    assert (draft.text, draft.was) == ("mine", "theirs")
    assert abs(draft.at - time.time() * 1000) < 60_000
    assert read_draft("gs://another") is None
    keep_draft(BUCKET, "same", "same")
    assert read_draft(BUCKET) is None


def test_a_text_that_no_file_may_have_is_not_kept():
    keep_draft(BUCKET, "#" * (LARGEST + 1), "")
    assert read_draft(BUCKET) is None


@pytest.mark.parametrize("data", [b"", b"[]", b'{"text": 1}', b"\xff"])
def test_a_damaged_draft_is_none(own_state, data):
    keep_draft(BUCKET, "mine", "theirs")
    (path,) = (own_state / "drafts").iterdir()
    path.write_bytes(data)
    assert read_draft(BUCKET) is None


def test_a_folder_that_cannot_be_written_loses_the_draft_alone(own_state):
    own_state.write_text("a file where a folder should be")
    keep_draft(BUCKET, "mine", "theirs")
    assert read_draft(BUCKET) is None


def test_differences_are_escaped_and_bounded():
    shown = difference_html("a\nold\n", "a\n<script>alert(1)</script>\n")
    assert "-old" in shown
    assert "<script>" not in shown
    assert "+&lt;script&gt;" in shown
    long = difference_html("", "\n".join(str(n) for n in range(200)))
    assert "more lines" in long
    assert "too long to be compared" in difference_html("x\n" * 3000, "y\n" * 3000)


def test_a_draft_of_before_the_upgrade_is_read_and_one_of_a_newer_version_stays(own_state):
    keep_draft(BUCKET, "mine", "theirs")
    (path,) = (own_state / "drafts").iterdir()
    about = json.loads(path.read_text())
    assert about.items() >= format_fields("cqs-monitor", 1).items()
    path.write_text(json.dumps({"text": "mine", "was": "theirs", "at": 5}))
    assert read_draft(BUCKET).at == 5
    path.write_text(newer := json.dumps(about | {"format": 2, "written_by": "cqs-monitor 9.1"}))
    with pytest.raises(NewerFormat, match=r"of format 2, written by cqs-monitor 9.1; this version reads 1: upgrade"):
        read_draft(BUCKET)
    keep_draft(BUCKET, "another", "theirs")
    assert path.read_text() == newer
