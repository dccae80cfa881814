"""`cqs monitor positions`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cqs_core.cli import command_options, emit, open_bucket
from cqs_core.files import safe
from cqs_monitor.commands.printing import money, problems, table

if TYPE_CHECKING:
    from cqs_monitor.logs.snapshot import Snapshot
    from cqs_monitor.performance.holdings import Holding


@click.command("positions")
@click.option("--live", is_flag=True, help="Ask the exchanges for prices; else the last candle of the lake.")
@command_options
def command(live: bool, bucket: str | None, as_json: bool) -> None:
    """Show each account's positions file: ok, absent (never bought, or no file) or unreadable."""
    from cqs_core.time.clock import now
    from cqs_monitor.performance.holdings import holdings
    from cqs_monitor.performance.reader import reader_of

    reader = reader_of(open_bucket(bucket).address)
    snapshot = reader.refresh().snapshot
    prices = reader.prices(live=live)
    at = now()
    found = {account: holdings(snapshot, account, prices, at) for account in snapshot.accounts}
    data = {account: _account(snapshot, account, held) for account, held in found.items()}

    def human() -> None:
        _print(snapshot, found)
        problems(snapshot.problems)

    emit(data, as_json, human)


def _account(snapshot: Snapshot, account: str, held: list[Holding]) -> dict[str, Any]:
    from cqs_monitor.performance.holdings import known_sum, left_out

    rows = [holding.json() for holding in held]
    currency = snapshot.currency(account)
    return {
        "state": snapshot.held(account).state,
        "currency": currency,
        "unrealised": known_sum(holding.unrealised for holding in held),
        "left_out": left_out(held),
        "positions": rows,
    }


def _print(snapshot: Snapshot, found: dict[str, list[Holding]]) -> None:
    rows = []
    for account, held in found.items():
        if not held:
            state = snapshot.held(account).state
            click.echo(safe(f"{account}: {'flat' if state == 'ok' else state}"))
        rows += [_row(holding) for holding in held]
    if rows:
        columns = ["account", "symbol", "quantity", "entry", "age, days", "last", "as of", "unrealised", "%"]
        table(columns, rows, left=2)
        for currency, accounts in snapshot.currencies.items():
            _print_sum(snapshot, currency, [holding for account in accounts for holding in found[account]])


def _print_sum(snapshot: Snapshot, currency: str, held: list[Holding]) -> None:
    from cqs_monitor.performance.holdings import known_sum, left_out

    missing = left_out(held)
    without = f" without {', '.join(missing)}, of which there is no price since the entry" if missing else ""
    what = "unrealised in all" if len(snapshot.currencies) < 2 else f"unrealised in {currency}"
    total = known_sum(holding.unrealised for holding in held)
    click.echo(safe(f"{what}: {money(total) or 'unknown'}{without}"))


def _row(holding: Holding) -> list[str]:
    position, price, pct = holding.position, holding.price, holding.unrealised_pct
    return [
        holding.account,
        f"{position.symbol} (dust)" if position.dust else position.symbol,
        f"{position.quantity:.8g}",
        f"{position.entry_price:,.10g}",
        "" if holding.age_days is None else f"{holding.age_days:.1f}",
        holding.unpriced if price is None else f"{price.value:,.10g}",
        "" if price is None else f"{holding.json()['last_time'][:16]} {price.source}",
        money(holding.unrealised),
        "" if pct is None else f"{pct:+.2f}",
    ]
