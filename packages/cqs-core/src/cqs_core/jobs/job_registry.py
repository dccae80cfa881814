"""Start, list, find and cancel jobs: every process of this user on this machine sees the same ones."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from itertools import islice, pairwise
from typing import IO, TYPE_CHECKING

from cqs_core.errors import UnknownName, UsageError
from cqs_core.files.folders import state_folder
from cqs_core.jobs.job import Job, alive, note_process, read_job
from cqs_core.jobs.job_files import (
    CANCEL,
    END,
    GIVEN_UP,
    LOG,
    PROCESS,
    REQUEST,
    RESULT,
    read_json,
    request_of,
    write_json,
)
from cqs_core.jobs.systemd import VARIABLES
from cqs_core.permission import require_operator

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

_KEPT = 200
_MOST_WAITING = 50
_buckets: dict[str, str] = {}  # of jobs by id, for pages that look every second
_ID = re.compile(r"\d{8}T\d{6}-[0-9a-f]{8}")


def start(title: str, args: Sequence[str], environment: Mapping[str, str] | None = None) -> Job:
    """Run `cqs ARGS --json` in its own session.

    Args:
        title: what people read in lists.
        args: command and options, `["fetch", "--symbols", "BTC"]`; `--json` is added.
        environment: variables besides this process's own.

    So many jobs work at once as `CQS_JOBS` says; further ones are `queued` until their turn comes.

    Raises:
        UsageError: the folder of jobs cannot be written, or too many wait already.
        BucketUnavailable: the configured bucket is not the one that this process saw.
        NotPermitted: the user of a dashboard may only look; so do `cancel`, `give_up` and `forget`.
    """
    require_operator(f"start {title!r}")
    _confirm_bucket({**os.environ, **(environment or {})}.get("CQS_BUCKET"))
    if sum(job.state == "queued" for job in listing()) >= _MOST_WAITING:
        raise UsageError(f"{_MOST_WAITING} jobs wait already; cancel some, or let them end")
    folder = _home() / f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{secrets.token_hex(4)}"
    try:
        _forget_old()
        folder.mkdir(parents=True)
        write_json(folder / REQUEST, request_of(title, args))
        _spawn(folder, {**os.environ, **(environment or {})})
    except OSError as error:
        fact = f"{str(folder)!r} cannot be written: {error.strerror}"
        raise UsageError(f"no job can be started, {fact}; change that, or set CQS_STATE_DIR") from None
    return get(folder.name)


def _confirm_bucket(url: str | None) -> None:
    """A page may be older than the folder that is now mounted at its bucket's path; then no job is started."""
    from cqs_core.bucket import Bucket
    from cqs_core.config.variables import settings

    if url := settings(bucket=url).bucket:
        Bucket(url).confirm()


def _spawn(folder: Path, environment: Mapping[str, str]) -> None:
    own = {name: value for name, value in environment.items() if name not in VARIABLES}
    with (folder / RESULT).open("wb") as out, (folder / LOG).open("wb") as log:
        process = _begin(folder, own, out, log)
    note_process(folder, process.pid)
    threading.Thread(target=_await, args=(process, folder), name=f"job {folder.name}", daemon=True).start()


def _begin(folder: Path, environment: Mapping[str, str], out: IO[bytes], log: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own module; the arguments are options of ours
        # -P: nothing in the working folder is imported in place of a module
        [sys.executable, "-P", "-m", "cqs_core.cli.job_process", str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=log,
        env=environment,
        start_new_session=True,
    )


def _await(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Wait for it, else it stays a zombie; note the signal that killed it, which it could not note itself."""
    code = process.wait()
    if code < 0 and not read_json(folder / END):
        with contextlib.suppress(OSError):
            write_json(folder / END, {"code": None, "signal": -code, "at": time.time()})


def listing(most: int | None = None, bucket: str | None = None) -> Sequence[Job]:
    """All jobs, newest first; at most the newest `most`.

    Args:
        most: how many.
        bucket: only those that work on it: its URL, as `--bucket` was given to them.
    """
    folders = (one for one in _folders() if bucket is None or _bucket_of(one) == bucket)
    jobs = [job for folder in islice(folders, most) if (job := read_job(folder))]
    return sorted(jobs, key=lambda job: job.started, reverse=True)


def count_others(bucket: str) -> int:
    """The number of jobs that do not work on this bucket."""
    return sum(_bucket_of(one) != bucket for one in _folders())


def _bucket_of(folder: Path) -> str:
    """The bucket that was named to a job; empty where none was, or where its request is not there yet."""
    with contextlib.suppress(KeyError):
        return _buckets[folder.name]
    args = [str(one) for one in read_json(folder / REQUEST).get("args", [])]
    named = next((value for option, value in pairwise(args) if option == "--bucket"), "")
    if args:  # it never changes
        _buckets[folder.name] = named
    return named


def get(job_id: str) -> Job:
    """One job.

    Raises:
        UnknownName: there is none with this id.
    """
    job = read_job(_home() / job_id) if _ID.fullmatch(job_id) else None
    if job is None:
        raise UnknownName("job", job_id, (), remedy="`cqs jobs` lists them")
    return job


def cancel(job_id: str) -> Job:
    """Ask a job to end (SIGTERM); one that is over stays as it is."""
    require_operator("cancel a job")
    job = get(job_id)
    if not job.over:
        (job.folder / CANCEL).touch()
        process = read_json(job.folder / PROCESS)
        if alive(process):
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(process["pid"]), signal.SIGTERM)
    return get(job_id)


def give_up(job_id: str, part: str) -> None:
    """Ask a job to leave one of its `parts`, and to go on with the others; work that does not look at it goes on."""
    require_operator("cancel a part of a job")
    job = get(job_id)
    if not job.over:
        asked = read_json(job.folder / GIVEN_UP).get("parts", [])
        write_json(job.folder / GIVEN_UP, {"parts": [*asked, part]})


def forget(job_ids: Iterable[str]) -> None:
    """Remove the files of finished jobs; others stay, and those of a newer version."""
    require_operator("clear jobs")
    for job_id in job_ids:
        job = read_job(_home() / job_id) if _ID.fullmatch(job_id) else None
        if job is not None and job.over and not job.newer:
            shutil.rmtree(job.folder, ignore_errors=True)


def _home() -> Path:
    return state_folder() / "jobs"


def _folders() -> list[Path]:
    home = _home()
    return sorted((p for p in home.iterdir() if _ID.fullmatch(p.name)), reverse=True) if home.is_dir() else []


def _forget_old() -> None:
    for folder in _folders()[_KEPT:]:
        job = read_job(folder)
        if job is None or (job.over and not job.newer):
            shutil.rmtree(folder, ignore_errors=True)
