"""`config/alerts.toml`: rules and what is wrong with them, by line. A bad rule never takes another one down.

    [[rule]]
    name = "losing"
    kind = "daily_loss"
    over = 300000
    account = "Main"
    severity = "critical"
    cooldown = "6h"

Fields of every rule: name, kind, over, account (or several), severity, for, cooldown, silence, channels, enabled.
Without the file the rules of `DEFAULT` are in force.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cqs_core import UsageError
from cqs_monitor.alerts.kinds import KINDS, Kind
from cqs_monitor.alerts.rule import SEVERITIES, Rule, read_silence
from cqs_monitor.alerts.units import read_duration, read_threshold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from cqs_core import Bucket

KEY = "config/alerts.toml"
LARGEST = 1 << 20
DEFAULT = """\
# Rules of `cqs monitor watch`. Every rule is a [[rule]] of its own; `cqs monitor alerts kinds` tells what there is.

[[rule]]
name = "bot is silent"
kind = "heartbeat"
over = "7m"             # in a bucket the heartbeat lags up to 5 minutes
severity = "critical"

[[rule]]
name = "damaged files"
kind = "damaged_file"

[[rule]]
name = "positions do not add up"
kind = "reconciliation"
for = "15m"

[[rule]]
name = "buy is stuck"
kind = "pending_buy"
over = "10m"
"""

_HEAD = re.compile(r"^\s*\[\[\s*(\S+?)\s*\]\]", re.MULTILINE)
_TABLE = re.compile(r"^\s*\[", re.MULTILINE)
_LINE_OF_ERROR = re.compile(r" \(at line (\d+), column \d+\)| \(at end of document\)")
_NOTHING: Mapping[str, str] = {}
_MEANT = {"threshold": "over", "limit": "over", "above": "over", "duration": "for", "quiet": "silence"}
_COMMON = ("name", "kind", "over", "account", "severity", "for", "cooldown", "silence", "channels", "enabled")


@dataclass(frozen=True)
class Wrong:
    """Something that is wrong with the file.

    Attributes:
        line: counted from 1.
        reason: the fact, and what would be right.
        rule: its name, where it has one.
    """

    line: int
    reason: str
    rule: str | None = None

    def __str__(self) -> str:
        return f"{KEY}:{self.line}: {self.reason}"


@dataclass(frozen=True)
class Rules:
    """Those in force, and what is wrong with the others."""

    rules: Sequence[Rule] = ()
    wrong: Sequence[Wrong] = ()
    stored: bool = True

    def rule(self, name: str) -> Rule:
        """One rule.

        Raises:
            UnknownName: there is none in force.
        """
        from cqs_core import UnknownName

        found = next((rule for rule in self.rules if rule.name == name), None)
        if found is None:
            raise UnknownName("rule", name, [rule.name for rule in self.rules], remedy=f"write one into {KEY}")
        return found


def read_rules(bucket: Bucket) -> Rules:
    """The rules of a bucket.

    Raises:
        BucketError: the bucket does not answer.
    """
    text, stored = read_text(bucket)
    found = parse_rules(text)
    return Rules(found.rules, found.wrong, stored)


def read_text(bucket: Bucket) -> tuple[str, bool]:
    """The file's text, and whether there is one: else it is `DEFAULT`."""
    try:
        data = bucket.read(KEY)
    except FileNotFoundError:
        return DEFAULT, False
    if len(data) > LARGEST:
        raise UsageError(f"{KEY} is {len(data):,} bytes long; rules fit into {LARGEST:,}")
    return data.decode("utf-8", "replace"), True


def parse_rules(text: str) -> Rules:
    """Rules of a text; every block is read alone, so that a slip spoils one rule only."""
    rules: list[Rule] = []
    wrong: list[Wrong] = []
    for line, name, block in _blocks(text, wrong):
        try:
            rule = _rule(line, name, block)
        except _Slips as slips:
            wrong += slips.found
            continue
        taken = next((other for other in rules if rule and other.name == rule.name), None)
        if taken and rule:
            wrong.append(Wrong(line, f"the name {rule.name!r} is taken by the rule of line {taken.line}", rule.name))
        elif rule:
            rules.append(rule)
    return Rules(rules, wrong)


class _Slips(Exception):  # noqa: N818 - several at once
    def __init__(self, found: list[Wrong]) -> None:
        super().__init__()
        self.found = found


def _blocks(text: str, wrong: list[Wrong]) -> Iterator[tuple[int, str, str]]:
    """Line, header and body of each `[[…]]`; what stands before the first is only looked at for mistakes."""
    heads = list(_HEAD.finditer(text))
    before = text[: heads[0].start()] if heads else text
    for number, written in enumerate(before.splitlines(), 1):
        if written.strip() and not written.lstrip().startswith("#"):
            wrong.append(Wrong(number, f"{written.strip()[:40]!r} stands outside of a rule; write [[rule]] above it"))
    for head, following in zip(heads, [*heads[1:], None], strict=False):
        end = following.start() if following else len(text)
        line = text.count("\n", 0, head.start(1)) + 1
        yield line, head[1], text[head.end() : end]


def _rule(line: int, name: str, body: str) -> Rule | None:
    """The rule of one block; None where it is switched off."""
    if name != "rule":
        raise _Slips([Wrong(line, f"[[{name[:40]}]] is unknown; did you mean [[rule]]?")])
    fields = _fields(line, body)
    return _Reader(line, body, fields).rule()


def _fields(line: int, body: str) -> dict[str, Any]:
    if match := _TABLE.search(body):
        at = line + body.count("\n", 0, match.end())
        raise _Slips([Wrong(at, "a table inside a rule; every rule is a [[rule]] with plain fields")])
    try:
        return tomllib.loads(body)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        match = _LINE_OF_ERROR.search(str(error))
        offset = int(match[1]) - 1 if match and match[1] else body.rstrip().count("\n")
        raise _Slips([Wrong(line + offset, f"no TOML: {_LINE_OF_ERROR.sub('', str(error))}")]) from None


class _Reader:
    """Reads the fields of one rule, noting what is wrong by line."""

    def __init__(self, line: int, body: str, fields: Mapping[str, Any]) -> None:
        self.line, self.body, self.fields = line, body, fields
        self.slips: list[Wrong] = []
        name = fields.get("name")
        self.name = name if isinstance(name, str) else None

    def rule(self) -> Rule | None:
        kind = self._kind()
        if kind is not None:
            self._refuse_unknown(kind)
        rule = None if kind is None else self._build(kind)
        if self.slips:
            raise _Slips(self.slips)
        return rule if self.fields.get("enabled", True) else None

    def _build(self, kind: Kind) -> Rule:
        return Rule(
            name=self.name or str(self.fields["kind"]),
            kind=self.fields["kind"],
            over=self._over(kind),
            accounts=self._read("account", _accounts, ()),
            severity=self._read("severity", _severity, "warning"),
            hold=self._read("for", read_duration, 0.0),
            cooldown=self._read("cooldown", read_duration, 3600.0),
            silence=self._read("silence", read_silence, None),
            channels=self._read("channels", _listed, ()),
            options={name: self._read(name, read, None) for name, read in kind.options.items() if name in self.fields},
            line=self.line,
        )

    def _kind(self) -> Kind | None:
        if "name" in self.fields and not self.name:
            self._slip("name", f"name is {self.fields['name']!r}; write a text")
        enabled = self.fields.get("enabled", True)
        if not isinstance(enabled, bool):
            self._slip("enabled", f"enabled is {enabled!r}; write true or false")
        given = self.fields.get("kind")
        if given is None:
            self._slip(None, f"a rule without a kind; there are: {', '.join(KINDS)}")
        elif not isinstance(given, str) or given not in KINDS:
            self._slip("kind", f"unknown kind {given!r}; {_near(str(given), KINDS)}")
        return KINDS.get(given) if isinstance(given, str) else None

    def _refuse_unknown(self, kind: Kind) -> None:
        known = [*_COMMON, *kind.options]
        for name in self.fields:
            if name not in known:
                self._slip(name, f"unknown field {name!r}; {_near(name, known, _MEANT)}")

    def _over(self, kind: Kind) -> Any:
        if "over" not in self.fields and kind.default is not None:
            return kind.default
        if "over" not in self.fields:
            if not self.slips:  # an unknown field may well be a misspelt `over`
                self._slip(None, f"a {self.fields['kind']} needs a threshold: over = …")
            return 0.0
        return self._read(
            "over", lambda value: _listed(value) if kind.unit == "names" else read_threshold(value, kind.unit), 0.0
        )

    def _read(self, name: str, read: Callable[[Any], Any], default: Any) -> Any:
        if name not in self.fields:
            return default
        try:
            return read(self.fields[name])
        except ValueError as error:
            self._slip(name, f"{name} {error}")
            return default

    def _slip(self, field: str | None, reason: str) -> None:
        self.slips.append(Wrong(self.line_of(field), reason, self.name))

    def line_of(self, field: str | None) -> int:
        match = re.search(rf"^[ \t\"']*{re.escape(field)}[ \t\"']*=", self.body, re.MULTILINE) if field else None
        return self.line + (self.body.count("\n", 0, match.start()) if match else 0)


def _listed(value: Any) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name for name in names):
        raise ValueError(f'is {value!r}; write a text, or a list such as ["A", "B"]')
    return tuple(names)


def _accounts(value: Any) -> tuple[str, ...]:
    names = _listed(value)
    return () if "*" in names else names


def _severity(value: Any) -> Any:
    if value not in SEVERITIES:
        raise ValueError(f"is {value!r}; write {', '.join(SEVERITIES)}")
    return value


def _near(name: str, known: Any, meant: Mapping[str, str] = _NOTHING) -> str:
    near = difflib.get_close_matches(name, [*known, *meant], n=1, cutoff=0.6)
    return f"did you mean {meant.get(near[0], near[0])!r}?" if near else f"there are: {', '.join(known)}"
