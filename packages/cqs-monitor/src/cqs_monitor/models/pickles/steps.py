"""What each opcode does to the stack and the memo of a machine that builds nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqs_monitor.models.pickles.opcodes import BrokenPickle, Op
from cqs_monitor.models.pickles.values import Made, Pairs, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqs_monitor.models.pickles.machine import Machine

MARK = Unknown("mark")


def step(m: Machine, op: Op) -> None:
    """Do what one opcode says to the machine's stack and memo; STOP is the machine's own."""
    if op.name in _VALUES:
        m.stack.append(op.argument)
    else:
        _STEPS[op.name](m, op.argument)


def _extend(m: Machine, into: Callable[[Any, list[Any]], None]) -> None:
    items = m.pop_to_mark()
    into(m.stack[-1], items)


def _add_items(target: Any, items: list[Any]) -> None:
    if isinstance(target, list):
        target.extend(items)
    elif isinstance(target, Made):
        target.parts.extend(items)


def _set_items(target: Any, items: list[Any]) -> None:
    pairs = target.pairs if isinstance(target, Made) else target
    if isinstance(pairs, Pairs):
        pairs.items.extend(zip(items[::2], items[1::2], strict=True))


def _call(m: Machine, count: int) -> None:
    *arguments, last = (m.pop() for _ in range(count))
    ordered = arguments[::-1]
    m.stack.append(
        Made(last, tuple(ordered[0]) if count == 2 and isinstance(ordered[0], (tuple, list)) else tuple(ordered))
    )


def _object(m: Machine) -> None:
    what, *arguments = m.pop_to_mark()
    m.stack.append(Made(what, tuple(arguments)))


def _inst(m: Machine, names: str) -> None:
    arguments = m.pop_to_mark()
    m.push_import(*names.split(" ", 1))
    m.stack[-1] = Made(m.stack[-1], tuple(arguments))


def _stack_global(m: Machine) -> None:
    name, module = m.pop(), m.pop()
    m.push_import(module, name)


def _extension(m: Machine, code: int) -> None:
    m.oddities[f"class number {code} of the extension registry, which only the loading process knows"] = None
    m.stack.append(Unknown("extension"))


def _protocol(m: Machine, number: int) -> None:
    if number > 5:
        raise BrokenPickle(m.at, f"protocol {number} is unknown")
    m.protocol = max(m.protocol, number)


def _frame(m: Machine, size: int) -> None:
    m.frame_end = m.at + size


def _tuple(m: Machine, count: int) -> None:
    items = [m.pop() for _ in range(count)]
    m.stack.append(tuple(items[::-1]))


def _dict(m: Machine) -> None:
    items = m.pop_to_mark()
    m.stack.append(Pairs())
    _set_items(m.stack[-1], items)


def _append(m: Machine) -> None:
    item = m.pop()
    _add_items(m.stack[-1], [item])


def _set_item(m: Machine) -> None:
    value, key = m.pop(), m.pop()
    _set_items(m.stack[-1], [key, value])


def _persistent(m: Machine) -> None:
    m.pop()
    m.stack.append(Unknown("persistent object"))


_VALUES_TEXT = """
INT BININT BININT1 BININT2 LONG LONG1 LONG4 STRING BINSTRING SHORT_BINSTRING BINBYTES SHORT_BINBYTES BINBYTES8
BYTEARRAY8 UNICODE SHORT_BINUNICODE BINUNICODE BINUNICODE8 FLOAT BINFLOAT
"""
_VALUES = frozenset(_VALUES_TEXT.split())

_STEPS: dict[str, Callable[[Machine, Any], Any]] = {
    "NONE": lambda m, _: m.stack.append(None),
    "NEWTRUE": lambda m, _: m.stack.append(True),
    "NEWFALSE": lambda m, _: m.stack.append(False),
    "EMPTY_LIST": lambda m, _: m.stack.append([]),
    "EMPTY_SET": lambda m, _: m.stack.append([]),
    "EMPTY_TUPLE": lambda m, _: m.stack.append(()),
    "EMPTY_DICT": lambda m, _: m.stack.append(Pairs()),
    "MARK": lambda m, _: m.stack.append(MARK),
    "DUP": lambda m, _: m.stack.append(m.stack[-1]),
    "POP": lambda m, _: m.stack.pop(),
    "POPMARK": lambda m, _: m.pop_to_mark(),
    "LIST": lambda m, _: m.stack.append(m.pop_to_mark()),
    "FROZENSET": lambda m, _: m.stack.append(m.pop_to_mark()),
    "TUPLE": lambda m, _: m.stack.append(tuple(m.pop_to_mark())),
    "TUPLE1": lambda m, _: _tuple(m, 1),
    "TUPLE2": lambda m, _: _tuple(m, 2),
    "TUPLE3": lambda m, _: _tuple(m, 3),
    "DICT": lambda m, _: _dict(m),
    "APPEND": lambda m, _: _append(m),
    "APPENDS": lambda m, _: _extend(m, _add_items),
    "ADDITEMS": lambda m, _: _extend(m, _add_items),
    "SETITEM": lambda m, _: _set_item(m),
    "SETITEMS": lambda m, _: _extend(m, _set_items),
    "GET": lambda m, n: m.stack.append(m.memo[n]),
    "BINGET": lambda m, n: m.stack.append(m.memo[n]),
    "LONG_BINGET": lambda m, n: m.stack.append(m.memo[n]),
    "PUT": lambda m, n: m.memo.__setitem__(n, m.stack[-1]),
    "BINPUT": lambda m, n: m.memo.__setitem__(n, m.stack[-1]),
    "LONG_BINPUT": lambda m, n: m.memo.__setitem__(n, m.stack[-1]),
    "MEMOIZE": lambda m, _: m.memo.__setitem__(len(m.memo), m.stack[-1]),
    "GLOBAL": lambda m, names: m.push_import(*names.split(" ", 1)),
    "STACK_GLOBAL": lambda m, _: _stack_global(m),
    "INST": _inst,
    "OBJ": lambda m, _: _object(m),
    "NEWOBJ": lambda m, _: _call(m, 2),
    "NEWOBJ_EX": lambda m, _: _call(m, 3),
    "REDUCE": lambda m, _: _call(m, 2),
    "BUILD": lambda m, _: m.build(),
    "EXT1": _extension,
    "EXT2": _extension,
    "EXT4": _extension,
    "PROTO": _protocol,
    "FRAME": _frame,
    "PERSID": lambda m, _: m.stack.append(Unknown("persistent object")),
    "BINPERSID": lambda m, _: _persistent(m),
    "NEXT_BUFFER": lambda m, _: m.stack.append(Unknown("outside buffer")),
    "READONLY_BUFFER": lambda *_: None,
}
