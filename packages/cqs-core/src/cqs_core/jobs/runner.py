"""The process of a job: `python -m cqs_core.jobs.runner FOLDER` says who it is, runs the command, says how it ended."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from pathlib import Path
from types import FrameType

from cqs_core.jobs.files import CANCEL, END, PROCESS, REQUEST, read_json, write_json
from cqs_core.progress import JOB_VARIABLE

_CANCELLED = 128 + signal.SIGTERM


def run(folder: Path) -> int:
    """Run the request in `folder`; the exit code is also in its end.json."""
    import psutil

    signal.signal(signal.SIGTERM, _stop)
    write_json(folder / PROCESS, {"pid": os.getpid(), "created": psutil.Process().create_time()})
    os.environ[JOB_VARIABLE] = str(folder)
    code = _CANCELLED if (folder / CANCEL).exists() else _command(read_json(folder / REQUEST)["args"])
    sys.stdout.flush()
    write_json(folder / END, {"code": code, "at": time.time()})
    return code


def _command(args: list[str]) -> int:
    from cqs_core.cli import run_command

    try:
        return run_command(args)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1
    except BaseException:  # noqa: BLE001 - whatever ended the command, the job must say that it ended
        traceback.print_exc()
        return 1


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(_CANCELLED)


if __name__ == "__main__":
    raise SystemExit(run(Path(sys.argv[1])))
