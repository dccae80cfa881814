"""The guides work: their commands and their Python are run."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import numpy as np
import pandas as pd
import pytest

import documents
from cqs_core import Bucket, Lake, Series, plugins
from cqs_core.cli import run_command
from cqs_core.lake import candle_table
from cqs_core.testing.candles import flat_table, random_candles
from cqs_core.testing.fixtures import gcs_bucket, gcs_emulator  # noqa: F401 - fixtures

DAY = 86_400_000


def commands(page, language="sh"):
    """The `cqs …` lines of a page's shell blocks, without variables before them."""
    lines = "".join(block.text for block in documents.blocks(page, language)).splitlines()
    plain = [re.sub(r"^(uv run |[A-Z_]+=\S+ )*", "", line.split("  #")[0]).strip() for line in lines]
    return [shlex.split(line)[1:] for line in plain if line.startswith("cqs ")]


def command_of(words):
    """The click command of a line, and its options."""
    found, rest = click.Group("cqs", commands={}), list(words)
    module, _, name = plugins().commands()[rest.pop(0)][0].partition(":")
    found = getattr(__import__(module, fromlist=[name]), name)
    while isinstance(found, click.Group) and rest and rest[0] in found.commands:
        found = found.commands[rest.pop(0)]
    return found, {word.partition("=")[0] for word in rest if word.startswith("--")}


ALL = [(page, words) for page in documents.pages() for words in commands(page) if page.startswith("guides/")]
EXAMPLES = {"biggest"}  # of plugins on these pages


@pytest.mark.parametrize(("page", "words"), ALL, ids=lambda value: value if isinstance(value, str) else " ".join(value))
def test_every_command_and_its_options_exist(page, words):
    if words[0] in EXAMPLES or words[0].startswith("-"):
        return
    command, options = command_of(words)
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    assert options <= known | {"--help"}, f"{page}: cqs {' '.join(words)}"


def run_all(lines, capsys):
    for words in lines:
        code = run_command(words)
        assert code == 0, f"cqs {' '.join(words)}: {capsys.readouterr().err}"


def test_the_first_run(sandbox, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CQS_BUCKET", str(tmp_path))
    monkeypatch.setenv("CQS_ENDPOINT", sandbox)
    lines = [
        words for words in commands("guides/first-run") if words[0] not in ("serve", "demo") and "--every" not in words
    ]
    assert len(lines) == 8
    run_all(lines[:6], capsys)
    assert "volatility_breakout" in capsys.readouterr().out
    run_all(lines[6:], capsys)
    [code] = documents.blocks("guides/first-run", "python")
    exec(code.text, {})
    assert len(capsys.readouterr().out.splitlines()) > 5


def test_the_search(tmp_path, monkeypatch, capsys):
    """Its commands on two random walks, and its strategy as a file."""
    monkeypatch.setenv("CQS_BUCKET", str(tmp_path))
    candles = random_candles(("BTC/KRW", "ETH/KRW"), rows=460)
    for s, market in enumerate(candles.symbols):
        columns = [getattr(candles, n)[:, s] for n in ("open", "high", "low", "close", "volume")]
        table = candle_table(candles.ts, np.column_stack(columns))
        series = Series("upbit", market, "1d")
        Lake(Bucket(tmp_path)).append(series, table, int(candles.ts[0]), int(candles.ts[-1]) + DAY, source="import")
    lines = [words for words in commands("guides/search") if not {"--workers", "--scheduler"} & {*words}]
    assert len(lines) == 5
    run_all(lines, capsys)
    out = capsys.readouterr().out
    assert "deflated Sharpe ratio" in out
    assert "Pareto set of" in out
    assert "efficiency" in out
    [code] = documents.blocks("guides/search", "python")
    rule = tmp_path / "rising.py"
    rule.write_text(code.text)
    run_all([["backtest", "sweep", f"{rule}:Rising", "--symbols", "BTC"]], capsys)
    assert "20 sets" in capsys.readouterr().out


def frame(candles, s):
    index = pd.to_datetime(candles.ts, unit="ms", utc=True)
    return pd.DataFrame({n: getattr(candles, n)[:, s] for n in ("open", "high", "low", "close", "volume")}, index)


def test_the_strategy(tmp_path, monkeypatch, capsys):
    candles = random_candles(("BTC/KRW", "ETH/KRW"), rows=400)
    data = {"BTC": frame(candles, 0), "ETH": frame(candles, 1)}
    monkeypatch.chdir(tmp_path)
    names = {"data": data, "__name__": "guide"}
    for block in documents.blocks("guides/strategy", "python"):
        if block.title:
            Path(block.title).write_text(block.text)
        exec(compile(block.text, "guide", "exec"), names)
    assert capsys.readouterr().out.startswith("ok")
    for name, rows in data.items():
        Lake(str(tmp_path)).append(
            Series("upbit", f"{name}/KRW", "1d"),
            candle_table(candles.ts, rows.to_numpy()),
            int(candles.ts[0]),
            int(candles.ts[-1]) + DAY,
        )
    monkeypatch.setenv("CQS_BUCKET", str(tmp_path))
    run_all(commands("guides/strategy")[:1], capsys)


def test_a_bucket_on_gcs(gcs_bucket, sandbox, monkeypatch, capsys):  # noqa: F811 - the fixture
    text = documents.text("guides/gcs").partition("## 3. Use it")[2].partition("\n## ")[0]
    [block] = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    export, *lines = block.strip().splitlines()
    assert export == "export CQS_BUCKET=gs://my-candles"
    monkeypatch.setenv("CQS_BUCKET", gcs_bucket)
    monkeypatch.setenv("CQS_ENDPOINT", sandbox)
    run_all([shlex.split(line)[1:] for line in lines], capsys)
    assert "BTC/KRW" in capsys.readouterr().out


UNITS = [block for block in documents.blocks("guides/deploy", "ini") if block.title.endswith(".service")]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.title)
def test_the_units_start_commands_that_exist(unit):
    parsed = configparser.ConfigParser()
    parsed.optionxform = str
    parsed.read_string(unit.text)
    program, *words = shlex.split(parsed["Service"]["ExecStart"])
    assert program.endswith("/.venv/bin/cqs")
    command, options = command_of(words)
    assert options <= {name for parameter in command.params for name in parameter.opts}
    assert parsed["Install"]["WantedBy"] == "multi-user.target"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_takes_the_units(tmp_path):
    for unit in UNITS:
        text = unit.text.replace("/var/lib/cqs/cqs/.venv/bin/cqs", "/bin/true")
        (tmp_path / unit.title).write_text(re.sub(r"^User=.*\n", "", text, flags=re.MULTILINE))
    ran = subprocess.run(
        ["systemd-analyze", "verify", *sorted(tmp_path.glob("*.service"))], capture_output=True, text=True, timeout=60
    )
    mine = [line for line in ran.stderr.splitlines() if "cqs-" in line]
    assert mine == []


def test_the_settings_of_the_deployment_are_settings():
    [file] = documents.blocks("guides/deploy", "ini", "cqs.env")
    known = documents.text("spec/settings")
    for line in file.text.splitlines():
        name = line.partition("=")[0]
        assert f"`{'CQS_ALERT_*' if name.startswith('CQS_ALERT_') else name}`" in known


def test_the_messages_of_troubleshooting_are_those_of_the_code():
    sources = "".join(path.read_text() for path in documents.ROOT.glob("packages/*/src/**/*.py"))
    sources = re.sub(r"\{[^{}]*\}", "…", re.sub(r'"\s*\n\s*f?"', "", sources))
    quoted = [
        text
        for heading in ("Commands", "Data", "Backtests", "Dashboard", "Google Cloud Storage")
        for cells in documents.rows("guides/troubleshooting", heading)
        for text in re.findall(r"`([^`]+)`", cells[0])
    ]
    assert len(quoted) > 12
    unknown = [
        text
        for text in quoted
        if not re.match(r"(cqs .*|ok|fetch)$", text)
        for part in re.split(r"…|'[^']*'|\(SIGKILL\)", text)
        if part.strip(" :;") and part.strip(" :;") not in sources
    ]
    assert unknown == []


def test_the_dependencies_of_another_repository():
    projects = [tomllib.loads(block.text) for block in documents.blocks("guides/other-repository", "toml")]
    for project in projects:
        for name, source in project["tool"]["uv"]["sources"].items():
            folder = source.get("subdirectory", source.get("path", "")).removeprefix("../cqs/")
            assert (documents.ROOT / folder / "pyproject.toml").is_file()
            assert folder == f"packages/{name}"
        revisions = {source.get("rev") for source in project["tool"]["uv"]["sources"].values()}
        assert len(revisions) == 1  # with two, uv finds conflicting URLs


def test_the_python_of_another_repository(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bucket").mkdir()
    Lake("./bucket").append(Series("upbit", "BTC/KRW", "1d"), flat_table(3, 0, 7.0), 0, 3 * DAY)
    [code] = documents.blocks("guides/other-repository", "python")
    exec(code.text, {})
    assert capsys.readouterr().out.split() == ["None", "7.0"]


@pytest.mark.soak
def test_cqs_from_git_in_another_repository(tmp_path):
    """As the guide has it, from a local clone; asks the registry for what cqs depends on."""
    clone, project = tmp_path / "cqs", tmp_path / "research"
    subprocess.run(["git", "clone", "-q", documents.ROOT, clone], check=True)
    project.mkdir()
    [text] = [block.text for block in documents.blocks("guides/other-repository", "toml", "pyproject.toml")]
    text = re.sub(r', rev = "[^"]*"', "", text).replace("https://github.com/OWNER/cqs", clone.as_uri())
    (project / "pyproject.toml").write_text(text)
    uv = ["uv", "run", "--project", project, "cqs"]
    ran = subprocess.run([*uv, "plugins", "--json"], capture_output=True, text=True, timeout=900, cwd=project)
    assert ran.returncode == 0, ran.stderr
    assert all(f'"{name}"' in ran.stdout for name in ("core", "data", "backtest"))
    assert '"panel"' not in ran.stdout
    strategies = subprocess.run([*uv, "strategies"], capture_output=True, text=True, timeout=300, cwd=project)
    assert "volatility_breakout" in strategies.stdout


@pytest.mark.soak
def test_cqs_from_a_clone_in_another_repository(tmp_path):
    """The commands of the guide, by git and by path, find no conflict; asks the registry for what cqs depends on."""
    clone = tmp_path / "cqs"
    subprocess.run(["git", "clone", "-q", documents.ROOT, clone], check=True)
    subprocess.run(["git", "-C", clone, "tag", "cqs-backtest-v0.1.0"], check=True)
    lines = "".join(block.text for block in documents.blocks("guides/other-repository", "sh")).splitlines()
    added = [line for line in lines if line.startswith("uv add ")]
    for way in ([line for line in added if "git+" in line], [line for line in added if "--editable" in line]):
        project = tmp_path / f"research{len(way)}"
        project.mkdir()
        subprocess.run(["uv", "init", "-q", "--bare", "--python", sys.executable], cwd=project, check=True)
        for line in way:
            words = shlex.split(line.replace("https://github.com/OWNER/cqs", clone.as_uri()))
            ran = subprocess.run([*words, "--no-sync"], cwd=project, capture_output=True, text=True, timeout=600)
            assert ran.returncode == 0, ran.stderr
        assert 'name = "cqs-core"' in (project / "uv.lock").read_text()
