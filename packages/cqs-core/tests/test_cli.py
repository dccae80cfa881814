"""The `cqs` command: what it says, and with which exit code it ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cqs_core import DataError, UsageError
from cqs_core.cli import emit_array, open_bucket
from cqs_core.cli.options import plain
from cqs_core.testing.command import CQS, cqs, cqs_json, refusal
from cqs_core.testing.site import Site

TOOLS = """
import click
from cqs_core import DataError, UsageError, hookimpl
from cqs_core.cli import command_options, emit, open_bucket

@hookimpl
def register_commands():
    return {
        "tool": ("cqs_tool_tool:tool", "Does what it is told."),
        "gone": ("cqs_tool_tool:gone", "Is not there."),
        "nowhere": ("cqs_no_such_module:x", "Is not there either."),
        "text": ("cqs_tool_tool:TEXT", "Is no command."),
    }

TEXT = "text"

@click.command()
@click.argument("what")
@command_options
def tool(what, bucket, as_json):
    if what == "usage":
        raise UsageError("no\\nsuch thing; do another")
    if what == "data":
        raise DataError("it is damaged; mend it")
    if what == "bug":
        raise RuntimeError("a fault of ours")
    if what == "file":
        open("/no/such/file")
    if what == "abort":
        raise click.Abort
    if what == "interrupt":
        raise KeyboardInterrupt
    if what == "seven":
        raise SystemExit(7)
    if what == "bucket":
        emit({"bucket": open_bucket(bucket).url}, as_json, lambda: click.echo("human"))
    if what == "much":
        emit(["메인 🚀", "half \\udcff"] * 50_000, as_json, lambda: click.echo("x\\n" * 100_000))
"""


@pytest.fixture
def tools(tmp_path, monkeypatch):
    site = Site(tmp_path / "site")
    site.install("tool", TOOLS)
    monkeypatch.setenv("PYTHONPATH", str(site.folder))
    return site


def shell(command: str) -> subprocess.CompletedProcess[str]:
    quoted = " ".join(f"'{word}'" for word in CQS)
    return subprocess.run(
        ["bash", "-c", command.replace("cqs", quoted)], capture_output=True, encoding="utf-8", timeout=60, check=False
    )


class TestRefusals:
    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (["plugin"], "cqs: unknown command 'plugin'; did you mean 'plugins'?"),
            (["메인"], "cqs: unknown command '메인'; there are: "),
            (["--bogus"], "cqs: unknown option '--bogus' of `cqs`; see `cqs --help`"),
            (
                ["plugins", "--jsn"],
                "cqs: unknown option '--jsn' of `cqs plugins`; did you mean '--json'? See `cqs",
            ),
            (
                ["plugins", "more"],
                "cqs: unknown command 'more' of `cqs plugins`; there are: disable, enable; see `cqs",
            ),
            (["jobs", "show"], "cqs: Missing argument 'ID'; see `cqs jobs show --help`"),
            (["jobs", "show", "../../etc"], "cqs: unknown job '../../etc'; `cqs jobs` lists them"),
            (["demo", "--port", "x"], "cqs: Invalid value for '--port'"),
            (["demo", "--bucket", ""], "cqs: bucket '' is empty; name a folder or gs://name"),
        ],
        ids=lambda value: " ".join(value) if isinstance(value, list) else "",
    )
    def test_wrong_words_get_one_line_and_code_2(self, words, told):
        assert refusal(*words).startswith(told)

    def test_an_unknown_command_names_plugins_that_failed(self, tmp_path):
        site = Site(tmp_path / "site")
        site.install("data2", "raise RuntimeError('broken')")
        line = refusal("qwertz", PYTHONPATH=str(site.folder))
        assert line == "cqs: unknown command 'qwertz'; cqs-data2 failed to load: RuntimeError: broken"

    def test_no_words_at_all_get_the_help(self):
        ran = cqs(code=2)
        assert ran.stderr.startswith("Usage: cqs")


class TestEnds:
    @pytest.mark.parametrize(
        ("what", "code", "told"),
        [
            ("usage", 2, "cqs: no such thing; do another"),
            ("data", 1, "cqs: it is damaged; mend it"),
            ("file", 1, "cqs: No such file or directory: '/no/such/file'"),
        ],
    )
    def test_errors_are_one_line(self, tools, what, code, told):
        assert refusal("tool", what, code=code) == told

    @pytest.mark.parametrize(("what", "code"), [("abort", 130), ("interrupt", 130), ("seven", 7), ("nothing", 0)])
    def test_codes_are_kept(self, tools, what, code):
        ran = cqs("tool", what, code=code)
        assert (ran.stdout, ran.stderr.strip()) == ("", "")

    def test_a_fault_of_ours_is_not_dressed_up(self, tools):
        assert "RuntimeError: a fault of ours" in cqs("tool", "bug", code=1).stderr

    @pytest.mark.parametrize(
        ("name", "told"),
        [
            ("gone", "cqs: command 'gone' cannot be loaded: AttributeError: module 'cqs_tool_tool' has no attribute"),
            ("nowhere", "cqs: command 'nowhere' cannot be loaded: ModuleNotFoundError: No module named"),
            ("text", "cqs: command 'text' cannot be loaded: TypeError: 'cqs_tool_tool:TEXT' is not a click command"),
        ],
    )
    def test_a_command_that_cannot_be_loaded_says_why(self, tools, name, told):
        assert refusal(name, code=1).startswith(told)

    def test_a_broken_plugin_does_not_break_help_or_the_others(self, tmp_path, tools):
        tools.install("bad", "raise RuntimeError('broken')")
        assert "Does what it is told." in cqs("--help").stdout
        states = {row["name"]: row["state"] for row in cqs_json("plugins")}
        assert states["bad"] == "import: RuntimeError: broken"
        assert states["core"] == states["tool"] == "ok"
        assert "RuntimeError: broken" in cqs("plugins").stdout.replace("\n", " ")


class TestOutput:
    def test_every_command_of_core_takes_json_and_bucket(self, tmp_path):
        for words in (["plugins"], ["jobs"]):
            assert isinstance(cqs_json(*words, "--bucket", tmp_path), list)
        for words in (["jobs", "show", "x"], ["jobs", "cancel", "x"]):
            assert "unknown job 'x'" in refusal(*words, "--json", "--bucket", str(tmp_path))

    def test_json_is_alone_on_stdout(self, tools, tmp_path):
        ran = cqs("tool", "bucket", "--json", "--bucket", tmp_path)
        assert json.loads(ran.stdout) == {"bucket": str(tmp_path)}
        assert ran.stderr == ""
        assert cqs("tool", "bucket", "--bucket", tmp_path).stdout == "human\n"

    def test_an_empty_bucket_option_is_refused(self, tools):
        assert refusal("tool", "bucket", "--bucket", "") == "cqs: --bucket is ''; give it a value, or leave it out"

    def test_a_head_that_has_seen_enough_is_no_failure(self, tools):
        for option in ("", "--json"):
            ran = shell(f"set -o pipefail; cqs tool much {option} | head -c 5")
            assert (ran.returncode, ran.stderr) == (0, "")

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
    def test_a_full_disk_behind_stdout_is_told(self, tools):
        for option in ("", "--json"):
            ran = shell(f"cqs tool much {option} > /dev/full")
            assert (ran.returncode, ran.stderr) == (1, "cqs: No space left on device\n")

    def test_closed_streams_are_survived(self, tools):
        assert shell("cqs tool much --json >&-").stderr.startswith("cqs: standard output is closed")
        assert shell("cqs tool much >&-").returncode == 0
        assert shell("cqs plugin 2>&-").returncode == 2
        assert shell("cqs plugin 2>&-").stdout == ""
        assert shell("cqs plugin 2>/dev/full").returncode == 2

    @pytest.mark.parametrize(
        "variables", [{"LANG": "C", "LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}, {"PYTHONUTF8": "1"}]
    )
    def test_json_survives_any_locale(self, tools, variables):
        assert set(cqs_json("tool", "much", **variables)) == {"메인 🚀", "half \udcff"}
        assert "메인" in refusal("메인", LANG="C") or "\\uba54" in refusal("메인", LANG="C")

    def test_numbers_that_json_has_not_become_null(self):
        import numpy as np

        told = plain(
            {"a": float("nan"), "b": np.float64("inf"), 3: np.array([1.5, np.nan]), "c": np.int64(7), "d": (1,)}
        )
        assert told == {"a": None, "b": None, "3": [1.5, None], "c": 7, "d": [1]}

    def test_errors_know_their_codes(self):
        assert (UsageError("x").exit_code, DataError("x").exit_code) == (2, 1)


class TestStopping:
    """In a process of its own, which is sent a signal."""

    CODE = """
import sys, time, click
from cqs_core.cli import stoppable
from cqs_core.cli.root import _Commands, main

@click.command("work")
@click.argument("told")
def work(told):
    with stoppable(told):
        print("at work", flush=True)
        time.sleep(30)

_Commands.get_command = lambda self, ctx, name: work
main()
"""

    @pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    @pytest.mark.parametrize(("told", "line"), [("", ""), ("what came is stored", "cqs: what came is stored\n")])
    def test_both_signals_end_it_with_one_line(self, number, code, told, line):
        words = [sys.executable, "-c", self.CODE, "work", told]
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
            assert running.stdout.readline() == "at work\n"
            running.send_signal(number)
            _, err = running.communicate(timeout=60)
        assert (running.returncode, err) == (code, line)

    def test_sigterm_works_where_ctrl_c_is_ignored(self):
        ignoring = f"import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n{self.CODE}"
        words = [sys.executable, "-c", ignoring, "work", "stored"]
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
            running.stdout.readline()
            running.terminate()
            _, err = running.communicate(timeout=60)
        assert (running.returncode, err) == (143, "cqs: stored\n")


def test_a_command_that_goes_on_with_what_is_there_makes_no_folder(tmp_path):
    assert open_bucket(str(tmp_path / "new"), write=True).folder.is_dir()
    with pytest.raises(UsageError, match="does not exist; check the name"):
        open_bucket(str(tmp_path / "typo"), write=True, create=False)
    assert not (tmp_path / "typo").exists()


@pytest.mark.parametrize(
    ("objects", "text"),
    [([], "[]\n"), ([[], ['{"a": 1}'], [], ['{"b": 2}', "{}"]], '[{"a": 1}, {"b": 2}, {}]\n')],
)
def test_an_array_is_printed_part_by_part(capsys, objects, text):
    emit_array(iter(objects))
    assert capsys.readouterr().out == text
