"""The server refuses what it should not serve, before it starts."""

from __future__ import annotations

import contextlib
import socket

import pytest

from cqs_core.cli import run_command
from cqs_panel.serve import APP, PORT
from cqs_panel.testing.fixtures import dashboard  # noqa: F401 - a fixture, found by name


@pytest.mark.parametrize("address", ["0.0.0.0", "192.168.0.10", "::", "8.8.8.8"])
def test_an_address_of_the_network_is_refused_with_a_remedy(own_folders, capsys, address):
    assert run_command(["serve", "--address", address, "--no-open", "--bucket", str(own_folders)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert repr(address) in said
    assert "ssh -L" in said


def test_what_is_no_address_is_refused(own_folders, capsys):
    assert run_command(["serve", "--address", "myhost", "--no-open", "--bucket", str(own_folders)]) == 2
    assert "'myhost' is not an IP address" in capsys.readouterr().err


def test_a_port_that_is_taken_is_refused(own_folders, capsys):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert run_command(["serve", "--port", str(port), "--no-open", "--bucket", str(own_folders)]) == 2
    assert f"port {port} is taken" in capsys.readouterr().err


@pytest.mark.parametrize("option", [["--no-open"], ["--allow", "dashboard.example.com"]])
def test_a_dashboard_that_others_look_for_at_its_port_takes_no_other(own_folders, capsys, option):
    with socket.socket() as other:
        with contextlib.suppress(OSError):  # whoever has it
            other.bind(("127.0.0.1", PORT))
            other.listen()
        assert run_command(["serve", *option, "--bucket", str(own_folders)]) == 2
    said = capsys.readouterr().err
    assert (f"port {PORT} is taken" in said, "--port 0" in said, said.count("\n")) == (True, True, 1)


def test_a_bucket_that_is_not_there_is_refused(own_folders, capsys):
    assert run_command(["serve", "--no-open", "--bucket", str(own_folders / "nowhere")]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_app_prints_the_path_of_the_app(own_folders, capsys):
    assert run_command(["app"]) == 0
    assert capsys.readouterr().out.strip() == str(APP)
    assert (APP / "main.py").is_file()
    assert (APP / "app_hooks.py").is_file()


@pytest.mark.parametrize("host", ["", "*", "a b", "http://x", "x:y", "x/y", "[::1]:x"])
def test_what_is_no_host_cannot_be_allowed(own_folders, capsys, host):
    arguments = ["serve", "--allow", host, "--no-open", "--port", "0", "--bucket", str(own_folders)]
    assert run_command(arguments) == 2
    assert "is not a host" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["gone.py", "folder", "notes.txt"])
def test_a_plugin_that_is_no_file_of_python_fails_the_test_in_one_line(dashboard, own_folders, name):  # noqa: F811
    (own_folders / "folder").mkdir()
    (own_folders / "notes.txt").touch()
    for path in (own_folders / name, name):
        with pytest.raises(pytest.fail.Exception, match=r"is not a file of Python.*; name it by its full path") as told:
            dashboard(own_folders, plugins=[path])
        assert "\n" not in str(told.value)
        assert not told.value.pytrace
