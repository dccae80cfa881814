"""Jobs are real processes: they end, fail, are cancelled and killed, and everybody sees the same."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cqs_core import UnknownName, UsageError, jobs
from cqs_core.files.folders import state_folder
from cqs_core.jobs.job import alive
from cqs_core.jobs.job_files import read_json, write_json
from cqs_core.testing.command import cqs, cqs_json, refusal
from cqs_core.testing.site import Site
from cqs_core.testing.waiting import until

WORK = """
import os, signal, sys, time
import click
from cqs_core import Bucket, DataError, hookimpl, progress
from cqs_core.cli import command_options, emit, running

@hookimpl
def register_commands():
    return {"work": ("cqs_work_work:work", "Works.")}

@click.command()
@click.argument("how")
@command_options
def work(how, bucket, as_json):
    print("starting", file=sys.stderr, flush=True)
    if how == "serve":
        with running("work", Bucket(bucket), 60) as service:
            service.rest(time.monotonic() + 60)
    with progress("steps", total=4, unit="steps") as p:
        p.advance(1, note="the first")
        if how == "fail":
            raise DataError("it is damaged; mend it")
        if how == "bug":
            raise RuntimeError("a fault")
        if how == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if how == "leave":
            sys.exit()
        if how == "complain":
            sys.exit("I will not")
        if how == "wait":
            time.sleep(60)
        if how == "clean":
            try:
                time.sleep(60)
            finally:
                print("cleaned up", file=sys.stderr, flush=True)
        p.advance(3)
    emit({"how": how, "name": "메인", "where": os.getcwd(), "extra": os.environ.get("EXTRA")}, as_json, lambda: None)
"""


@pytest.fixture(autouse=True)
def work(tmp_path, monkeypatch):
    site = Site(tmp_path / "site")
    site.install("work", WORK)
    monkeypatch.setenv("PYTHONPATH", str(site.folder))


def once(fits, job: jobs.Job) -> jobs.Job:
    """The job when something is true of it."""
    until(lambda: fits(jobs.get(job.id)))
    return jobs.get(job.id)


def over(job: jobs.Job) -> jobs.Job:
    return once(lambda j: j.over, job)


def at_work(how: str = "wait") -> jobs.Job:
    return once(lambda j: j.note == "the first", jobs.start("Waiting", ["work", how]))


def test_a_job_runs_a_command_and_keeps_what_it_says():
    job = jobs.start("Some work", ["work", "well"], {"EXTRA": "more"})
    assert job.state in ("queued", "running")
    done = over(job)
    assert (done.title, done.state, done.code, done.fraction) == ("Some work", "done", 0, 1.0)
    assert done.result == {"how": "well", "name": "메인", "where": str(Path.cwd()), "extra": "more"}
    assert done.log == "starting\n"
    assert done.args == ["work", "well", "--json"]
    assert done.started <= done.ended <= time.time()
    assert done.eta is None


@pytest.mark.parametrize(
    ("how", "code", "told"),
    [
        ("fail", 1, "cqs: it is damaged; mend it"),
        ("bug", 1, "RuntimeError: a fault"),
        ("complain", 1, "I will not"),
        ("--nonsense", 2, "cqs: unknown option '--nonsense'"),
    ],
)
def test_a_job_that_fails_says_why(how, code, told):
    failed = over(jobs.start("Bad work", ["work", how]))
    assert (failed.state, failed.code, failed.result) == ("failed", code, None)
    assert told in failed.log


def test_an_unknown_command_is_a_failed_job():
    failed = over(jobs.start("Nothing", ["wrok"]))
    assert failed.code == 2
    assert "did you mean 'work'?" in failed.log


def test_leaving_without_a_word_is_done():
    assert over(jobs.start("Short", ["work", "leave"])).state == "done"


def test_progress_is_seen_while_it_works():
    job = at_work()
    assert (job.state, job.fraction, job.note) == ("running", 0.25, "the first")
    assert job.eta > 0
    jobs.cancel(job.id)


def test_a_cancelled_job_cleans_up_and_is_cancelled():
    job = at_work("clean")
    jobs.cancel(job.id)
    cancelled = over(job)
    assert (cancelled.state, cancelled.code) == ("cancelled", 143)
    assert "cleaned up" in cancelled.log
    assert jobs.cancel(job.id) == cancelled


def test_a_job_can_be_cancelled_at_once():
    for _ in range(3):
        job = jobs.start("Never mind", ["work", "wait"])
        jobs.cancel(job.id)
        assert over(job).state == "cancelled"


def test_so_many_jobs_work_at_once_and_others_wait_visibly_in_their_order(monkeypatch):
    monkeypatch.setenv("CQS_JOBS", "1")
    first = at_work()
    second = once(lambda j: j.note, jobs.start("Second", ["work", "well"]))
    assert (second.state, second.note, second.over) == ("queued", "waits until another job ends", False)
    third = jobs.start("Third", ["work", "well"])
    cancelled = over(jobs.cancel(third.id))
    assert (cancelled.state, cancelled.result) == ("cancelled", None)
    assert jobs.get(second.id).state == "queued"
    jobs.cancel(first.id)
    assert over(second).state == "done"


@pytest.fixture
def systemd(tmp_path, monkeypatch):
    """What listens where a service of systemd is to speak."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield listener


def test_a_service_gives_its_place_to_others_and_is_stopped(monkeypatch, tmp_path, systemd):
    monkeypatch.setenv("CQS_JOBS", "1")
    service = once(lambda j: j.service, jobs.start("Serves", ["work", "serve", "--bucket", str(tmp_path)]))
    assert over(jobs.start("Next", ["work", "well"])).state == "done"
    assert jobs.get(service.id).state == "running"
    jobs.cancel(service.id)
    assert over(service).state in ("done", "cancelled")
    with pytest.raises(BlockingIOError):  # a job does not speak for the service whose page started it
        systemd.recv(100)


def test_a_killed_job_gives_its_place_back(monkeypatch):
    monkeypatch.setenv("CQS_JOBS", "1")
    assert over(jobs.start("Dies", ["work", "die"])).state == "failed"
    assert over(jobs.start("Next", ["work", "well"])).state == "done"


def test_hostile_numbers_of_jobs_are_refused(monkeypatch):
    monkeypatch.setattr("cqs_core.jobs.job_registry._MOST_WAITING", 1)
    monkeypatch.setenv("CQS_JOBS", "1")
    running = at_work()
    waiting = jobs.start("Waits", ["work", "well"])
    with pytest.raises(UsageError, match="1 jobs wait already"):
        jobs.start("One more", ["work", "well"])
    for job in (waiting, running):
        jobs.cancel(job.id)


def test_a_job_that_is_over_stays_as_it_is_until_it_is_forgotten():
    done, running = over(jobs.start("Some work", ["work", "well"])), at_work()
    assert jobs.cancel(done.id).state == "done"
    jobs.forget([done.id, running.id, "../jobs"])
    assert [job.id for job in jobs.listing()] == [running.id]
    jobs.cancel(running.id)


def test_parts_that_are_given_up_are_told_to_the_work():
    job = at_work()
    for part in ("BTC", "ETH"):
        jobs.give_up(job.id, part)
    assert read_json(job.folder / "given-up.json") == {"parts": ["BTC", "ETH"]}
    jobs.cancel(job.id)


def test_a_killed_process_shows_as_failed():
    killed = over(jobs.start("Killed from inside", ["work", "die"]))
    assert (killed.state, killed.code) == ("failed", None)
    job = at_work()
    os.kill(read_json(job.folder / "process.json")["pid"], signal.SIGKILL)
    assert over(job).state == "failed"


def test_a_job_that_was_killed_says_so():
    job = over(jobs.start("Killed from inside", ["work", "die"]))
    told = once(lambda j: j.ended, job)
    assert told.note == "its process was killed (SIGKILL); Linux does that when memory runs out"
    assert told.log.splitlines() == ["starting", f"cqs: {told.note}"]
    assert cqs("jobs", "show", job.id).stdout.endswith(f"cqs: {told.note}\n")
    (job.folder / "end.json").unlink()  # whoever started it was killed too
    assert "was killed, or the machine restarted" in cqs_json("jobs")[0]["note"]


def test_a_job_that_never_began_was_not_killed():
    folder = state_folder() / "jobs" / "20240101T000000-abcdef01"
    folder.mkdir(parents=True)
    write_json(folder / "request.json", {"title": "Late", "args": [], "started": 1})
    job = jobs.get(folder.name)
    assert (job.state, job.killed, job.log) == ("failed", "", "")


def test_a_job_outlives_who_started_it():
    starter = "from cqs_core import jobs; print(jobs.start('Long', ['work', 'wait']).id)"
    ran = subprocess.run([sys.executable, "-c", starter], capture_output=True, text=True, check=True, timeout=60)
    job = once(lambda j: j.note == "the first", jobs.get(ran.stdout.strip()))
    assert job.state == "running"
    jobs.cancel(job.id)
    assert over(job).state == "cancelled"


def test_every_process_sees_the_same_list():
    first, second = over(jobs.start("First", ["work", "well"])), over(jobs.start("Second", ["work", "fail"]))
    assert [(j.id, j.title, j.state) for j in jobs.listing()] == [
        (second.id, "Second", "failed"),
        (first.id, "First", "done"),
    ]
    rows = cqs_json("jobs")
    assert [(row["id"], row["title"], row["state"], row["code"]) for row in rows] == [
        (second.id, "Second", "failed", 1),
        (first.id, "First", "done", 0),
    ]
    assert all(row["started"].endswith("+00:00") for row in rows)


def test_the_command_shows_and_cancels():
    job = at_work()
    assert cqs_json("jobs", "show", job.id)["state"] == "running"
    assert "Waiting" in cqs("jobs").stdout
    assert cqs("jobs", "cancel", job.id).stdout.startswith("Waiting: ")
    over(job)
    assert cqs("jobs", "show", job.id).stdout == "Waiting: cancelled\nstarting\n"
    assert cqs("jobs", "cancel", job.id).stdout == "Waiting: cancelled\n"


def test_no_jobs_are_no_error():
    assert jobs.listing() == []
    assert cqs_json("jobs") == []


@pytest.mark.parametrize(
    "job_id",
    [
        "",
        ".",
        "..",
        "../../etc",
        "20240101T000000-abcdef01",
        "20240101T000000-abcdef01/..",
        "20240101T000000-ABCDEF01\n",
    ],
)
def test_hostile_and_unknown_ids_are_refused(job_id):
    for verb in (jobs.get, jobs.cancel):
        with pytest.raises(UnknownName, match=r"unknown job .*; `cqs jobs` lists them"):
            verb(job_id)


def test_files_of_others_do_not_break_the_list():
    home = state_folder() / "jobs"
    for n, request in enumerate(
        ["", "[]", "{}", '{"started": "today"}', '{"started": null}', '{"started": 1, "args": 7}']
    ):
        folder = home / f"20240101T00000{n}-abcdef01"
        folder.mkdir(parents=True)
        (folder / "request.json").write_text(request)
    (home / "20240101T000009-abcdef01").write_text("a file")
    (home / "notes").mkdir()
    good = over(jobs.start("Good", ["work", "well"]))
    for name in ("progress.json", "process.json"):
        (good.folder / name).write_text('{"total": "x", "done": [], "parts": 3, "pid": "y"}')
    assert [j.title for j in jobs.listing()] in (["Good"], [])
    (good.folder / "progress.json").unlink()
    assert [j.title for j in jobs.listing()] == ["Good"]


def test_a_job_that_ends_while_it_is_looked_at_has_not_failed(monkeypatch):
    job = over(jobs.start("Quick", ["work", "well"]))
    end = job.folder / "end.json"
    written = end.read_bytes()
    end.unlink()  # not there yet when the first look at it is over

    def ends(_):
        end.write_bytes(written)
        return False

    monkeypatch.setattr("cqs_core.jobs.job.alive", ends)
    assert jobs.get(job.id).state == "done"


def test_a_process_id_used_again_is_another_process(tmp_path):
    write_json(tmp_path / "process.json", {"pid": os.getpid(), "created": time.time() - 1e6})
    assert not alive(read_json(tmp_path / "process.json"))
    assert not alive({"pid": 2**31, "created": 0})
    assert not alive({})


def test_nothing_in_the_working_folder_is_run_by_mistake():
    Path("json.py").write_text("raise RuntimeError('mine')")
    Path("click.py").write_text("raise RuntimeError('mine')")
    assert over(jobs.start("Safe", ["work", "well"])).state == "done"


def test_a_state_folder_that_cannot_be_written_is_named(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("CQS_STATE_DIR", str(tmp_path / "file"))
    with pytest.raises(UsageError, match=r"cannot be written: Not a directory; change that, or set CQS_STATE_DIR"):
        jobs.start("Some work", ["work", "well"])
    assert cqs_json("jobs") == []
    assert "unknown job" in refusal("jobs", "show", "x")


def test_only_the_newest_are_kept():
    home = state_folder() / "jobs"
    for n in range(230):
        folder = home / f"20230101T{n:06d}-abcdef01"
        folder.mkdir(parents=True)
        (folder / "request.json").write_text(json.dumps({"title": str(n), "args": [], "started": n}))
        (folder / "end.json").write_text(json.dumps({"code": 0, "at": n}))
    job = over(jobs.start("Newest", ["work", "well"]))
    found = jobs.listing()
    assert len(found) == 201
    assert found[0].id == job.id
    assert found[-1].title == "30"


def test_jobs_of_a_bucket_are_listed_and_the_others_counted(tmp_path):
    places = [tmp_path / "one", tmp_path / "two"]
    for place in places:
        place.mkdir()
    mine, other = (jobs.start("Work", ["work", "well", "--bucket", str(place)]) for place in places)
    none = jobs.start("Work", ["work", "well"])
    assert [job.id for job in jobs.listing(bucket=str(places[0]))] == [mine.id]
    assert jobs.count_others(str(places[0])) == 2
    assert {job.id for job in jobs.listing()} == {mine.id, other.id, none.id}
    for job in (mine, other, none):
        over(job)
    jobs.forget(job.id for job in jobs.listing(bucket=str(places[1])))
    assert {job.id for job in jobs.listing()} == {mine.id, none.id}
    assert jobs.count_others(str(places[0])) == 1
