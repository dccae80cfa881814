"""Rules of the file as blocks of its text: what one says, and the text with one changed, added or removed.

Only the lines of the fields that change are written anew; comments, order and empty lines stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cqs_monitor.alerts.rule_reader import Issues
from cqs_monitor.alerts.rules_file import heads, read_fields

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FIRST = ("name", "kind", "over")


@dataclass(frozen=True)
class RuleBlock:
    """One rule as it stands in a text.

    Attributes:
        start: where its header begins.
        body: where its fields begin.
        end: behind its last field; comments that follow belong to the next rule.
        line: of its header, counted from 1.
        fields: what it says; None where it is not TOML.
    """

    start: int
    body: int
    end: int
    line: int
    fields: Mapping[str, Any] | None

    @property
    def name(self) -> str:
        """The name of the rule, or what there is instead."""
        fields = self.fields or {}
        named = fields.get("name", fields.get("kind"))
        return named if isinstance(named, str) and named else f"rule of line {self.line}"


def rule_blocks(text: str) -> list[RuleBlock]:
    """The rules of a text, in order; blocks with another header are left out."""
    found = []
    for line, head, end in heads(text):
        if head[1] != "rule":
            continue
        body = text[head.end() : end]
        behind = head.end() + _end_of_fields(body)
        found.append(RuleBlock(head.start(), head.end(), behind, line, _read(line, text[head.end() : behind])))
    return found


def change_rule(text: str, block: RuleBlock, fields: Mapping[str, Any]) -> str:
    """The text with some fields of a rule changed.

    Args:
        text: of the file.
        block: of `rule_blocks(text)`; one that can be read.
        fields: new values, as TOML has them; None removes a field.
    """
    import tomlkit

    rest_of_header, _, body = text[block.body : block.end].partition("\n")
    written = tomlkit.parse(body)
    for name, value in fields.items():
        if value is None:
            written.pop(name, None)
        elif written.get(name) != value or type(written[name].unwrap()) is not type(value):
            written[name] = value
    body = tomlkit.dumps(written).rstrip("\n")
    return f"{text[: block.body]}{rest_of_header}\n{body}{text[block.end :]}"


def add_rule(text: str, fields: Mapping[str, Any]) -> str:
    """The text with one rule more, at its end."""
    before = f"{text.rstrip()}\n\n" if text.strip() else ""
    text = f"{before}[[rule]]\n"
    ordered = {name: fields[name] for name in (*_FIRST, *fields) if name in fields}
    return change_rule(text, rule_blocks(text)[-1], ordered).rstrip() + "\n"


def remove_rule(text: str, block: RuleBlock) -> str:
    """The text without a rule; comments between rules stay."""
    rest = text[block.end :].lstrip("\n")
    before = text[: block.start].rstrip("\n")
    return f"{before}\n\n{rest}" if before and rest else f"{before}\n" if before else rest


def unused_name(wanted: str, blocks: Sequence[RuleBlock]) -> str:
    """The wanted name, with a number if it is taken."""
    taken = {block.name for block in blocks}
    numbered = (f"{wanted} {n}" for n in range(2, len(taken) + 3))
    return wanted if wanted not in taken else next(name for name in numbered if name not in taken)


def _end_of_fields(body: str) -> int:
    """Behind the last line that is neither empty nor a comment."""
    lines = body.split("\n")
    while len(lines) > 1 and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
        lines.pop()
    return len("\n".join(lines))


def _read(line: int, body: str) -> Mapping[str, Any] | None:
    try:
        return read_fields(line, body)
    except Issues:
        return None
