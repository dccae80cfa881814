"""A pickle machine that builds nothing: it follows stack and memo, notes what would be imported, and calls nobody.

That finds imports whose names were put together, kept in the memo, or stand behind a raw array.
"""

from __future__ import annotations

import time
from typing import Any

from cqs_monitor.models.pickles.arrays import hides_wrapper, is_wrapper, raw_array, wrapped_layout
from cqs_monitor.models.pickles.opcodes import BrokenPickle, Source, read_op
from cqs_monitor.models.pickles.steps import MARK, step
from cqs_monitor.models.pickles.values import Import, Made

_MOST_OPS = 20_000_000
_DEPTH = 20


class Machine:
    """Reads one pickle.

    Attributes:
        imports: what it would import, in order.
        oddities: facts that no ordinary writer produces.
        protocol: the highest that it names.
        at: how far it got.
    """

    def __init__(self, data: Source, at: int = 0, *, arrays: bool = True, deadline: float = float("inf")) -> None:
        """`arrays` follows joblib's raw arrays; without it the bytes are read as plain `pickle.load` would."""
        self.data, self.at, self.arrays, self.deadline = data, at, arrays, deadline
        self.imports: dict[Import, None] = {}
        self.oddities: dict[str, None] = {}
        self.protocol = 0
        self.raw = False
        self.depth = 0
        self.frame_end = 0
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        """The value that the pickle describes.

        Raises:
            BrokenPickle: it ends early, or contradicts itself.
        """
        for count in range(_MOST_OPS):
            op = read_op(self.data, self.at)
            self.at = op.end
            if op.name == "STOP":
                return self.pop()
            try:
                step(self, op)
            except (IndexError, KeyError, TypeError, ValueError, AttributeError) as error:
                if isinstance(error, BrokenPickle):
                    raise
                raise BrokenPickle(self.at, f"{op.name} finds nothing fit on the stack") from None
            if count % 4096 == 0 and time.monotonic() > self.deadline:
                raise BrokenPickle(self.at, "reading took too long and was given up")
        raise BrokenPickle(self.at, f"more than {_MOST_OPS:,} opcodes")

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

    def push_import(self, module: Any, name: Any) -> None:
        if isinstance(module, str) and isinstance(name, str):
            found = Import(module, name)
            self.imports[found] = None
        else:
            found = Import("?", "?")
            self.oddities["an import whose name only loading would tell"] = None
        self.stack.append(found)

    def build(self) -> None:
        state, made = self.pop(), self.stack[-1]
        if isinstance(made, Made):
            made.state = state
        if hides_wrapper(made):
            self.oddities["an array that is announced in an odd way, so that readers and scanners part"] = None
        if self.arrays and is_wrapper(made):
            self.stack[-1] = self._read_array(made)

    def _read_array(self, wrapper: Made) -> Any:
        self.raw = True
        if self.frame_end > self.at:
            self.oddities["an array inside a frame, which readers and scanners follow differently"] = None
        layout = wrapped_layout(wrapper)
        if layout is None:
            raise BrokenPickle(self.at, "an array of unknown size follows")
        if layout.objects:
            return self._nested()
        array, self.at = raw_array(self.data, self.at, wrapper, layout)
        if self.at > len(self.data):
            raise BrokenPickle(len(self.data), "an array ends after the file", truncated=True)
        return array

    def _nested(self) -> Any:
        inner = Machine(self.data, self.at, arrays=False, deadline=self.deadline)
        inner.depth = self.depth + 1
        if inner.depth > _DEPTH:
            raise BrokenPickle(self.at, "pickles inside pickles without end")
        try:
            return inner.run()
        finally:
            self.at = inner.at
            self.imports |= inner.imports
            self.oddities |= inner.oddities
