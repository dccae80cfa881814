"""Values that a pickle would build, as far as they are known without building them.

Numbers, texts, lists and tuples represent themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Import(NamedTuple):
    """A class or function that loading would import."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


class Unknown(NamedTuple):
    """A value that is known only after loading: a persistent object, an external buffer."""

    why: str
    about: Any = None


@dataclass(eq=False)
class Pairs:
    """A dict; its keys may be anything. `born` counts what the pickle did before."""

    items: list[tuple[Any, Any]] = field(default_factory=list)
    born: int = 0

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a text key; the last one, as in a dict."""
        return next((value for key, value in reversed(self.items) if key == name and isinstance(key, str)), default)

    def names(self) -> list[str]:
        return [key for key, _ in self.items if isinstance(key, str)]

    def literal(self) -> dict[str, Any] | None:
        """As a dict, if all keys are texts written out, each once."""
        names = self.names()
        return dict(self.items) if len(names) == len(self.items) == len(set(names)) else None


@dataclass(eq=False)
class Made:
    """The result of calling `what` with `arguments` and then setting `state`.

    Attributes:
        builds: how often a state was set; a pickler sets at most one.
        born, calls: steps and calls of the pickle before this was made.
        spent: whether joblib replaced it by an array.
        new: whether it is made without calling its class.
    """

    what: Any
    arguments: Any = ()
    state: Any = None
    parts: list[Any] = field(default_factory=list)
    pairs: Pairs = field(default_factory=Pairs)
    builds: int = 0
    born: int = 0
    calls: int = 0
    spent: bool = False
    new: bool = False

    def is_a(self, module: str, name: str) -> bool:
        return isinstance(self.what, Import) and self.what.name == name and same_module(self.what.module, module)

    @property
    def attributes(self) -> Pairs:
        """Its `__dict__`, as far as the state is one."""
        state = self.state[0] if isinstance(self.state, tuple) and len(self.state) == 2 else self.state
        return state if isinstance(state, Pairs) else Pairs()

    @property
    def kind(self) -> Import | None:
        """The class of the object, also where `copyreg._reconstructor` makes it; None where it is not written out."""
        made = self.what
        if self.is_a("copyreg", "_reconstructor") or self.is_a("copy_reg", "_reconstructor"):
            made = self.arguments[0] if isinstance(self.arguments, tuple) and self.arguments else None
        return made if isinstance(made, Import) else None


@dataclass(eq=False)
class RawArray:
    """An array that joblib wrote into the stream as it is: `size` bytes from `start`."""

    shape: tuple[int, ...]
    dtype: str
    data: bytes | None


def walk(value: Any, depth: int = 8, most: int = 20_000) -> Iterator[Any]:
    """A value and what it holds, nearest first; bounded, for values may hold themselves."""
    level, seen = [value], 0
    for _ in range(depth):
        below: list[Any] = []
        for item in level:
            seen += 1
            if seen > most:
                return
            yield item
            below += _inside(item)
        level = below


def _inside(value: Any) -> list[Any]:
    if isinstance(value, Pairs):
        return [v for _, v in value.items[:1000]]
    if isinstance(value, Made):
        return [value.what, value.arguments, value.state, value.parts, value.pairs]
    if isinstance(value, (list, tuple)) and not isinstance(value, (Import, Unknown)):
        return list(value[:1000])
    return []


def same_module(module: str, wanted: str) -> bool:
    return module == wanted or module.replace("numpy._core", "numpy.core") == wanted
