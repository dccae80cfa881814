"""A file of users that is not safe lets no one in, and says how to mend it; so do commands that cannot ask."""

from __future__ import annotations

import json
import os
import socket

import click
import pytest

from cqs_core import UsageError
from cqs_core.cli import run_command
from cqs_core.testing.command import refusal
from cqs_panel.checks import checked
from cqs_panel.login import passwords, users

PASSWORD = "a password of some length"


@pytest.fixture(autouse=True)
def anna(own_folders, monkeypatch):
    """One user, whose hash costs nothing."""
    monkeypatch.setattr(passwords, "COST", 16)
    monkeypatch.setattr(passwords, "RUNS", 1)
    users.add("anna", "viewer", PASSWORD)


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such bits")
def test_a_file_of_users_that_others_may_read_is_refused():
    users.users_file().chmod(0o644)
    with pytest.raises(UsageError, match=r"is open to other users of this machine; run `chmod 600 "):
        users.users()


@pytest.mark.parametrize("change", [{"role": "king"}, {"name": "otto"}, {"password": 7}])
def test_a_row_that_is_not_a_user_is_refused(change):
    path = users.users_file()
    stored = json.loads(path.read_text("utf-8"))
    stored["users"]["anna"] |= change
    path.write_text(json.dumps(stored), "utf-8")
    with pytest.raises(
        UsageError, match=r"a name, role or hash is wrong.*no one can log in\. Restore it, or delete it"
    ):
        users.users()


def test_a_link_that_leads_nowhere_lets_no_one_in(tmp_path):
    path = users.users_file()
    path.unlink()
    path.symlink_to(tmp_path / "gone")
    with pytest.raises(UsageError, match="leads nowhere; remove the link, and add users again"):
        users.users()
    assert users.login_required()


def test_a_password_is_not_asked_for_without_a_terminal():
    told = refusal("users", "add", "otto")
    assert "no terminal to ask for the password; use --password-stdin" in told
    assert set(users.users()) == {"anna"}


def test_a_password_that_is_typed_in_two_ways_is_not_taken(monkeypatch, capsys):
    typed = iter([PASSWORD, f"{PASSWORD}!"])
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr(click, "prompt", lambda *_, **options: next(typed) if options["hide_input"] else None)
    assert run_command(["users", "add", "otto"]) == 2
    assert "the two passwords differ; nothing was changed" in " ".join(capsys.readouterr().err.split())
    assert set(users.users()) == {"anna"}


class Terminal:
    def isatty(self):
        return True


def test_there_are_so_many_users_at_most(monkeypatch):
    monkeypatch.setattr(users, "_MOST", 1)
    with pytest.raises(UsageError, match="there are 1 users already; remove some"):
        users.add("otto", "viewer", PASSWORD)
    assert set(users.users()) == {"anna"}


def test_a_dashboard_needs_a_port_of_its_own(tmp_path, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert run_command(["serve", "--no-open", "--port", str(port), "--bucket", str(tmp_path)]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert f"port {port} is taken; name another with --port, or --port 0 for a free one" in told


@pytest.mark.parametrize("text", ["x" * 100_000, "BTC\x00", "BTC\x1b[31m"])
def test_a_page_starts_no_job_with_hostile_text(text):
    with pytest.raises(UsageError, match="is too long, or has control characters; no page may start a job with it"):
        checked(["fetch", "--symbols", text])
