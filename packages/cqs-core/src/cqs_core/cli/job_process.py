"""The process of a job, `python -m cqs_core.cli.job_process FOLDER`: runs the command and writes how it ended."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from pathlib import Path

from cqs_core.jobs.job import note_process
from cqs_core.jobs.job_files import BEGAN, CANCEL, END, REQUEST, read_json, write_json
from cqs_core.jobs.places import place
from cqs_core.jobs.reporting import JOB_VARIABLE

_CANCELLED = 128 + signal.SIGTERM


def run(folder: Path) -> int:
    """Run the request in `folder`; the exit code is also in its end.json."""
    from cqs_core.cli.stopping import ending

    def note_end(code: int) -> None:
        write_json(folder / END, {"code": code, "at": time.time()})

    with ending(note_end):
        note_process(folder, os.getpid())  # the process that started it does this too, but may have died
        os.environ[JOB_VARIABLE] = str(folder)
        code = _in_turn(folder)
        sys.stdout.flush()
        note_end(code)
    return code


def _in_turn(folder: Path) -> int:
    """Run the command once there is a place for it."""
    try:
        with place():
            if (folder / CANCEL).exists():
                return _CANCELLED
            write_json(folder / BEGAN, {"at": time.time()})
            return _command(read_json(folder / REQUEST)["args"])
    except (KeyboardInterrupt, SystemExit):  # stopped while it waited
        return _CANCELLED


def _command(args: list[str]) -> int:
    from cqs_core.cli import run_command

    try:
        return run_command(args)
    except SystemExit as ended:
        if ended.code is not None and not isinstance(ended.code, int):
            print(ended.code, file=sys.stderr)  # noqa: T201 - as Python itself would
            return 1
        return ended.code or 0
    except KeyboardInterrupt:
        return _CANCELLED
    except BaseException:  # noqa: BLE001 - whatever ended the command, the job must say that it ended
        traceback.print_exc()
        return 1


if __name__ == "__main__":
    raise SystemExit(run(Path(sys.argv[1])))
