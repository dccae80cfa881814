"""What the README says can be typed, can be typed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from logfiles import HEAD, SELL

from cqs_core.cli import run_command

README = (Path(__file__).parents[1] / "README.md").read_text()
COMMANDS = re.findall(r"^(cqs monitor [^#\n`]+)", README, flags=re.MULTILINE)


@pytest.mark.parametrize("command", [c.strip() for c in COMMANDS if "compare" not in c])
def test_the_commands_of_the_readme_run(command, folder, put, monkeypatch, capsys):
    put("logs/Main/trades_2025-10-30.csv", HEAD + SELL)
    monkeypatch.setenv("CQS_BUCKET", str(folder))
    assert run_command(shlex.split(command)[1:]) == 0
    assert "Main" in capsys.readouterr().out


def test_the_example_of_the_readme_runs(folder, put, monkeypatch):
    put("logs/Main/trades_2025-10-30.csv", HEAD + SELL.replace(b"2025-10-21", b"2025-10-30"))
    monkeypatch.setenv("CQS_BUCKET", str(folder))
    (example,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    found: dict[str, object] = {}
    exec(example, found)
    assert len(found["frame"]) == 1
    assert str(found["frame"]["timestamp"].dt.tz) == "UTC"
