"""What a win is, is said in one file: with another rule in it, every win rate is another one."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cqs_core.trading.metrics import wins
from win_rates import win_rates

ROOT = Path(__file__).parent.parent
FILE = Path(sys.modules[wins.__module__].__file__)
# Modules take names from each other, so the other rule has to be there before any of them is imported.
OTHER = """
import importlib.util, runpy, sys

class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "cqs_core.trading.metrics.win_rate":
            return importlib.util.spec_from_file_location(name, sys.argv[1])

sys.meta_path.insert(0, Finder)
runpy.run_path(sys.argv[2], run_name="__main__")
"""


def test_two_of_three_win():
    assert {place: rate for place, rate in win_rates().items() if rate != pytest.approx(200 / 3)} == {}


def test_another_rule_is_followed_everywhere(tmp_path):
    """Of +10 %, +1 % and -5 % only the first is above 5 %; what is compiled and kept on disk does not stay behind."""
    other = tmp_path / "win_rate.py"
    text, changed = re.subn(r"^    return .*$", "    return return_pct > 5", FILE.read_text(), flags=re.MULTILINE)
    other.write_text(text)
    assert changed == 1
    command = [sys.executable, "-c", OTHER, other, ROOT / "tests" / "win_rates.py"]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout)
    assert {place: rate for place, rate in found.items() if rate != pytest.approx(100 / 3)} == {}
    assert found.keys() == win_rates().keys()


def test_its_label_is_written_once():
    files = [path for path in ROOT.glob("packages/*/src/**/*.py") if path != FILE]
    label = re.compile(r"[\"'](?:[Ww]in rate|Won)(?: %)?[\"']")
    assert [f"{path.name}: {found[0]}" for path in files if (found := label.search(path.read_text()))] == []
