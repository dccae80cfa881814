"""What others named is printed, and commands no terminal."""

from __future__ import annotations

import io
import re
import sys

import pytest

from cqs_core.cli import run_command
from cqs_core.cli.options import emit
from cqs_core.cli.output import routed
from cqs_core.files.console import SafeConsole
from cqs_core.files.plaintext import harmless, one_line, safe
from cqs_core.testing.command import cqs
from cqs_core.testing.site import Site

EVIL = "x\x1b[2J\x9b31m\x07\r\x08\u202ey\x7f"
CODES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def test_what_is_printed_in_any_way_is_harmless(capsys):
    with routed():
        print(EVIL)
        sys.stdout.write(EVIL + "\n")
        sys.stdout.writelines([EVIL, "\n"])
        print(EVIL, file=sys.stderr)
        SafeConsole().print(EVIL)
        emit({EVIL: [EVIL]}, True, lambda: None)
        emit({}, False, lambda: print(EVIL))
    out, err = capsys.readouterr()
    assert CODES.search(out + err) is None
    assert out.count("x\\x1b[2J\\x9b31m\\x07\\r\\x08\\u202ey\\x7f") == 4
    assert "x\\x1b[2J\\x9b31m\\u202ey\\x7f\n" in out  # rich drops some itself
    assert r"x\u001b[2J\u009b31m\u0007\r\b\u202ey\u007f" in out


def test_bytes_too():
    under = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    before, sys.stdout = sys.stdout, under
    try:
        with routed():
            sys.stdout.buffer.write("메인 \x1b[2J\n".encode())
            sys.stdout.flush()
    finally:
        sys.stdout = before
    assert under.buffer.getvalue().decode() == "메인 \\x1b[2J\n"


def test_a_stream_of_text_alone_will_do():
    before, sys.stdout = sys.stdout, io.StringIO()
    try:
        assert run_command(["jobs"]) == 0
        assert sys.stdout.getvalue() == "no jobs; the pages of the dashboard start them\n"
    finally:
        sys.stdout = before


def test_styles_of_ours_are_still_styles():
    console = SafeConsole(file=io.StringIO(), force_terminal=True, color_system="standard", width=80)
    console.print(f"[red]{EVIL}[/]", "plain")
    assert "\x1b[31m" in console.file.getvalue()
    assert "\x1b[2J" not in console.file.getvalue()


def test_lines_and_tabs_stay():
    assert harmless("a\tb\nc\n") == "a\tb\nc\n"
    assert harmless("메인 \x1b") == "메인 \\x1b"
    assert one_line(" a\n\tb ") == "a b"
    assert safe("a\nb") == "a\\nb"


def test_a_wrong_word_comes_back_harmless(capsys):
    assert run_command([EVIL]) == 2
    assert run_command(["jobs", "show", EVIL]) == 2
    assert run_command(["jobs", f"--{EVIL}"]) == 2
    out, err = capsys.readouterr()
    assert CODES.search(out + err) is None


def test_names_of_a_plugin_come_back_harmless(tmp_path, monkeypatch):
    site = Site(tmp_path / "site")
    site.install("bad", f"raise RuntimeError({EVIL!r})")
    about = tmp_path / "site" / "cqs_bad-1.2.dist-info" / "entry_points.txt"
    about.write_text(about.read_text().replace("bad =", "b\x1b[2Jd =", 1))
    monkeypatch.setenv("PYTHONPATH", str(site.folder))
    for words in (["plugins"], ["plugins", "--json"], ["--help"]):
        ran = cqs(*words)
        assert CODES.search(ran.stdout + ran.stderr) is None
        assert words == ["--help"] or "\\x1b[2J" in ran.stdout or "\\u001b[2J" in ran.stdout


@pytest.mark.parametrize("words", [["plugins"], ["jobs"], ["--help"]])
def test_ordinary_output_is_as_it_was(words):
    ran = cqs(*words)
    assert "\\x" not in ran.stdout
    assert ran.stdout.endswith("\n")
