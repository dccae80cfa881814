"""Reads the fields of one rule by the models of rules and kinds, and says what is wrong with them by line."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from cqs_core import plugins
from cqs_core.isolation import fact_of, foreign
from cqs_monitor.alerts.rule import WRITTEN, Rule

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqs_monitor.alerts.kind import AlertKind

KEY = "config/alerts.toml"
_FIELD = re.compile(r"""[ \t]*(?:"([^"]*)"|'([^']*)'|([\w-]+))[ \t]*[.=]""")
_NOTHING: Mapping[str, str] = {}
_MEANT = {"threshold": "over", "limit": "over", "above": "over", "duration": "for", "quiet": "silence"}


@dataclass(frozen=True)
class Issue:
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


class Issues(Exception):  # noqa: N818 - several at once
    def __init__(self, found: Sequence[Issue]) -> None:
        super().__init__()
        self.found = found


def read_rule(line: int, body: str, fields: Mapping[str, Any]) -> Rule | None:
    """The rule of one block; None where it is switched off.

    Args:
        line: on which the block begins.
        body: its text, for the lines of its fields.
        fields: what the text says.

    Raises:
        Issues: what is wrong with it, by line.
    """
    reasons: list[_Reason] = []
    kind = _kind(fields, reasons)
    own = {key: value for key, value in fields.items() if key not in WRITTEN and key != "kind"}
    known = [*WRITTEN, "kind", *(kind.model_fields if kind else ())]
    condition = None if kind is None else _validated(kind, own, known, reasons)
    common = {key: value for key, value in fields.items() if key in WRITTEN}
    values = {"name": kind.name if kind else "unknown", **common, "condition": condition, "line": line}
    rule: Rule | None = _validated(Rule, values, known, reasons)
    if reasons:
        lines, name = _lines(body), fields.get("name")
        named = name if isinstance(name, str) else None
        raise Issues([Issue(line + lines.get(field or "", 0), reason, named) for field, reason in reasons])
    return rule if rule is not None and rule.enabled else None


_Reason = tuple[str | None, str]
"""The field, None for the rule as a whole, and what is wrong with it."""


def _kind(fields: Mapping[str, Any], reasons: list[_Reason]) -> type[AlertKind] | None:
    kinds, given = plugins().alert_kinds(), fields.get("kind")
    if given is None:
        reasons.append((None, f"a rule without a kind; there are: {', '.join(kinds)}"))
    elif not isinstance(given, str) or given not in kinds:
        reasons.append(("kind", f"unknown kind {given!r}; {_near(str(given), kinds)}"))
    return kinds.get(given) if isinstance(given, str) else None


def _validated(model: Any, values: Mapping[str, Any], known: Sequence[str], reasons: list[_Reason]) -> Any:
    """The model of these values; None where they are wrong, and why."""
    try:
        with foreign():
            return model.model_validate(values)
    except ValidationError as error:
        reasons += [_reason(dict(one), known) for one in error.errors(include_url=False) if one["type"] != "missing"]
        # an unknown field may well be a misspelt threshold: then that is all there is to say
        if not reasons:
            reasons.append((None, f"a {model.name} needs a threshold: over = …"))
    except Exception as error:  # noqa: BLE001 - a kind may be a plugin's, which may fail in any way
        reasons.append(("kind", f"the kind failed: {fact_of(error)}"))
    return None


def _reason(one: Mapping[str, Any], known: Sequence[str]) -> _Reason:
    name = str(one["loc"][0]) if one["loc"] else None
    if one["type"] == "extra_forbidden":
        return name, f"unknown field {name!r}; {_near(str(name), known, _MEANT)}"
    if one["type"] == "value_error":
        return name, f"{name} {one['ctx']['error']}"
    return name, f"{name} is {one['input']!r}; {one['msg'][:1].lower()}{one['msg'][1:]}"


def _lines(body: str) -> Mapping[str, int]:
    """Lines below the rule's first on which its fields are written."""
    found: dict[str, int] = {}
    for number, written in enumerate(body.split("\n")):
        if match := _FIELD.match(written):
            found.setdefault(match[1] or match[2] or match[3], number)
    return found


def _near(name: str, known: Any, meant: Mapping[str, str] = _NOTHING) -> str:
    near = difflib.get_close_matches(name, [*known, *meant], n=1, cutoff=0.6)
    return f"did you mean {meant.get(near[0], near[0])!r}?" if near else f"there are: {', '.join(known)}"
