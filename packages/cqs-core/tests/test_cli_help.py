"""Help, completion, versions, and what is said of commands that are not there."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.metadata import version

import pytest

from cqs_core.cli import run_command
from cqs_core.testing.command import cqs, refusal
from cqs_core.testing.site import Site


def printed(capsys, *words):
    assert run_command(list(words)) == 0
    return capsys.readouterr().out


def test_help_prints_what_the_option_prints(capsys):
    assert printed(capsys, "help") == printed(capsys, "--help")
    assert printed(capsys, "help", "jobs", "show") == printed(capsys, "jobs", "show", "--help")


def test_help_of_nothing_names_what_there_is(capsys):
    assert run_command(["help", "jobs", "nope"]) == 2
    assert capsys.readouterr().err == "cqs: 'cqs jobs' has no command 'nope'; `cqs jobs --help` lists them\n"
    assert run_command(["help", "jobs", "show", "more"]) == 2


def test_the_short_option_of_the_version(capsys):
    assert printed(capsys, "-V") == printed(capsys, "--version")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell(capsys, shell):
    assert "_CQS_COMPLETE" in printed(capsys, "completion", shell)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_takes_its_script(capsys, shell, tmp_path):
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    script = tmp_path / "script"
    script.write_text(printed(capsys, "completion", shell))
    subprocess.run([program, "-n", str(script)], check=True, timeout=60)


def test_bash_completes_commands_and_options():
    def completed(*words):
        run = subprocess.run(
            [sys.executable, "-c", "from cqs_core.cli import main; main()"],
            env={"_CQS_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return run.stdout.split()

    assert "plain,plugins" in completed("cqs", "plu")
    assert "plain,cancel" in completed("cqs", "jobs", "c")
    assert "plain,--json" in completed("cqs", "jobs", "--j")


class TestMissingPackages:
    def test_one_that_does_not_fit_is_named_with_the_reason(self, tmp_path):
        site = Site(tmp_path / "site")
        site.install("monitor", "", distribution="cqs-monitor", requires="cqs-core>=9")
        line = refusal("monitor", "pnl", PYTHONPATH=str(site.folder))
        assert line == (
            "cqs: command 'monitor' is part of cqs-monitor, which is not loaded "
            f"(version: needs cqs-core>=9, this is {version('cqs-core')}; install versions that fit)"
        )

    def test_one_that_is_disabled_says_so(self):
        if "monitor" not in cqs("plugins").stdout:
            pytest.skip("cqs-monitor is not installed")
        line = refusal("monitor", "pnl", CQS_DISABLE="monitor")
        assert "part of cqs-monitor, which is not loaded (disabled by CQS_DISABLE)" in line
