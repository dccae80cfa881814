"""What the README says is true."""

from __future__ import annotations

import inspect
import json
import os
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import readme
from cqs_core import Settings
from cqs_core.host import hookspecs

CQS = str(Path(sys.executable).with_name("cqs"))


def test_the_hook_table_is_the_hookspecs():
    table = {cells[0].strip("`"): cells[1:] for cells in readme.rows("Hooks")}
    specs = {name: spec for name, spec in vars(hookspecs).items() if name.startswith("register_")}
    assert list(table) == list(specs)
    for name, spec in specs.items():
        said = " ".join(inspect.getdoc(spec).split())
        assert said == f"Called {table[name][0]}. Returns {table[name][1]}."


def test_every_setting_in_the_table_exists():
    named = {
        name for cells in readme.rows("Your own exchange and bucket") for name in cells[0].replace("`", "").split(", ")
    }
    have = {f"CQS_{name.upper()}" for name in Settings.model_fields} | {"GCS_BUCKET"}
    sources = "".join(path.read_text() for path in readme.ROOT.glob("packages/*/src/**/*.py"))
    assert {name for name in named - have if f'"{name}"' not in sources} == set()


def test_the_first_screen_has_the_two_commands_and_a_screenshot():
    first = readme.TEXT[:1700]
    assert "uv run cqs demo" in first
    assert "uv run pytest" in first
    assert "## In Python" in first
    for image in ("dashboard-light.png", "dashboard-dark.png"):
        assert image in first
        assert (readme.ROOT / ".github" / image).is_file()


def test_every_command_of_the_readme_exists(tmp_path):
    for line in readme.commands():
        words = shlex.split(line)
        if words[0] != "cqs":
            continue
        subcommands = [word for word in words[1:3] if word.isalpha()]
        ran = subprocess.run(
            [CQS, *subcommands[:1], "--help"], capture_output=True, text=True, timeout=60, cwd=tmp_path
        )
        assert ran.returncode == 0, f"{line}: {ran.stderr}"


def test_the_commands_and_the_python_of_the_readme_run_against_the_sandbox(sandbox, tmp_path):
    bucket = tmp_path / "candles"
    environment = os.environ | {"CQS_BUCKET": str(bucket), "CQS_ENDPOINT": sandbox, "HOME": str(tmp_path)}
    for line in readme.commands():
        words = shlex.split(line)
        if words[0] == "cqs" and words[1] not in ("demo", "serve"):
            ran = subprocess.run(
                [CQS, *words[1:]], capture_output=True, text=True, timeout=120, cwd=tmp_path, env=environment
            )
            assert ran.returncode == 0, f"{line}: {ran.stderr}"
    first, other = (block for block in readme.blocks("python") if "cqs_data" in block)
    script = tmp_path / "first.py"
    script.write_text(first + other)
    ran = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=120, cwd=tmp_path, env=environment
    )
    assert ran.returncode == 0, ran.stderr
    assert len(ran.stdout.split()) == 4
    assert list(bucket.glob("runs/*"))  # the first one is kept


@pytest.fixture
def golden_cross(tmp_path) -> dict[str, str]:
    """The README's plugin, installed the way installers do: a module and its dist-info on the path."""
    project = tomllib.loads(readme.blocks("toml")[0])["project"]
    code = next(block for block in readme.blocks("python") if "hookimpl" in block)
    site = tmp_path / "site"
    about = site / f"cqs_golden_cross-{project['version']}.dist-info"
    about.mkdir(parents=True)
    (site / "cqs_golden_cross.py").write_text(code)
    requires = "".join(f"Requires-Dist: {line}\n" for line in project["dependencies"])
    (about / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n{requires}"
    )
    points = "".join(f"{name} = {where}\n" for name, where in project["entry-points"]["cqs"].items())
    (about / "entry_points.txt").write_text(f"[cqs]\n{points}")
    return os.environ | {"PYTHONPATH": str(site)}


def test_the_plugin_is_listed_and_its_strategy_runs(golden_cross, sandbox, tmp_path):
    bucket = ["--bucket", str(tmp_path / "bucket")]

    def cqs(*args: str) -> object:
        ran = subprocess.run(
            [CQS, *args, "--json"], capture_output=True, text=True, timeout=120, cwd=tmp_path, env=golden_cross
        )
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    assert {"name": "golden_cross", "version": "1.0", "hooks": ["register_strategies"], "state": "ok"} in cqs("plugins")
    cqs("fetch", "--symbols", "BTC", "--interval", "1d", "--endpoint", sandbox, *bucket)
    result = cqs("backtest", "run", "golden_cross", "--symbols", "BTC", *bucket)
    assert result["trades"]
