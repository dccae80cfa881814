"""A pickle machine that builds nothing: it follows stack and memo, notes imports, and calls nothing.

It recognizes what the picklers of Python, numpy and joblib write; anything else that a pickle does is an oddity. This
finds imports whose names were assembled, kept in the memo, or hidden after a raw array.
"""

from __future__ import annotations

import re
import time
from typing import Any

from cqs_monitor.models.pickles.arrays import hides_wrapper, is_wrapper, raw_array, wrapped_layout
from cqs_monitor.models.pickles.calls import may_be_text, odd_call, odd_state
from cqs_monitor.models.pickles.judgement import harmless
from cqs_monitor.models.pickles.opcodes import BrokenPickle, Op, Source, read_op
from cqs_monitor.models.pickles.steps import MARK, step
from cqs_monitor.models.pickles.values import Import, Made, Unknown

_MOST_OPS = 20_000_000
_MOST_IMPORTS = 2_000
"""Different names; models of the usual packages have less than a hundred."""

_LATE = 512
"""Opcodes between two looks at the clock."""
_DROPS = frozenset({"POP", "POP_MARK"})
_AFTER_DROP = _DROPS | {"GET", "BINGET", "LONG_BINGET"}
_METHOD = re.compile(r"(?!__)[A-Za-z_]\w*")
_GETATTR = (Import("builtins", "getattr"), Import("__builtin__", "getattr"))


def _attribute(arguments: Any) -> tuple[Import, Any] | None:
    """The value of `getattr(object, "name")`, which is how picklers write methods."""
    if len(arguments) != 2 or not isinstance(arguments[1], str) or not _METHOD.fullmatch(arguments[1]):
        return None
    owner = arguments[0].kind if isinstance(arguments[0], Made) else arguments[0]
    if not isinstance(owner, Import):
        return None
    found = Import(owner.module, f"{owner.name}.{arguments[1]}")
    return found, found if owner is arguments[0] else Unknown("a method", found)


class Machine:
    """Reads one pickle.

    Attributes:
        imports: what it would import, in order.
        called: those of them that it would call.
        oddities: facts that no ordinary writer produces.
        acts: those of them that are calls or states, not only the way of writing.
        protocol: the highest that it names.
        at: how far it got.
        raw_at: where joblib's first array begins, None where there is none.
        persistent: what a pickle of torch says of the storages outside it.
    """

    def __init__(
        self,
        data: Source,
        at: int = 0,
        *,
        arrays: bool = True,
        torch: bool = False,
        deadline: float = float("inf"),
        stop_before: Any = None,
    ) -> None:
        """Where to begin and how to read.

        Args:
            data: the file.
            at: where the pickle begins.
            arrays: follow joblib's raw arrays; without it the bytes are read as plain `pickle.load` would.
            torch: the pickle is one of torch's, which refers to storages outside.
            deadline: of `time.monotonic()`.
            stop_before: called with an import; true ends the reading there.
        """
        self.data, self.start, self.at, self.arrays, self.deadline = data, at, at, arrays, deadline
        self.torch, self.stop_before = torch, stop_before
        self.imports: dict[Import, None] = {}
        self.called: dict[Import, None] = {}
        self.oddities: dict[str, None] = {}
        self.acts: dict[str, None] = {}
        self.persistent: list[Any] = []
        self.protocol = 0
        self.raw_at: int | None = None
        self.frame_end = self.count = self.calls = 0
        self.excused: set[Import] = set()
        self.loose = 0  # uses of `getattr` that are not the calls by which methods of classes are pickled
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        """The value that the pickle describes.

        Raises:
            BrokenPickle: it ends early, or contradicts itself.
        """
        before = ""
        while self.count < _MOST_OPS:
            op = read_op(self.data, self.at)
            self._check(op, before)
            before, self.at = op.name, op.end
            self.count += 1
            if op.name == "STOP":
                return self._end()
            try:
                step(self, op)
            except (IndexError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
                if isinstance(error, BrokenPickle):
                    raise
                raise BrokenPickle(self.at, f"{op.name} finds nothing fit on the stack") from None
            if self.count % _LATE == 0 and time.monotonic() > self.deadline:
                raise BrokenPickle(self.at, "reading took too long and was given up")
        raise BrokenPickle(self.at, f"more than {_MOST_OPS:,} opcodes")

    def odd(self, why: str, *, act: bool = False) -> None:
        self.oddities[why] = None
        if act:
            self.acts[why] = None

    def _check(self, op: Op, before: str) -> None:
        if self.at < self.frame_end < op.end:
            self.odd("an opcode that crosses the end of its frame")
        if not op.as_written:
            self.odd(f"{op.name} is written in a way that readers take differently")
        if before in _DROPS and op.name not in _AFTER_DROP:
            self.odd("values that are made and thrown away")
        if op.protocol > max(self.protocol, 1) and op.name != "PROTO":
            self.odd(f"{op.name} in a pickle of protocol {self.protocol}")

    def _end(self) -> Any:
        value = self.pop()
        self.excuse()
        if self.stack:
            self.odd("values left behind at the end")
        if self.frame_end > self.at:
            self.odd("a frame that goes on after the end")
        return value

    def excuse(self) -> None:
        """Ignore `getattr` if each use yields a method of a class, which is noted as an import anyway."""
        if not self.loose:
            self.excused |= {name for name in _GETATTR if self.imports.pop(name, 0) is None}

    def pop(self) -> Any:
        if not self.stack or self.stack[-1] is MARK:
            raise BrokenPickle(self.at, "the stack is empty")
        return self.stack.pop()

    def pop_to_mark(self) -> list[Any]:
        at = next((i for i in range(len(self.stack) - 1, -1, -1) if self.stack[i] is MARK), None)
        if at is None:
            raise BrokenPickle(self.at, "no mark on the stack")
        items = self.stack[at + 1 :]
        del self.stack[at:]
        return items

    def put(self, index: int) -> None:
        if index in self.memo:
            self.odd("a place of the memo that is written twice")
        self.memo[index] = self.stack[-1]

    def get(self, index: int) -> None:
        value = self.memo[index]
        if isinstance(value, Made) and value.spent:
            self.odd("an array that is announced in an odd way, so that readers and scanners disagree")
        self.loose += value in _GETATTR if isinstance(value, Import) else 0
        self.stack.append(value)

    def push_import(self, module: Any, name: Any) -> None:
        if isinstance(module, str) and isinstance(name, str):
            found = Import(module, name)
            if self.stop_before is not None and self.stop_before(found):
                raise BrokenPickle(self.at, f"{found} cannot be imported")
            self.imports[found] = None
            self.loose += found in _GETATTR
            if len(self.imports) > _MOST_IMPORTS:
                raise BrokenPickle(self.at, f"more than {_MOST_IMPORTS:,} different imports")
        else:
            if self.stop_before is not None and not (may_be_text(module) and may_be_text(name)):
                raise BrokenPickle(self.at, "a name that is not text")
            found = Import("?", "?")
            self.odd("an import whose name is known only after loading", act=True)
        self.stack.append(found)

    def make(self, what: Any, arguments: Any, *, new: bool = False) -> None:
        """Note a call, or with `new` an object made without calling its class."""
        if what in _GETATTR and (found := _attribute(arguments)):
            self.loose -= 1
            self.imports[found[0]] = None
            self.stack.append(found[1])
            return
        made = Made(what, arguments, born=self.count, calls=self.calls, new=new)
        if isinstance(what, Import):
            self.called[what] = None
        if isinstance(made.kind, Import):
            self.called[made.kind] = None
        if odd_call(made):
            named = isinstance(what, Import)
            self.odd(
                f"{what} is called as no pickler does" if named else "a call of something that is not a name", act=True
            )
        self.calls += made.kind is None or not harmless(made.kind)
        made.calls = self.calls
        self.stack.append(made)

    def build(self) -> None:
        state, made = self.pop(), self.stack[-1]
        if not isinstance(made, Made):
            self.odd("a state for an object that was not made here", act=True)
            return
        made.state, made.builds = state, made.builds + 1
        if hides_wrapper(made):
            self.odd("an array that is announced in an odd way, so that readers and scanners disagree")
        if odd_state(made):
            self.odd(f"{made.kind or 'an object'} gets a state that no pickler writes", act=True)
        if self.arrays and is_wrapper(made):
            self.stack[-1] = self._read_array(made)
        else:
            self.calls += made.kind is None or not harmless(made.kind)

    def persist(self, about: Any) -> None:
        if self.torch:
            self.persistent.append(about)
        else:
            self.odd("an object that lies outside the pickle")
        self.stack.append(Unknown("persistent object", about))

    def _read_array(self, wrapper: Made) -> Any:
        if self.raw_at is None:
            self.raw_at = self.at
        wrapper.spent = True
        if self.frame_end > self.at:
            self.odd("an array inside a frame, which readers and scanners follow differently")
        layout = wrapped_layout(wrapper) if wrapper.calls == self.calls else None
        if layout is None:
            self.odd("an array that is announced in an odd way, so that readers and scanners disagree")
            raise BrokenPickle(self.at, "an array of unknown size follows")
        if layout.dtype.hasobject:
            return self._nested()
        found = raw_array(self.data, self.at, layout)
        if found is None:
            raise BrokenPickle(self.at, "an array that is not padded as joblib does")
        array, self.at = found
        if self.at > len(self.data):
            raise BrokenPickle(len(self.data), "an array ends after the file", truncated=True)
        return array

    def _nested(self) -> Any:
        """An array of objects, which joblib writes as a pickle inside the pickle."""
        inner = Machine(self.data, self.at, arrays=False, deadline=self.deadline)
        inner.count = self.count
        try:
            value = inner.run()
            if not (isinstance(value, Made) and value.is_a("numpy.core.multiarray", "_reconstruct")):
                self.odd("an array of objects that is none")
            return value
        finally:
            self.at, self.count = inner.at, inner.count
            self.imports |= inner.imports
            self.called |= inner.called
            self.oddities |= inner.oddities
            self.acts |= inner.acts
            self.excused |= inner.excused
            self.loose += inner.loose
