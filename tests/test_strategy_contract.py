"""The README's plugin keeps the contract, and every command that lists something works with it installed."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from types import ModuleType

import pytest

import readme
from cqs_core import Strategy
from cqs_core.testing.site import Site
from cqs_core.testing.strategy import StrategyContract

CODE = next(block for block in readme.blocks("python") if "hookimpl" in block)


def _strategy() -> type[Strategy]:
    module = ModuleType("cqs_golden_cross")
    exec(CODE, vars(module))
    return module.GoldenCross


class TestGoldenCross(StrategyContract):
    strategy = _strategy()


LISTING = [
    ["plugins"],
    ["strategies"],
    ["exchanges"],
    ["jobs"],
    ["backtest", "list"],
    ["data", "status"],
    ["data", "gaps"],
    ["data", "verify"],
    ["models", "list"],
    ["monitor", "positions"],
    ["monitor", "pnl"],
    ["monitor", "stats"],
    ["monitor", "alerts"],
    ["monitor", "reconcile"],
]
ALL = """
import contextlib, io, json, sys
from cqs_core.cli import run_command
found = []
for words in json.loads(sys.argv[1]):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run_command(words)
    found.append([code, out.getvalue(), err.getvalue()])
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def listed(tmp_path_factory) -> dict[tuple[str, ...], tuple[int, str, str]]:
    """What each says, all in one process: code, stdout, stderr."""
    home = tmp_path_factory.mktemp("listed")
    name = tomllib.loads(readme.blocks("toml")[0])["project"]["name"]
    Site(home / "site").install("golden_cross", CODE, distribution=name)
    (home / "bucket").mkdir()
    words = [[*one, *option, "--bucket", str(home / "bucket")] for one in LISTING for option in ([], ["--json"])]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(home / "site"))
        for folder in ("DATA", "STATE", "CACHE"):
            patch.setenv(f"CQS_{folder}_DIR", str(home / folder))
        ran = subprocess.run(
            [sys.executable, "-c", ALL, json.dumps(words)], capture_output=True, text=True, timeout=120, cwd=home
        )
    assert ran.returncode == 0, ran.stderr
    return {tuple(one[:-2]): tuple(said) for one, said in zip(words, json.loads(ran.stdout), strict=True)}


@pytest.mark.parametrize("words", LISTING, ids=" ".join)
def test_every_listing_command_works_with_it_installed(listed, words):
    for option in ((), ("--json",)):
        code, out, err = listed[*words, *option]
        assert (code, "Traceback" in err) == (0, False), err
        assert json.loads(out) is not None if option else True


def test_it_is_listed(listed):
    assert "golden_cross" in listed["strategies",][1]
    row = next(row for row in json.loads(listed["strategies", "--json"][1]) if row["name"] == "golden_cross")
    assert [parameter["name"] for parameter in row["parameters"]] == ["fast", "slow"]
    assert row["doc"] == ""
    states = {row["name"]: row["state"] for row in json.loads(listed["plugins", "--json"][1])}
    assert set(states.values()) == {"ok"}
