"""Names, notes, tags and stars of runs, and deleting runs: no window loses what another one wrote."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path

import pytest

from cqs_backtest import runs
from cqs_backtest.runs import (
    annotate,
    annotation_of,
    annotations_of,
    delete,
    deleted,
    listing,
    manifest_of,
    purge,
    restore,
)
from cqs_core import Bucket, Lake, UnknownName, UsageError, jobs
from cqs_core.cli import run_command
from cqs_core.files import NewerFormat

BEFORE = Path(__file__).parent / "written_before"
[RUN] = [path.parent for path in BEFORE.rglob("runs/*/manifest.json")]
ID = RUN.name
FIRST = f"runs/{ID}/annotations/000001.json"


@pytest.fixture
def bucket(tmp_path):
    shutil.copytree(RUN, tmp_path / "bucket" / "runs" / ID)
    return Bucket(str(tmp_path / "bucket"))


@pytest.fixture
def cqs(bucket, capsys):
    def run(*args):
        code = run_command(["backtest", *args, "--bucket", bucket.url])
        out, err = capsys.readouterr()
        return code, json.loads(out) if "--json" in args and code == 0 else out, err

    return run


def kept(bucket):
    return annotation_of(bucket, manifest_of(bucket, ID))


def test_what_is_said_of_a_run_is_kept_beside_what_is_verified(bucket):
    before = {entry.key: bucket.read(entry.key) for entry in bucket.list("runs")}
    said = annotate(bucket, ID[:20], name=" Best\nso far ", note="Try 0.4\nnext", tags=["btc", "a b", "btc"], star=True)
    assert (said.name, said.note, said.tags, said.star) == ("Best so far", "Try 0.4\nnext", ("a b", "btc"), True)
    assert kept(bucket) == said == annotations_of(bucket, listing(bucket))[0]
    stored = json.loads(bucket.read(FIRST))
    assert stored["format"] == 1
    assert stored["written_by"].startswith("cqs-backtest ")
    assert {key: bucket.read(key) for key in before} == before
    annotate(bucket, ID, star=True)
    assert len(bucket.list(f"runs/{ID}/annotations")) == 1  # nothing changed


def test_edits_of_two_windows_are_both_kept(bucket):
    seen = annotate(bucket, ID, tags=["old", "gone"])
    annotate(bucket, ID, seen, name="first window", tags=["old", "gone", "one"])
    said = annotate(bucket, ID, seen, name="", note="second window", tags=["old", "two"])  # it saw no name
    assert (said.name, said.note, said.tags) == ("first window", "second window", ("old", "one", "two"))
    with pytest.raises(UsageError, match="the name was changed in another window, to 'first window'"):
        annotate(bucket, ID, seen, name="second window")
    assert kept(bucket).name == "first window"


def test_edits_at_the_same_time_are_all_kept(bucket):
    def edit(tag):
        annotate(Bucket(bucket.url), ID, runs.Annotation(), tags=[tag])

    threads = [threading.Thread(target=edit, args=(f"tag {n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kept(bucket).tags == tuple(f"tag {n}" for n in range(8))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "x" * 121}, "the name has 121 characters"),
        ({"note": "x" * 4001}, "the note has 4,001 characters"),
        ({"tags": ["a,b"]}, "tag 'a,b' has a comma"),
        ({"tags": ["x" * 41]}, "more than 40 characters"),
        ({"tags": [f"t{n}" for n in range(21)]}, "21 tags are too many"),
    ],
)
def test_what_is_too_long_is_refused(bucket, change, said):
    with pytest.raises(UsageError, match=said):
        annotate(bucket, ID, **change)
    assert not bucket.exists(FIRST)


def test_control_characters_reach_no_terminal(bucket, cqs):
    annotate(bucket, ID, name="a\x1b[31mb\ud800", note="n\x1b]0;x\x07", tags=["t\x1b"])
    for words in (["list"], ["annotate", ID]):
        code, out, err = cqs(*words)
        assert code == 0
        assert "\x1b" not in out + err
        assert "a\\x1b[31mb?" in out


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[" * 100_000, b"null", b'{"tags": "x"}', b'{"name": 5}', b'{"format": "x"}', b'{"star": 1}']
)
def test_a_damaged_annotation_hides_no_run_and_no_earlier_edit(bucket, cqs, data):
    annotate(bucket, ID, name="good")
    bucket.write(f"runs/{ID}/annotations/000002.json", data)
    [said] = annotations_of(bucket, listing(bucket))
    assert (said.name, "000002.json" in said.fault) == ("good", True)
    code, out, err = cqs("list", "--json")
    assert (code, out[0]["name"]) == (0, "good")
    assert "000002.json" in err
    assert annotate(bucket, ID, star=True) == runs.Annotation("good", star=True) == kept(bucket)


def test_an_annotation_of_a_newer_version_is_not_written_over(bucket):
    bucket.write(FIRST, json.dumps({"format": 2, "written_by": "cqs-backtest 7", "stars": 5}).encode())
    assert "upgrade cqs-backtest" in kept(bucket).fault
    with pytest.raises(NewerFormat):
        annotate(bucket, ID, name="mine")


def test_a_deleted_run_is_nowhere_and_comes_back_as_it_was(bucket):
    annotate(bucket, ID, name="dear")
    made = manifest_of(bucket, ID)
    assert delete(bucket, ID) == ID
    assert listing(bucket) == []
    assert deleted(bucket) == [ID]
    assert Lake(bucket).sql("select count(*) n from runs").to_pylist() == [{"n": 0}]
    for ask in (runs.read, manifest_of, lambda b, r: annotate(b, r, star=True)):
        with pytest.raises(UnknownName, match="`cqs backtest restore` brings it back"):
            ask(bucket, ID)
    with pytest.raises(UnknownName, match="deleted already"):
        delete(bucket, ID)
    restore(bucket, ID)
    assert (manifest_of(bucket, ID), kept(bucket).name, deleted(bucket)) == (made, "dear", [])
    with pytest.raises(UnknownName, match="it is not deleted"):
        restore(bucket, ID)


def test_a_run_that_is_in_use_or_being_written_is_not_deleted(bucket, monkeypatch):
    class Working:
        args, over, title = ("backtest", "verify", ID, "--bucket", bucket.url), False, "Verify it"

    monkeypatch.setattr(jobs, "listing", lambda: [Working()])
    for remove in (delete, purge):
        with pytest.raises(UsageError, match="in use by the job 'Verify it'"):
            remove(bucket, ID)
    monkeypatch.undo()
    bucket.write("runs/20300101T000000-young-abcdef/equity.parquet", b"")
    for remove in (delete, purge):
        with pytest.raises(UsageError, match="being written"):
            remove(bucket, "20300101")


def test_a_confirmation_does_not_bring_a_deleted_run_back(bucket, monkeypatch):
    from contextlib import contextmanager

    from cqs_backtest.runs import confirm

    @contextmanager
    def found(*_):
        delete(bucket, ID)
        yield None

    class Request:
        def simulated(self, _):
            return None

    monkeypatch.setattr(confirm, "strategy_of", found)
    monkeypatch.setattr(confirm, "request_of", lambda *_: Request())
    monkeypatch.setattr(confirm.feed, "from_lake", lambda *_: None)
    monkeypatch.setattr(confirm, "confirmed", lambda _: {"parity": "ok"})
    with pytest.raises(UnknownName, match="was deleted"):
        confirm.confirm(bucket, ID)
    assert listing(bucket) == []


def test_commands_annotate_delete_and_restore(bucket, cqs):
    code, said, _ = cqs("annotate", ID, "--name", "First", "--tag", "a", "--tag", "b", "--star", "--json")
    assert (code, said) == (0, {"run": ID, "name": "First", "note": "", "tags": ["a", "b"], "star": True})
    assert cqs("annotate", ID, "--untag", "a", "--note", "n", "--json")[1]["tags"] == ["b"]
    assert "*  First  #b" in cqs("list")[1]
    assert runs.table(bucket)[["name", "tags", "note", "star"]].to_numpy().tolist() == [["First", "b", "n", True]]
    [row] = Lake(bucket).sql("select name, tags, note, star from runs").to_pylist()
    assert row == {"name": "First", "tags": ["b"], "note": "n", "star": True}
    assert cqs("delete", ID[:15], "--json")[1] == {"deleted": [ID], "for_good": False}
    assert cqs("restore", "--json")[1] == {"deleted": [ID]}
    assert cqs("restore", ID)[:2] == (0, f"restored {ID}\n")
    assert cqs("delete", ID, "--for-good", "--json")[0] == 2
    assert cqs("delete", ID, "--for-good", "--yes")[0] == 0
    assert bucket.list("runs") == []
    assert cqs("show", ID)[0] == 2


def test_the_files_of_all_runs_are_listed_once_for_a_page(bucket, monkeypatch):
    pytest.importorskip("cqs_panel", reason="needs the extra: cqs-backtest[panel]")
    from cqs_backtest.views import run_rows

    shutil.copytree(RUN, bucket.folder / "runs" / f"{ID}0")
    annotate(bucket, ID, name="dear")
    delete(bucket, f"{ID}0")
    asked, listed = [], Bucket.list
    monkeypatch.setattr(Bucket, "list", lambda self, prefix="", **how: (asked.append(prefix), listed(self, prefix))[1])
    found = run_rows.library(bucket)
    assert ([run.title for run in found.runs], found.deleted) == (["dear"], [f"{ID}0"])
    assert asked.count("runs") == 1
