"""`cqs services`: what it prints is taken by systemd, nginx, and YAML, and names commands and options that exist."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess

import pytest
import yaml

from cqs_core.cli import root, run_command


@pytest.fixture
def files(tmp_path, capsys):
    """The files of a kind, by name."""
    (tmp_path / "bucket").mkdir()

    def made(kind, *options):
        assert run_command(["services", kind, "--bucket", str(tmp_path / "bucket"), "--json", *options]) == 0
        return json.loads(capsys.readouterr().out)

    return made


def check_words(words):
    """Whether a command line after `cqs` is one."""
    import click

    context = click.Context(root.root, info_name="cqs")
    command, rest = root.root, words
    while isinstance(command, click.Group):
        command, rest = command.get_command(context, rest[0]), rest[1:]
    known = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in rest if word.startswith("--")} <= known


def test_units_start_commands_that_exist(files, tmp_path):
    made = files("systemd", "--user", "me", "--port", "5007", "--host", "x.example.com")
    assert set(made) == {"cqs-update.service", "cqs-watch.service", "cqs-serve.service"}
    for text in made.values():
        unit = configparser.ConfigParser(interpolation=None, strict=False)
        unit.optionxform = str
        unit.read_string(text)
        program, *words = unit["Service"]["ExecStart"].split()
        assert program.endswith("/cqs")
        check_words(words)
        assert unit["Unit"]["RequiresMountsFor"] == str(tmp_path / "bucket")
        assert (unit["Service"]["User"], unit["Service"]["EnvironmentFile"]) == ("me", "-/etc/cqs.env")
    assert "--port 5007 --allow x.example.com" in made["cqs-serve.service"]


def test_a_prefix_is_in_the_unit_and_in_the_proxy(files):
    made = files("systemd", "--prefix", "/cqs/", "--host", "x.example.com")
    assert "--allow x.example.com --prefix /cqs --wait" in made["cqs-serve.service"]
    assert "    location /cqs/ {" in files("nginx", "--prefix", "cqs")["nginx.conf"]
    assert "    location / {" in files("nginx")["nginx.conf"]


def test_systemd_takes_the_units(files, tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze")
    for name, text in files("systemd").items():
        (tmp_path / name).write_text(re.sub(r"^User=.*\n", "", text, flags=re.MULTILINE))
    ran = subprocess.run(
        ["systemd-analyze", "verify", *sorted(tmp_path.glob("*.service"))],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert [line for line in ran.stderr.splitlines() if "cqs-" in line] == []


def test_nginx_takes_its_file(files, tmp_path):
    nginx = shutil.which("nginx")
    if nginx is None:
        pytest.skip("needs nginx")
    [text] = files("nginx", "--host", "x.example.com").values()
    assert "server_name x.example.com;" in text
    plain = re.sub(r"^ *ssl_.*\n", "", text.replace("443 ssl", "18443"), flags=re.MULTILINE)
    (tmp_path / "nginx.conf").write_text(f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{\naccess_log off;\n{plain}}}\n")
    ran = subprocess.run(
        [nginx, "-t", "-e", "stderr", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


def test_the_compose_file_starts_commands_that_exist(files, tmp_path):
    found = yaml.safe_load(files("compose")["compose.yaml"])
    assert set(found["services"]) == {"cqs-update", "cqs-watch", "cqs-serve"}
    for service in found["services"].values():
        check_words(service["command"].split()[1:])
        assert service["volumes"] == [f"{tmp_path / 'bucket'}:/bucket"]
        assert service["environment"] == {"CQS_BUCKET": "/bucket"}


def test_cron_lines_run_commands_that_exist(files):
    lines = files("cron")["cqs.cron"].splitlines()[1:]
    assert len(lines) == 3
    for line in lines:
        words = line.split()[6:]
        words = words[next(place for place, word in enumerate(words) if word.endswith("/cqs")) + 1 :]
        check_words(words)


@pytest.mark.parametrize(
    ("options", "fact"),
    [
        (["--bucket", "/no/such/bucket"], "does not exist"),
        (["--user", "a b"], "--user is 'a b'"),
        (["--host", "a;b"], "--host is 'a;b'"),
        (["--prefix", "/a b"], "--prefix '/a b' is not a path"),
        (["--env-file", "/etc/$x"], "--env-file is"),
        (["--bucket", "memory://k:s@b"], "credentials"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(tmp_path, capsys, options, fact):
    (tmp_path / "bucket").mkdir()
    assert run_command(["services", "systemd", "--bucket", str(tmp_path / "bucket"), *options]) == 2
    said = capsys.readouterr().err
    assert (said.count("\n"), fact in said) == (1, True), said
