"""What the README of cqs-data says is true."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).resolve().parents[1] / "README.md").read_text()
CQS = str(Path(sys.executable).with_name("cqs"))


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


COMMANDS = [line.partition(" #")[0].strip() for block in blocks("bash") for line in block.splitlines() if line]


@pytest.mark.parametrize("line", COMMANDS)
def test_its_commands_and_options_exist(line):
    words = shlex.split(line)
    assert words[0] == "cqs"
    groups = words[1:3] if words[1] == "data" else words[1:2]
    told = subprocess.run([CQS, *groups, "--help"], capture_output=True, text=True, timeout=60).stdout
    assert told
    for option in (word for word in words if word.startswith("--")):
        assert option in told, f"{option} of {line}"


@pytest.mark.parametrize("code", blocks("python"), ids=lambda code: code.split()[3].strip(","))
def test_its_python_runs(code, sandbox, tmp_path):
    environment = os.environ | {"CQS_BUCKET": str(tmp_path / "bucket"), "CQS_ENDPOINT": sandbox.url}
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100, env=environment)
    assert ran.returncode == 0, ran.stderr


def test_it_names_every_cause_of_a_hole():
    from cqs_core.lake import CAUSES

    assert set(re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE)) == set(CAUSES)
