"""`cqs monitor alerts`: evaluate rules now, try them on the past, check them, and send a test message."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from cqs_core import CqsError, UsageError
from cqs_core.cli import command_options, emit, open_bucket
from cqs_core.files import safe
from cqs_core.time.clock import iso, iso_or_none, now, parse_end, parse_range
from cqs_monitor.commands.printing import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_monitor.alerts.evaluation import Alert
    from cqs_monitor.alerts.rule_reader import Issue


@click.group("alerts", invoke_without_command=True)
@command_options
@click.pass_context
def command(ctx: click.Context, bucket: str | None, as_json: bool) -> None:
    """Evaluate all rules now; nothing is sent (`cqs monitor watch` sends)."""
    if ctx.invoked_subcommand is not None:
        if bucket or as_json:
            raise UsageError(f"write --bucket and --json after {ctx.invoked_subcommand!r}")
        return
    from cqs_monitor.alerts.current import current_alerts

    found = current_alerts(open_bucket(bucket))
    rows = [alert.json() for alert in found.alerts]

    def human() -> None:
        if not found.rules.stored:
            click.echo("no config/alerts.toml: these are the default rules", err=True)
        shown = [
            [r["rule"], r["account"] or "", r["severity"], _state(a), r["since"] or "", a.text]
            for r, a in zip(rows, found.alerts, strict=True)
        ]
        table(["rule", "account", "severity", "state", "since", "what"], shown, left=6)

    emit(rows, as_json, human)
    _tell(found.issues)


@command.command("ack")
@click.argument("name", metavar="RULE")
@click.option("--account", help="Only the alert of this account or market; all of the rule by default.")
@click.option("--undo", is_flag=True, help="Take the acknowledgement back.")
@command_options
def ack(name: str, account: str | None, undo: bool, bucket: str | None, as_json: bool) -> None:
    """Acknowledge an alert that fires: it is neither counted nor sent again until it recovers."""
    import getpass

    from cqs_monitor.alerts.acknowledgements import acknowledge, withdraw
    from cqs_monitor.alerts.current import current_alerts

    home = open_bucket(bucket)
    alerts = current_alerts(home).alerts
    chosen = [one for one in alerts if one.rule.name == name and account in (None, one.subject)]
    found = [one for one in chosen if (one.acknowledged is not None if undo else one.state == "firing")]
    if not found:
        there = ", ".join(dict.fromkeys(repr(one.rule.name) for one in alerts if one.state == "firing")) or "none"
        what = "is acknowledged" if undo else "fires"
        raise UsageError(f"no alert of rule {name!r}{f' for {account!r}' if account else ''} {what}; firing: {there}")
    for one in found:
        if undo:
            withdraw(home, name, one.subject)
        else:
            acknowledge(home, name, one.subject, getpass.getuser())
    done = "not acknowledged any more" if undo else "acknowledged"
    rows = [{"rule": name, "account": one.subject or None, "acknowledged": not undo} for one in found]
    emit(rows, as_json, lambda: click.echo("\n".join(safe(f"{one.title}: {done}") for one in found)))


@command.command("silence")
@click.argument("name", metavar="RULE")
@click.option("--for", "duration", help="How long: 1h, 3d; 1h by default.")
@click.option("--until", help="Until when, such as 2026-12-01T09:00 (UTC without an offset); a date includes that day.")
@click.option("--undo", is_flag=True, help="End the silence.")
@command_options
def silence(name: str, duration: str | None, until: str | None, undo: bool, bucket: str | None, as_json: bool) -> None:
    """Silence a rule for some time: it is watched, and nothing is sent until that has passed."""
    import getpass

    from cqs_monitor.alerts.silences import silence_rule

    if sum((duration is not None, until is not None, undo)) > 1:
        raise UsageError("write one of --for, --until and --undo")
    end = None if undo else _end(duration or "1h", until)
    silence_rule(open_bucket(bucket), name, end, getpass.getuser())
    done = f"silenced until {iso(end)}" if end is not None else "not silenced any more"
    row = {"rule": name, "silenced_until": iso_or_none(end)}
    emit(row, as_json, lambda: click.echo(safe(f"{name}: {done}")))


def _end(duration: str, until: str | None) -> int:
    """When a silence ends, ms UTC."""
    from cqs_monitor.alerts.fields import read_duration

    if (end := parse_end(until)) is not None:
        return end
    try:
        return now() + int(read_duration(duration) * 1000)
    except ValueError as error:
        raise UsageError(f"--for {error}") from None


@command.command("try")
@click.argument("name", metavar="RULE")
@click.option("--start", help="First day; 30 days ago by default.")
@click.option("--end", help="Last day; now by default.")
@command_options
def try_(name: str, start: str | None, end: str | None, bucket: str | None, as_json: bool) -> None:
    """Show when a rule would have fired in the past."""
    from cqs_monitor.alerts.context import context_of
    from cqs_monitor.alerts.evaluation import tried
    from cqs_monitor.alerts.rules_file import read_rules

    first, last = parse_range(start, end)
    home = open_bucket(bucket)
    rule = read_rules(home).rule(name)
    moment = now()
    until = moment if last is None else last
    found = tried(rule, context_of(home, moment), until - 30 * 86_400_000 if first is None else first, until).json()
    emit(found, as_json, lambda: _tried(found))


@command.command("check")
@command_options
def check(bucket: str | None, as_json: bool) -> int:
    """Check config/alerts.toml, line by line; exit code 2 if something is wrong."""
    from cqs_monitor.alerts.context import context_of
    from cqs_monitor.alerts.evaluation import evaluate
    from cqs_monitor.alerts.rules_file import read_rules

    home = open_bucket(bucket)
    rules = read_rules(home)
    _, issues = evaluate(rules, context_of(home, now()))
    rows = [{"line": one.line, "rule": one.rule, "reason": one.reason} for one in issues]
    emit(rows, as_json, lambda: click.echo(f"{len(rules.rules)} rules in force, {len(issues)} mistakes"))
    _tell(issues)
    return 2 if issues else 0


@command.command("kinds")
@command_options
def kinds(bucket: str | None, as_json: bool) -> None:
    """List the kinds of rules."""
    from cqs_core import plugins
    from cqs_monitor.alerts.fields import shown

    known = plugins().alert_kinds()
    rows = [
        {
            "kind": name,
            "about": kind.about,
            "unit": kind.unit(),
            "default": kind.default(),
            "past": kind.past is True,
            "fields": kind.options(),
        }
        for name, kind in known.items()
    ]

    def human() -> None:
        cells = [
            [
                name,
                kind.about,
                kind.unit(),
                "" if kind.default() is None else shown(kind.default(), kind.unit()),
                ", ".join(kind.options()),
            ]
            for name, kind in known.items()
        ]
        table(["kind", "about", "over is", "default", "further fields"], cells, left=5)

    emit(rows, as_json, human)


@command.command("test")
@click.option("--channel", "names", multiple=True, help="Only this one; all by default.")
@command_options
def test(names: tuple[str, ...], bucket: str | None, as_json: bool) -> int:
    """Send a test message through the configured channels."""
    from cqs_monitor.alerts.channels import chosen, deliver

    channels = chosen(names)
    if not channels:
        raise CqsError(
            "no channel is configured; set CQS_ALERT_NAME to an Apprise URL, in the environment or in .env, "
            "or keep one in the keyring: `cqs monitor alerts channel add NAME`"
        )
    sent = deliver(
        channels, "cqs: test", f"A test message of cqs, {time.strftime('%Y-%m-%d %H:%M:%S UTC', time.gmtime())}."
    )
    rows = [{"channel": name, "sent": fault is None, "problem": fault} for name, fault in sent.items()]
    emit(rows, as_json, lambda: _sent(rows))
    return 1 if any(row["problem"] for row in rows) else 0


@command.group("channel")
def channel() -> None:
    """List channels, and keep their secrets in the keyring of this user."""


@channel.command("list")
@command_options
def list_(bucket: str | None, as_json: bool) -> None:
    """List the channels, and where the secret of each is kept."""
    from cqs_monitor.alerts.channels import channel_places
    from cqs_monitor.alerts.keyring_channels import keyring_channels

    rows = [{"channel": name, "place": place} for name, place in channel_places().items()]
    emit(rows, as_json, lambda: table(["channel", "secret is in"], [[*row.values()] for row in rows], left=2))
    if fault := keyring_channels().fault:
        click.echo(safe(f"keyring: {fault}"), err=True)


@channel.command("add")
@click.argument("name")
@command_options
def add(name: str, bucket: str | None, as_json: bool) -> None:
    """Keep the Apprise URL of a channel in the keyring; it is asked for, or read from standard input."""
    import sys

    from cqs_monitor.alerts.keyring_channels import keep_channel

    asked = sys.stdin.isatty()
    url = click.prompt("Apprise URL", hide_input=True, err=True) if asked else sys.stdin.readline()
    kept = keep_channel(name, url)
    emit({"channel": kept, "place": "keyring"}, as_json, lambda: click.echo(f"{kept}: kept in the keyring"))


@channel.command("remove")
@click.argument("name")
@command_options
def remove(name: str, bucket: str | None, as_json: bool) -> None:
    """Remove a channel from the keyring."""
    from cqs_monitor.alerts.keyring_channels import drop_channel

    gone = drop_channel(name)
    emit({"channel": gone, "place": None}, as_json, lambda: click.echo(f"{gone}: removed from the keyring"))


@command.command("history")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many of the newest.")
@command_options
def history(limit: int, bucket: str | None, as_json: bool) -> None:
    """List sent alerts, newest first."""
    from cqs_monitor.alerts.state import history as told

    rows = told(open_bucket(bucket), limit)

    def human() -> None:
        cells = [[row["at"], row["event"], row["title"], row["text"], ", ".join(row["channels"])] for row in rows]
        table(["at", "event", "title", "text", "channels"], cells, left=5)

    emit(rows, as_json, human)


def _sent(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        click.echo(f"{row['channel']}: {row['problem'] or 'sent'}")


def _tried(found: dict[str, Any]) -> None:
    click.echo(f"{found['rule']} would have fired {found['times']} times from {found['start']} to {found['end']}")
    for row in found["fired"]:
        until = f"until {row['until']}" if row["until"] else "still"
        click.echo(safe(f"  {row['at']}  {row['account'] or ''}  since {row['since']}, {until}"))


def _state(alert: Alert) -> str:
    return f"{alert.state}, acknowledged" if alert.acknowledged else alert.state


def _tell(issues: Sequence[Issue]) -> None:
    for one in issues:
        click.echo(safe(str(one)), err=True)
