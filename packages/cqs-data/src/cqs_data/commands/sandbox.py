"""`cqs sandbox`: the sandbox exchange as a process."""

from __future__ import annotations

from pathlib import Path

import click

from cqs_core import UsageError
from cqs_core.cli import emit, log_options, log_start, machine_options, service


@click.command("sandbox")
@click.option(
    "--candles",
    metavar="DIR",
    help="Serve DIR/{exchange}/{BASE-QUOTE}_{interval}.parquet; without it made-up candles of BTC, ETH, XRP and SOL.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="On 127.0.0.1; a free one by default.")
@log_options
@machine_options
def command(candles: str | None, port: int, as_json: bool) -> None:
    """Serve a sandbox exchange that speaks Upbit's and Binance's public API, until Ctrl-C."""
    from cqs_data.sandbox import CandleFolder, Sandbox, Synthetic

    if candles is not None and not Path(candles).is_dir():
        raise UsageError(f"no folder {candles!r}; name one that holds upbit/BTC-KRW_1d.parquet and the like")
    source = Synthetic() if candles is None else CandleFolder(Path(candles))
    with service(), Sandbox(source, port) as sandbox:
        log_start("sandbox", f"at {sandbox.url}, {candles or 'made-up candles'}", url=sandbox.url)
        hint = f"sandbox exchange at {sandbox.url}; use it with --endpoint {sandbox.url}, end it with Ctrl-C"
        emit({"endpoint": sandbox.url}, as_json, lambda: click.echo(hint))
        sandbox.wait()
