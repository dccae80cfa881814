"""What the README says is so."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from cqs_core import Lake, Series
from cqs_core.testing.candles import flat_table

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
PARTS, TESTING = (
    re.findall(r"^\| (`.*?) \| (.*) \|$", part, re.MULTILINE) for part in README.split("## Testing a plugin")
)
BTC = Series("upbit", "BTC/KRW", "1d")
CALM = """
from cqs_core import Orders, Strategy

class Calm(Strategy):
    "Does nothing."
    id = "calm"
    title = "Calm"

    def orders(self, candles):
        return Orders()
"""


def names(cell: str) -> list[str]:
    return re.findall(r"`([\w.]+)`", cell)


def test_the_example_of_the_lake_runs(gcs_bucket):
    Lake(gcs_bucket).append(BTC, flat_table(3), 0, 3 * 86_400_000)
    made: dict[str, object] = {}
    exec(EXAMPLES[0].replace("gs://my-bucket", gcs_bucket), made)
    assert made["lake"].frame(BTC).shape == (3, 5)


def test_the_example_of_a_plugins_tests_runs(tmp_path):
    for name, text in {"cqs_calm": CALM, "conftest": EXAMPLES[1], "test_calm": EXAMPLES[2]}.items():
        (tmp_path / f"{name}.py").write_text(text)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
    assert "15 passed" in ran.stdout


@pytest.mark.parametrize("module", [name for cell, _ in PARTS for name in names(cell)])
def test_every_part_is_there(module):
    assert import_module(f"cqs_core.{module}")


@pytest.mark.parametrize(("cell", "gives"), TESTING, ids=[cell for cell, _ in TESTING])
def test_everything_for_tests_is_there(cell, gives):
    for name in names(cell):
        module, _, thing = name.partition(".")
        found = import_module(f"cqs_core.testing.{module}")
        assert not thing or hasattr(found, thing)
        if not thing:
            wanted = [given for given in names(gives) if given != "cqs" or module == "command"]
            assert all(hasattr(found, given) for given in wanted)


def test_every_module_for_tests_is_told():
    folder = Path(import_module("cqs_core.testing").__file__).parent
    told = {name.partition(".")[0] for cell, _ in TESTING for name in names(cell)}
    assert told == {path.stem for path in folder.glob("*.py")} - {"__init__"}
