"""The watcher: rounds that evaluate and send, stored before and after; it reports when the bucket does not answer."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cqs_core import CqsError, UsageError
from cqs_core.files import NewerFormat, format_fields, require_format, state_folder, write_json
from cqs_core.time.clock import iso, now
from cqs_monitor.alerts.acknowledgements import acknowledged, remove
from cqs_monitor.alerts.channels import deliver, known_channels
from cqs_monitor.alerts.context import context_of
from cqs_monitor.alerts.evaluation import evaluate
from cqs_monitor.alerts.keyring_channels import keyring_channels
from cqs_monitor.alerts.lease import HeldByAnother, Lease
from cqs_monitor.alerts.rounds import MOST_TRIES, Event, events, note_seen, settled, wait, withdrawn
from cqs_monitor.alerts.rules_file import Rules, read_rules
from cqs_monitor.alerts.state import SentAlert, WatcherState, record, remember, remembered
from cqs_monitor.logs.layout import PREFIXES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from cqs_core import Bucket
    from cqs_monitor.alerts.evaluation import Alert

PATIENCE = 60.0
"""Seconds that a bucket has to answer a round."""

_FORMAT = 1  # of what is remembered of an outage
_REMIND = 3600.0  # seconds between two warnings that no channel is configured


class UnlistedError(CqsError):
    """The round is done, but a folder of logs could not be listed."""


@dataclass
class Watcher:
    """Watches one bucket.

    Attributes:
        bucket: read, but for `alerts/`.
        say: prints a line for people.
        patience: seconds that the bucket has to answer.
        blind_after: seconds without an answer before that is reported.
        fault: why the last round failed; empty where it did not.
    """

    bucket: Bucket
    say: Callable[[str], None]
    patience: float = PATIENCE
    blind_after: float = 120.0
    fault: str = ""
    lease: Lease = field(init=False)
    _memory: WatcherState | None = None
    _rules: Rules = field(default_factory=Rules)
    _running: threading.Thread | None = None
    _outcome: list[Any] = field(default_factory=list)
    _accounts: tuple[str, ...] = ()
    _said_mute: float | None = None
    _said_keyring: str = ""

    def __post_init__(self) -> None:
        self.lease = Lease(self.bucket)

    @property
    def active(self) -> list[SentAlert]:
        """Alerts that were sent and have not recovered, as of the last round."""
        return list(self._memory.sent.values()) if self._memory else []

    def round(self) -> bool:
        """Evaluate and send once; whether the bucket answered.

        Raises:
            HeldByAnother: another watcher has the lease.
        """
        self._say_mute()
        self._say_keyring()
        try:
            self._answered()
        except HeldByAnother:
            raise
        except Exception as error:  # noqa: BLE001 - any error: a watcher that ended would send nothing
            self._blind(error)
            return False
        self.fault = ""
        self._sees_again()
        return True

    def _answered(self) -> None:
        """The round in a thread, so that a bucket that stalls holds that thread and not the watcher."""
        if self._running is None or not self._running.is_alive():
            self._outcome = []
            self._running = threading.Thread(target=self._try, name="cqs-watch", daemon=True)
            self._running.start()
        self._running.join(self.patience)
        if self._running.is_alive():
            raise TimeoutError(f"bucket {self.bucket.url!r} did not answer within {self.patience:.0f} s")
        if self._outcome:
            raise self._outcome[0]

    def _try(self) -> None:
        try:
            self._work()
        except Exception as error:  # noqa: BLE001 - raised again by the watcher's own thread
            self._outcome.append(error)

    def _work(self) -> None:
        self.lease.keep()
        if self._memory is None:
            self._memory = remembered(self.bucket)
        memory = self._memory
        self._read_rules()
        moment = now()
        context = context_of(self.bucket, moment)
        self._check_accounts(context.snapshot.accounts, memory)
        known = acknowledged(self.bucket)
        alerts, issues = evaluate(self._rules, context, memory.seen, known)
        for rule, subject in settled(known, alerts, issues):
            remove(self.bucket, rule, subject)
        for one in issues:
            self.say(str(one))
        for key in list(withdrawn(alerts, memory, self._rules, issues)):
            self.say(f"{memory.sent.pop(key).title}: no rule asks for it any more; it is dropped")
        note_seen(alerts, memory, moment)
        self._add_channels(alerts, memory)
        for event in list(events(alerts, memory, moment)):
            self._send(event, memory, moment)
        memory.round = moment
        remember(self.bucket, memory)
        _check_listed(context.snapshot.faults)

    def _check_accounts(self, accounts: tuple[str, ...], memory: WatcherState) -> None:
        """Logs that existed and are gone must not look as if all were well.

        Raises:
            CqsError: no account is left.
        """
        asked = {rule.name for rule in self._rules.rules if rule.condition.scope == "account"}
        before = set(self._accounts) or {sent.subject for sent in memory.sent.values() if sent.rule in asked}
        if before and not accounts:
            raise CqsError(f"bucket {self.bucket.url!r} has no logs any more; it had those of {len(before)} accounts")
        for name in before.difference(accounts):
            self.say(f"account {name!r} has no files any more; its alerts stay")
        self._accounts = accounts

    def _add_channels(self, alerts: Sequence[Alert], memory: WatcherState) -> None:
        """Send alerts that still fire through channels that were added since."""
        for alert in alerts:
            sent = memory.sent.get(alert.key)
            if sent is None or sent.recovered is not None or alert.state != "firing" or alert.acknowledged:
                continue
            for name in self._wanted(sent) & known_channels().keys() - sent.channels.keys():
                sent.channels[name], sent.again, sent.tries = "failed", 0, 0

    def _say_mute(self) -> None:
        """Warn at start and every hour that no channel is configured."""
        if known_channels() or (self._said_mute is not None and time.monotonic() - self._said_mute < _REMIND):
            return
        self._said_mute = time.monotonic()
        self.say("no channel is configured, so alerts are only printed here; set CQS_ALERT_NAME to an Apprise URL")

    def _say_keyring(self) -> None:
        """Say once that the keyring cannot be read, and what that means; not again where it then fails otherwise."""
        fault = keyring_channels().fault
        if fault and not self._said_keyring:
            self.say(f"keyring: {fault}; its channels are as they were last read")
        self._said_keyring = fault

    def _read_rules(self) -> None:
        """A file that cannot be read as a whole leaves the last rules in force; without any, nothing can be watched."""
        try:
            self._rules = read_rules(self.bucket)
        except UsageError as error:
            if not self._rules.rules:
                raise
            self.say(f"{error}; the last rules stay in force")

    def _send(self, event: Event, memory: WatcherState, moment: int) -> None:
        """Recorded before and after: after a crash in between it is sent again, and marked."""
        sent = event.sent
        if event.kind == "recovery":
            sent.recovered = moment
            sent.channels = dict.fromkeys([n for n, state in sent.channels.items() if state == "sent"], "sending")
            sent.tries = 0
        elif event.kind == "alert":
            sent.channels = dict.fromkeys(self._names(sent), "sending")
        sent.repeat = sent.repeat or event.kind == "repeat"
        if event.kind != "recovery" or sent.channels:
            memory.sent[event.key] = sent
            remember(self.bucket, memory)
            self.lease.keep()
            self._deliver(sent, moment)
        self._settle(event, memory, moment)

    def _wanted(self, sent: SentAlert) -> AbstractSet[str]:
        """Names of the channels of its rule, configured or not."""
        named = next((rule.channels for rule in self._rules.rules if rule.name == sent.rule), ())
        return frozenset(named) or known_channels().keys()

    def _names(self, sent: SentAlert) -> list[str]:
        wanted, known = self._wanted(sent), known_channels()
        for name in sorted(wanted - known.keys()):
            self.say(
                f"rule {sent.rule!r} names the channel {name!r}, not configured here; set CQS_ALERT_{name.upper()}"
            )
        return [name for name in known if name in wanted]

    def _deliver(self, sent: SentAlert, moment: int) -> None:
        known = known_channels()
        due = {
            name: known[name]
            for name, state in sent.channels.items()
            if state in ("sending", "failed") and name in known
        }
        title, text = _words(sent)
        self.say(f"{iso(moment)} {title}: {text}")
        faults = deliver(due, title, text)
        sent.tries += 1
        for name, fault in faults.items():
            sent.channels[name] = "sent" if fault is None else "given up" if sent.tries >= MOST_TRIES else "failed"
            if fault is not None:
                self.say(fault)
        for name in sent.channels.keys() - faults.keys():
            if sent.channels[name] in ("sending", "failed"):
                del sent.channels[name]  # no longer configured; should it be again, it is told then
        sent.again = moment + wait(sent.tries)

    def _settle(self, event: Event, memory: WatcherState, moment: int) -> None:
        sent = event.sent
        if event.kind == "alert":
            memory.last[event.key] = moment
        open_ = any(state in ("sending", "failed") for state in sent.channels.values())
        if sent.recovered is not None and not open_:
            memory.sent.pop(event.key, None)
        remember(self.bucket, memory)
        kind = "recovery" if event.kind == "recovery" else "failed" if open_ else event.kind
        record(self.bucket, kind, sent, moment)

    def _blind(self, error: Exception) -> None:
        known = isinstance(error, (CqsError, OSError))
        reason, partly = str(error) if known else f"{type(error).__name__}: {error}", isinstance(error, UnlistedError)
        self.fault = f"this round {'saw only a part' if partly else 'failed'}: {reason}"
        self.tell_blind(reason, "only a part is watched" if partly else "nothing is watched")

    def tell_blind(self, reason: str, extent: str = "nothing is watched") -> None:
        """Reported through every channel; stored on this machine, since the bucket does not answer."""
        path = self._blind_file()
        known = _json(path) or {"since": now(), "told": None}
        if known["told"] is None and now() - known["since"] >= self.blind_after * 1000:
            repeat = "; a repeat: it may have arrived before a crash" if known.get("trying") else ""
            _write(path, known | {"trying": True})
            text = f"since {iso(known['since'])}; {extent} ({reason}){repeat}"
            faults = deliver(known_channels(), f"[critical] cqs cannot watch {self.bucket.url}", text)
            for fault in filter(None, faults.values()):
                self.say(fault)
            known["told"] = now() if not faults or None in faults.values() else None
        _write(path, known)

    def _sees_again(self) -> None:
        path = self._blind_file()
        known = _json(path)
        if known is None:
            return
        if known["told"] is not None:
            title = f"[recovered] cqs watches {self.bucket.url} again"
            deliver(known_channels(), title, f"it could not since {iso(known['since'])}")
            self.say(title)
        path.unlink(missing_ok=True)

    def _blind_file(self) -> Path:
        name = hashlib.sha256(self.bucket.url.encode()).hexdigest()[:16]
        return state_folder() / "watch" / f"{name}.json"


def _check_listed(faults: Mapping[str, str]) -> None:
    """Where the folder of all logs cannot be listed, rules see accounts as they were last read: that is an outage.

    Raises:
        UnlistedError: it cannot be listed.
    """
    for folder in PREFIXES:
        if folder in faults:
            raise UnlistedError(f"folder {folder!r} cannot be listed: {faults[folder]}")


def _words(sent: SentAlert) -> tuple[str, str]:
    title, text = sent.title, f"{sent.text}, since {iso(sent.since)}"
    if sent.recovered is not None:
        title, text = f"[recovered] {title}", f"it was: {text}, until {iso(sent.recovered)}"
    if sent.repeat:
        text += "; a repeat: it may have arrived before a crash"
    return title, text


def _write(path: Path, known: dict[str, Any]) -> None:
    write_json(path, known | format_fields("cqs-monitor", _FORMAT))


def _json(path: Path) -> dict[str, Any] | None:
    """What is stored about an outage; None for a file that is damaged or newer: the outage is reported again."""
    try:
        value = json.loads(path.read_text())
        require_format(repr(str(path)), value, _FORMAT, "cqs-monitor")
        return value if isinstance(value["since"], int) else None
    except (OSError, NewerFormat, ValueError, KeyError, TypeError, AttributeError):
        return None
