"""The effect of each opcode on the stack and memo of a machine that builds nothing."""

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


def _extend(m: Machine, into: Callable[[Machine, Any, list[Any]], None]) -> None:
    items = m.pop_to_mark()
    into(m, m.stack[-1], items)


def _add_items(m: Machine, target: Any, items: list[Any]) -> None:
    if isinstance(target, list):
        target.extend(items)
    elif isinstance(target, Made):
        target.parts.extend(items)
    else:
        raise BrokenPickle(m.at, "items for what holds none")


def _set_items(m: Machine, target: Any, items: list[Any]) -> None:
    pairs = target.pairs if isinstance(target, Made) else target
    if not isinstance(pairs, Pairs) or len(items) % 2:
        raise BrokenPickle(m.at, "entries for something that is not a dict")
    pairs.items.extend(zip(items[::2], items[1::2], strict=True))


def _call(m: Machine, count: int, *, new: bool = True) -> None:
    *arguments, what = (m.pop() for _ in range(count))
    if count == 2 and type(arguments[0]) is not tuple:
        raise BrokenPickle(m.at, "arguments of a call that are not a tuple")
    m.make(what, arguments[0] if count == 2 else tuple(arguments[::-1]), new=new)


def _object(m: Machine) -> None:
    what, *arguments = m.pop_to_mark()
    m.make(what, tuple(arguments))


def _inst(m: Machine, names: str) -> None:
    arguments = m.pop_to_mark()
    m.push_import(*names.split(" ", 1))
    m.make(m.pop(), tuple(arguments))


def _stack_global(m: Machine) -> None:
    name, module = m.pop(), m.pop()
    m.push_import(module, name)


def _extension(m: Machine, code: int) -> None:
    m.odd(f"class number {code} of the extension registry, which only the loading process knows")
    m.stack.append(Unknown("extension"))


def _protocol(m: Machine, number: int) -> None:
    if number > 5:
        raise BrokenPickle(m.at, f"protocol {number} is unknown")
    if m.at != m.start + 2:
        m.odd("a protocol opcode in the middle")
    m.protocol = max(m.protocol, number)


def _frame(m: Machine, size: int) -> None:
    if m.frame_end > m.at - 9:
        m.odd("a frame inside a frame")
    m.frame_end = m.at + size
    if m.frame_end > len(m.data):
        raise BrokenPickle(m.at, "a frame ends after the file", truncated=True)


def _tuple(m: Machine, count: int) -> None:
    items = [m.pop() for _ in range(count)]
    m.stack.append(tuple(items[::-1]))


def _empty_dict(m: Machine) -> None:
    m.stack.append(Pairs(born=m.count))


def _dict(m: Machine) -> None:
    items = m.pop_to_mark()
    _empty_dict(m)
    _set_items(m, m.stack[-1], items)


def _append(m: Machine) -> None:
    item = m.pop()
    _add_items(m, m.stack[-1], [item])


def _set_item(m: Machine) -> None:
    value, key = m.pop(), m.pop()
    _set_items(m, m.stack[-1], [key, value])


def _buffer(m: Machine, _: Any) -> None:
    m.stack.append(Unknown("outside buffer"))


def _rare(does: Callable[[Machine, Any], Any], why: str) -> Callable[[Machine, Any], Any]:
    """An opcode that today's picklers do not write."""

    def apply(m: Machine, argument: Any) -> None:
        m.odd(why)
        does(m, argument)

    return apply


_VALUES_TEXT = """
INT BININT BININT1 BININT2 LONG LONG1 LONG4 BINBYTES SHORT_BINBYTES BINBYTES8
BYTEARRAY8 UNICODE SHORT_BINUNICODE BINUNICODE BINUNICODE8 FLOAT BINFLOAT
"""
_VALUES = frozenset(_VALUES_TEXT.split())

_PYTHON_2 = "what only Python 2 wrote"

_STEPS: dict[str, Callable[[Machine, Any], Any]] = {
    "STRING": _rare(lambda m, text: m.stack.append(text), _PYTHON_2),
    "BINSTRING": _rare(lambda m, text: m.stack.append(text), _PYTHON_2),
    "SHORT_BINSTRING": _rare(lambda m, text: m.stack.append(text), _PYTHON_2),
    "NONE": lambda m, _: m.stack.append(None),
    "NEWTRUE": lambda m, _: m.stack.append(True),
    "NEWFALSE": lambda m, _: m.stack.append(False),
    "EMPTY_LIST": lambda m, _: m.stack.append([]),
    "EMPTY_SET": lambda m, _: m.stack.append([]),
    "EMPTY_TUPLE": lambda m, _: m.stack.append(()),
    "EMPTY_DICT": lambda m, _: _empty_dict(m),
    "MARK": lambda m, _: m.stack.append(MARK),
    "DUP": _rare(lambda m, _: m.stack.append(m.stack[-1]), "a value that is put twice"),
    "POP": lambda m, _: m.stack.pop(),
    "POP_MARK": lambda m, _: m.pop_to_mark(),
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
    "GET": lambda m, n: m.get(n),
    "BINGET": lambda m, n: m.get(n),
    "LONG_BINGET": lambda m, n: m.get(n),
    "PUT": lambda m, n: m.put(n),
    "BINPUT": lambda m, n: m.put(n),
    "LONG_BINPUT": lambda m, n: m.put(n),
    "MEMOIZE": lambda m, _: m.put(len(m.memo)),
    "GLOBAL": lambda m, names: m.push_import(*names.split(" ", 1)),
    "STACK_GLOBAL": lambda m, _: _stack_global(m),
    "INST": _rare(_inst, _PYTHON_2),
    "OBJ": _rare(lambda m, _: _object(m), _PYTHON_2),
    "NEWOBJ": lambda m, _: _call(m, 2),
    "NEWOBJ_EX": lambda m, _: _call(m, 3),
    "REDUCE": lambda m, _: _call(m, 2, new=False),
    "BUILD": lambda m, _: m.build(),
    "EXT1": _extension,
    "EXT2": _extension,
    "EXT4": _extension,
    "PROTO": _protocol,
    "FRAME": _frame,
    "PERSID": lambda m, about: m.persist(about),
    "BINPERSID": lambda m, _: m.persist(m.pop()),
    "NEXT_BUFFER": _rare(
        lambda m, _: m.stack.append(Unknown("outside buffer")), "a buffer that lies outside the pickle"
    ),
    "READONLY_BUFFER": lambda *_: None,
}
