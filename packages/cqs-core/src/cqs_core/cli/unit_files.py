"""`cqs services`: files that start the services of this installation, with its own paths in them."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cqs_core.cli.options import command_options, emit, open_bucket
from cqs_core.cli.services import checked_prefix
from cqs_core.cli.table import say
from cqs_core.cli.unknown_command import COMMANDS
from cqs_core.errors import UsageError
from cqs_core.files.plaintext import masked
from cqs_core.host.plugin_registry import plugins

if TYPE_CHECKING:
    from cqs_core.bucket import Bucket

_PLAIN = re.compile(r"[\w./:@=+~-]+")
_SERVICES = {
    "cqs-update": ("update", "update --every 15m --wait-for-bucket 10m", "candles"),
    "cqs-watch": ("monitor", "monitor watch --wait-for-bucket 10m", "alerts"),
    "cqs-serve": ("serve", "serve --no-open --port {port} --allow {host}{under} --wait-for-bucket 10m", "dashboard"),
}

_UNIT = """\
# {name}.service: put it into /etc/systemd/system
[Unit]
Description=cqs: {about}
Wants=network-online.target
After=network-online.target
{mounts}
[Service]
Type=notify
NotifyAccess=main
User={user}
EnvironmentFile=-{env_file}
Environment=CQS_BUCKET={bucket}
WorkingDirectory={folder}
ExecStart={cqs} {words}
Restart=always
RestartSec=30
TimeoutStartSec=11min
WatchdogSec=10min
ProtectSystem=full
NoNewPrivileges=true

[Install]
WantedBy=multi-user.target
"""

_COMPOSE = """\
# compose.yaml, with the image `cqs` of docs/guides/Dockerfile
x-cqs: &cqs
  image: cqs
  restart: unless-stopped
  env_file: {env_file}
  environment:
    CQS_BUCKET: "{bucket}"
{volumes}
services:
"""

_NGINX = """\
# /etc/nginx/sites-enabled/cqs: the dashboard under https://{host}{prefix}/; users log in there (`cqs users add`)
server {{
    listen 443 ssl;
    server_name {host};
    ssl_certificate /etc/letsencrypt/live/{host}/fullchain.pem;
    ssl_certificate_key /etc/letsencrypt/live/{host}/privkey.pem;

    location {prefix}/ {{
        proxy_pass http://127.0.0.1:{port};
        proxy_http_version 1.1;
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
        proxy_read_timeout 1d;
    }}
}}
"""


@click.command("services")
@click.argument("kind", type=click.Choice(["systemd", "compose", "cron", "nginx"]))
@click.option("--user", default="cqs", show_default=True, help="System user that runs them.")
@click.option("--env-file", default="/etc/cqs.env", show_default=True, help="File with settings and secrets.")
@click.option("--host", default="dashboard.example.com", show_default=True, help="Name of the dashboard for browsers.")
@click.option("--port", type=click.IntRange(1, 65535), default=5006, show_default=True, help="Port of the dashboard.")
@click.option("--prefix", default="", metavar="/cqs", help="Path of the dashboard, where its host shows others, too.")
@command_options
def command(
    kind: str, user: str, env_file: str, host: str, port: int, prefix: str, bucket: str | None, as_json: bool
) -> None:
    """Print files that start this installation's services: systemd units, a compose file, cron lines, nginx."""
    where = open_bucket(bucket)
    facts = {"user": user, "env_file": env_file, "host": host, "port": str(port), "cqs": _program()}
    for name, text in {**facts, "bucket": where.address}.items():
        if not _PLAIN.fullmatch(text):
            raise UsageError(f"--{name.replace('_', '-')} is {masked(text)!r}; use letters, digits and _./:@=+~- only")
    if where.url != where.address:
        raise UsageError(
            f"bucket {where.url!r} has credentials in it; set CQS_BUCKET in {env_file} and name another here"
        )
    path = checked_prefix(prefix)
    facts |= {"prefix": path, "under": f" --prefix {path}" if path else ""}
    files = {"systemd": _systemd, "compose": _compose, "cron": _cron, "nginx": _nginx}[kind](where, facts)
    emit(files, as_json, lambda: say("\n".join(files.values()).rstrip("\n").split("\n")))


def _program() -> str:
    """The `cqs` of this environment."""
    beside = Path(sys.executable).with_name("cqs")
    return str(beside) if beside.exists() else shutil.which("cqs") or "cqs"


def _services(facts: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Words and meaning of each service whose package is installed, by name."""
    known = plugins().commands()
    found = {
        name: (words.format(**facts), about) for name, (command, words, about) in _SERVICES.items() if command in known
    }
    if not found:
        raise UsageError(f"no service is installed; install cqs-{', cqs-'.join(COMMANDS)}")
    return found


def _systemd(bucket: Bucket, facts: dict[str, str]) -> dict[str, str]:
    mounts = f"RequiresMountsFor={bucket.folder}\n" if bucket.folder else ""
    rest = {**facts, "mounts": mounts, "bucket": bucket.url, "folder": _home(facts["user"])}
    return {
        f"{name}.service": _UNIT.format(**rest, name=name, words=words, about=about)
        for name, (words, about) in _services(facts).items()
    }


def _compose(bucket: Bucket, facts: dict[str, str]) -> dict[str, str]:
    volume = f'  volumes: ["{bucket.folder}:/bucket"]\n' if bucket.folder else ""
    inside = "/bucket" if bucket.folder else bucket.url
    text = _COMPOSE.format(**facts, bucket=inside, volumes=volume)
    for name, (words, _) in _services(facts).items():
        ports = f'    ports: ["127.0.0.1:{facts["port"]}:{facts["port"]}"]\n' if name == "cqs-serve" else ""
        more = " --address 0.0.0.0" if name == "cqs-serve" else ""
        text += f"  {name}:\n    <<: *cqs\n    command: cqs {words}{more}\n{ports}"
    return {"compose.yaml": text}


def _cron(bucket: Bucket, facts: dict[str, str]) -> dict[str, str]:
    """Without services: one round each time."""
    start = f"CQS_ENV_FILE={facts['env_file']} CQS_BUCKET={bucket.url} {facts['cqs']}"
    lines = ["# /etc/cron.d/cqs"]
    known = plugins().commands()
    if "update" in known:
        lines.append(f"*/15 * * * * {facts['user']} {start} update --quiet")
    if "monitor" in known:
        lines.append(f"* * * * * {facts['user']} {start} monitor watch --once --quiet")
    lines.append(f"0 3 * * 0 {facts['user']} {start} health")
    return {"cqs.cron": "\n".join(lines) + "\n"}


def _nginx(_bucket: Bucket, facts: dict[str, str]) -> dict[str, str]:
    return {"nginx.conf": _NGINX.format(**facts)}


def _home(user: str) -> str:
    try:
        import pwd

        return pwd.getpwnam(user).pw_dir
    except (ImportError, KeyError):
        return f"/var/lib/{user}"
