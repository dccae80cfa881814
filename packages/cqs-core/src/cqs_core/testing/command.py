"""Runs the `cqs` command as users do: as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from subprocess import PIPE
from typing import TYPE_CHECKING, Any

from cqs_core.testing import forked
from cqs_core.testing.running import Running

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

CQS = (sys.executable, "-c", "from cqs_core.cli import main; main()")
"""The words that start `cqs` with this Python, for tests that start, stop and watch its process themselves."""


def cqs(*args: str | Path, code: int = 0, timeout: float = 120, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run one command, in a process that is forked where that makes no difference (`cqs_core.testing.forked`).

    Args:
        args: of it, without `cqs`.
        code: with which it must end.
        timeout: seconds.
        variables: of its environment, besides this process's own.
    """
    words, environment = [str(arg) for arg in args], os.environ | variables
    run = forked.run if forked.applies(environment) else _run
    ran = run(words, environment, timeout)
    output = f"cqs {' '.join(words)} ended with {ran.returncode}:\n{ran.stdout}\n{ran.stderr}"
    assert ran.returncode == code, output
    return ran


def started(*args: str | Path, **variables: str) -> subprocess.Popen[str] | Running:
    """A command that is at work, forked where that makes no difference; its output and errors are read from pipes.

    Args:
        args: of it, without `cqs`.
        variables: of its environment, besides this process's own.
    """
    words, environment = [str(arg) for arg in args], os.environ | variables
    if forked.applies(environment):
        return Running(words, environment)
    return subprocess.Popen([*CQS, *words], stdout=PIPE, stderr=PIPE, text=True, env=environment)  # noqa: S603 - ours


def _run(args: Sequence[str], environment: Mapping[str, str], timeout: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own command
        [*CQS, *args],
        capture_output=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
        env=environment,
    )


def cqs_json(*args: str | Path, **options: Any) -> Any:
    """The output of a command with `--json`."""
    return json.loads(cqs(*args, "--json", **options).stdout)


def refusal(*args: str | Path, code: int = 2, **variables: str) -> str:
    """The one line on stderr with which a command refuses; nothing is on stdout."""
    ran = cqs(*args, code=code, timeout=120, **variables)
    lines = ran.stderr.strip().splitlines()
    assert ran.stdout == "", ran.stdout
    assert len(lines) == 1, ran.stderr
    assert "Traceback" not in ran.stderr
    return lines[0]
