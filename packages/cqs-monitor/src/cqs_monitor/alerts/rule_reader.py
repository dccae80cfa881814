"""Reads the fields of one rule, and tells what is wrong with them by line."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cqs_monitor.alerts.kinds import KINDS, Kind
from cqs_monitor.alerts.rule import SEVERITIES, Rule, read_silence
from cqs_monitor.alerts.units import read_duration, read_threshold

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KEY = "config/alerts.toml"
_FIELD = re.compile(r"""[ \t]*(?:"([^"]*)"|'([^']*)'|([\w-]+))[ \t]*[.=]""")
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


class Slips(Exception):  # noqa: N818 - several at once
    def __init__(self, found: list[Wrong]) -> None:
        super().__init__()
        self.found = found


class RuleReader:
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
            raise Slips(self.slips)
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
        return self.line + self._lines.get(field or "", 0)

    @cached_property
    def _lines(self) -> Mapping[str, int]:
        """Lines below the rule's first on which its fields are written."""
        found: dict[str, int] = {}
        for number, written in enumerate(self.body.split("\n")):
            if match := _FIELD.match(written):
                found.setdefault(match[1] or match[2] or match[3], number)
        return found


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
