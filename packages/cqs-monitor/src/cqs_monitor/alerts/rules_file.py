"""`config/alerts.toml`: rules and what is wrong with them, by line. A bad rule never takes another one down.

    [[rule]]
    name = "losing"
    kind = "daily_loss"
    over = 300000
    account = "Main"
    severity = "critical"
    cooldown = "6h"

Fields of every rule: name, kind, over, account (or several), severity, for, cooldown, silence,
silenced_until, silenced_by, channels, enabled.
Without the file the rules of `DEFAULT` are in force.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cqs_core import UsageError
from cqs_monitor.alerts.rule_reader import KEY, Issue, Issues, read_rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cqs_core import Bucket
    from cqs_monitor.alerts.rule import Rule

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

LARGEST_RULE = 4_000
"""Characters of one rule: what reads TOML takes the square of a key's length."""
_DOTS = 100  # in a line, at most

# no \\s before a bracket: it would run over all the empty lines that follow, from each of them
_HEAD = re.compile(r"^[ \t]*\[\[[ \t]*(\S{1,200}?)[ \t]*\]\]", re.MULTILINE)
_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)
_LINE_OF_ERROR = re.compile(r" \(at line (\d+), column \d+\)| \(at end of document\)")


@dataclass(frozen=True)
class Rules:
    """Those in force, and what is wrong with the others."""

    rules: Sequence[Rule] = ()
    issues: Sequence[Issue] = ()
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
    return rules_of(text, stored=stored)


def rules_of(text: str, *, stored: bool) -> Rules:
    """The rules of what `read_text` gives."""
    return replace(parse_rules(text), stored=stored)


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
    """Rules of a text; every block is read alone, so that a slip spoils one rule only. Too much text is not read."""
    rules: dict[str, Rule] = {}
    issues: list[Issue] = []
    if (size := len(text.encode(errors="replace"))) > LARGEST:
        return Rules((), [Issue(1, f"the text is {size:,} bytes long; rules fit into {LARGEST:,}")])
    for line, name, block in _blocks(text, issues):
        try:
            rule = _rule(line, name, block)
        except Issues as slips:
            issues += slips.found
            continue
        if rule is None:
            continue
        if (taken := rules.setdefault(rule.name, rule)) is not rule:
            issues.append(Issue(line, f"the name {rule.name!r} is taken by the rule of line {taken.line}", rule.name))
    return Rules([*rules.values()], issues)


def _blocks(text: str, issues: list[Issue]) -> Iterator[tuple[int, str, str]]:
    """Line, name and body of each `[[…]]`; what stands before the first is only looked at for mistakes."""
    found = list(heads(text))
    before = text[: found[0][1].start()] if found else text
    for number, written in enumerate(before.splitlines(), 1):
        if written.strip() and not written.lstrip().startswith("#"):
            issues.append(Issue(number, f"{written.strip()[:40]!r} stands outside of a rule; write [[rule]] above it"))
    for line, head, end in found:
        yield line, head[1], text[head.end() : end]


def heads(text: str) -> Iterator[tuple[int, re.Match[str], int]]:
    """Line, header and end of each `[[…]]`; the first group of a header is its name."""
    found = list(_HEAD.finditer(text))
    line, counted = 1, 0
    for head, following in zip(found, [*found[1:], None], strict=False):
        line += text.count("\n", counted, head.start(1))  # from head to head: from the top it would be quadratic
        counted = head.start(1)
        yield line, head, following.start() if following else len(text)


def _rule(line: int, name: str, body: str) -> Rule | None:
    """The rule of one block; None where it is switched off."""
    if name != "rule":
        raise Issues([Issue(line, f"[[{name[:40]}]] is unknown; did you mean [[rule]]?")])
    fields = read_fields(line, body)
    return read_rule(line, body, fields)


def read_fields(line: int, body: str) -> dict[str, Any]:
    """What the body of a block says.

    Raises:
        Issues: it is too long, or not TOML.
    """
    if len(body) > LARGEST_RULE and len(body.strip()) > LARGEST_RULE:
        raise Issues([Issue(line, f"a rule of {len(body):,} characters; one fits into {LARGEST_RULE:,}")])
    body = body.rstrip()
    if dotted := next((n for n, written in enumerate(body.splitlines()) if written.count(".") > _DOTS), None):
        raise Issues([Issue(line + dotted, f"a line with more than {_DOTS} dots; every rule has plain fields")])
    if match := _TABLE.search(body):
        at = line + body.count("\n", 0, match.end())
        raise Issues([Issue(at, "a table inside a rule; every rule is a [[rule]] with plain fields")])
    try:
        return tomllib.loads(body)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        match = _LINE_OF_ERROR.search(str(error))
        offset = int(match[1]) - 1 if match and match[1] else body.rstrip().count("\n")
        raise Issues([Issue(line + offset, f"no TOML: {_LINE_OF_ERROR.sub('', str(error))}")]) from None
