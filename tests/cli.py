"""The `cqs` command, run as users run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

CQS = str(Path(sys.executable).with_name("cqs"))


def cqs(*args: str | Path, code: int = 0, timeout: float = 120, **environment: str) -> subprocess.CompletedProcess[str]:
    """One command; fails where it does not exit with `code`."""
    ran = subprocess.run(
        [CQS, *map(str, args)],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        env=os.environ | environment,
    )
    assert ran.returncode == code, (
        f"cqs {' '.join(map(str, args))} ended with {ran.returncode}:\n{ran.stdout}\n{ran.stderr}"
    )
    return ran


def cqs_json(*args: str | Path, **options: Any) -> Any:
    """What a command says with --json."""
    return json.loads(cqs(*args, "--json", **options).stdout)


def refusal(*args: str | Path, **environment: str) -> str:
    """The one line with which a command refuses, with exit code 2 and nothing on stdout."""
    ran = cqs(*args, code=2, **environment)
    assert ran.stdout == ""
    lines = ran.stderr.strip().splitlines()
    assert len(lines) == 1, ran.stderr
    assert "Traceback" not in ran.stderr
    return lines[0]
