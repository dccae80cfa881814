"""`cqs serve` and `cqs app`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from cqs_core.cli import awaited_bucket, command_options, emit, log_options, running, wait_option
from cqs_core.jobs import save_memory, watchdog_seconds

if TYPE_CHECKING:
    from cqs_core.cli import Service


@click.command("serve")
@command_options
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="5006 by default; where that is taken a free one, unless --allow or --no-open is given. 0: a free one.",
)
@click.option(
    "--address",
    default="127.0.0.1",
    show_default=True,
    help="Where to listen; beyond the loopback only if there are users (cqs users add).",
)
@click.option(
    "--num-procs", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that share the work."
)
@click.option("--allow", multiple=True, metavar="HOST", help="Name under which your own proxy shows it; repeatable.")
@click.option(
    "--insecure",
    is_flag=True,
    envvar="CQS_INSECURE",
    help="Let other machines in on --address even if there are no users, so that no one has to log in.",
)
@click.option("--prefix", default="", metavar="/cqs", help="Path under which your own proxy shows it.")
@click.option("--no-open", is_flag=True, help="Do not open the browser.")
@wait_option
@log_options
def serve(
    bucket: str | None,
    as_json: bool,
    port: int | None,
    address: str,
    num_procs: int,
    allow: tuple[str, ...],
    insecure: bool,
    prefix: str,
    no_open: bool,
    wait: str | None,
) -> None:
    """Serve the dashboard on this machine."""
    from cqs_panel.ending import leave
    from cqs_panel.login.users import login_required
    from cqs_panel.serve import PORT
    from cqs_panel.serve import serve as run

    save_memory()
    if port is None and (allow or no_open):  # a proxy, or a person with a bookmark, looks for it there
        port = PORT
    where = awaited_bucket(bucket, wait)
    os.environ["CQS_BUCKET"] = where.address  # sessions, forked servers and jobs read their settings afresh

    with running("serve", where, ready=False) as service:

        def ready(url: str) -> None:
            service.ready()
            _stay_alive(service)
            said = {"url": url, "bucket": where.url, "login": login_required()}
            text = f"cqs dashboard of {where.url}\n  {url}{_hint(address)}\nCtrl-C ends it."
            emit(said, as_json, lambda: service.answers(text, **said))

        run(
            port=port,
            address=address,
            num_procs=num_procs,
            open_browser=not no_open,
            allow=allow,
            insecure=insecure,
            prefix=prefix,
            ready=ready,
            ended=service.stops,
        )
    if num_procs > 1:
        leave()


def _stay_alive(service: Service) -> None:
    """Tell systemd that the server's loop turns, where it asks for that."""
    from tornado.ioloop import PeriodicCallback

    if seconds := watchdog_seconds():
        PeriodicCallback(service.alive, 1000 * seconds / 3).start()


def _hint(address: str) -> str:
    """What the user of an open address should know."""
    from cqs_panel.guard.hosts import is_loopback
    from cqs_panel.login.users import login_required

    if not login_required() or is_loopback(address):
        return ""
    return "\nPasswords travel unencrypted on plain http: put a proxy with a certificate in front (docs: Deploy)."


@click.command("app")
@command_options
def app(bucket: str | None, as_json: bool) -> None:  # noqa: ARG001 - every command takes --bucket
    """Print the path of the app, for `panel serve $(cqs app) --address 127.0.0.1`."""
    from cqs_panel.serve import APP

    emit({"app": str(APP)}, as_json, lambda: click.echo(str(APP)))
