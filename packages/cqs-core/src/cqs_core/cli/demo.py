"""`cqs demo`: the steps of all packages, in order, on synthetic candles that need no account."""

from __future__ import annotations

import contextlib
import os
import shlex
import time
from typing import Any

import click

from cqs_core.bucket import Bucket
from cqs_core.cli.logs import log_options
from cqs_core.cli.options import emit, json_option
from cqs_core.cli.services import log_start
from cqs_core.cli.stopping import service
from cqs_core.cli.table import cell
from cqs_core.errors import UsageError
from cqs_core.host.demo import Demo, DemoStep
from cqs_core.host.plugin_registry import plugins
from cqs_core.isolation import fact_of, foreign
from cqs_core.jobs.reporting import in_rounds


@click.command("demo")
@click.option(
    "--bucket",
    metavar="FOLDER",
    help="An empty folder, or one that an earlier demo made; by default `demo` in the user's data folder.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Port of the dashboard; by default 5006, or a free one where that is taken.",
)
@click.option("--no-open", is_flag=True, help="Do not open the browser.")
@click.option("--once", is_flag=True, help="Run all steps without serving the dashboard, then exit.")
@log_options
@json_option
def command(bucket: str | None, port: int, no_open: bool, once: bool, as_json: bool) -> None:
    """Show all of cqs on synthetic candles: no account, no network."""
    home = _bucket(bucket)
    _isolate(home)
    from cqs_core.files.console import SafeConsole

    console = SafeConsole(stderr=as_json, quiet=as_json)
    with service(), in_rounds(), contextlib.ExitStack() as closing:  # the console has what its steps did
        log_start("demo", f"of {home.url}")
        demo = Demo(home, console, closing, port=port, open_browser=not no_open)
        run(demo, once=once)
        emit(demo.results, as_json, lambda: None)


def run(demo: Demo, *, once: bool) -> None:
    """Every step in order, each with its title and time; before those that go on, where the bucket is."""
    steps = [step for step in plugins().demo_steps() if step.once or not once]
    goes_on = next((step for step in steps if not step.once), None)
    for step in steps:
        if step is goes_on:
            _say_bucket(demo)
        started = time.perf_counter()
        demo.console.print(f"[bold cyan]▸[/] {cell(step.title)}")
        result = _done(step, demo)
        if result is not None:
            demo.results[step.name] = result
        demo.console.print(f"  [dim]{time.perf_counter() - started:.1f} s[/]")
    if goes_on is None:
        _say_bucket(demo)


def _say_bucket(demo: Demo) -> None:
    """How other commands find what the demo made."""
    where = shlex.quote(str(demo.bucket.folder or demo.bucket.address))
    demo.console.print(
        f"[bold cyan]▸[/] To use this bucket in a terminal:  export CQS_BUCKET={cell(where)}", soft_wrap=True
    )


def _done(step: DemoStep, demo: Demo) -> Any:
    """The result of a step. If a plugin's step fails, the failure is reported and the demo continues."""
    host = plugins()
    owner = host.owner("register_demo", step.name)
    if host.is_own(owner):
        return step.run(demo)
    try:
        with foreign():
            return step.run(demo)
    except Exception as error:  # noqa: BLE001 - a plugin may fail in any way
        host.report(owner, f"demo {step.name}", error)
        demo.console.print(f"  [red]plugin {cell(owner)} failed: {cell(fact_of(error))}[/]")
        return None


def _bucket(option: str | None) -> Bucket:
    from cqs_core.files.folders import data_folder

    if option is None:
        folder = data_folder() / "demo"
        folder.mkdir(parents=True, exist_ok=True)
        option = str(folder)
    bucket = Bucket(option)
    bucket.check(write=True)
    if not bucket.demo:
        if bucket.list():
            raise UsageError(f"bucket {bucket.url!r} holds data that no demo made; name an empty folder")
        bucket.mark_demo()
    return bucket


def _isolate(bucket: Bucket) -> None:
    """The demo is the same whatever the user configured; pages and jobs that it starts inherit this."""
    for name in ("GCS_BUCKET", "CQS_ENDPOINT"):
        os.environ.pop(name, None)
    os.environ |= {
        "CQS_BUCKET": str(bucket.folder or bucket.address),
        "CQS_EXCHANGE": "upbit",
        "CQS_QUOTE": "KRW",
        "CQS_PUBLISH": "1d",
        "CQS_DAY_START": "00:00",
    }
