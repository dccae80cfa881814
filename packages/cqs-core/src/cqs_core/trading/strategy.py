"""The base class of strategies: parameters and one pure function from candles to orders."""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import sys
import sysconfig
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import param

from cqs_core.errors import CqsError, UnknownName, UsageError
from cqs_core.isolation import Escaped, fact_of, foreign
from cqs_core.trading.code_digest import code_digest
from cqs_core.trading.filtering import only_in
from cqs_core.trading.orders import Orders

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cqs_core.trading.candles import Candles


class Strategy(param.Parameterized):
    """A strategy. Its `param` declarations (bounds, step, doc) become forms, sweeps and command-line options.

    A subclass sets `id` and `title` and implements `orders`. The method is pure: the same candles and parameters give
    the same orders, and bar *t* uses nothing but what was known at the open of *t*.
    """

    id: ClassVar[str] = ""
    title: ClassVar[str] = ""

    only_in = param.String("", precedence=-1, doc="`regime=bull`: trade only while a feature has this value.")

    def __init__(self, **values: Any) -> None:
        """A strategy with these parameter values.

        Raises:
            UnknownName: no such parameter.
            UsageError: out of bounds, or of another type.
        """
        if unknown := [name for name in values if name not in type(self).param]:
            raise _unknown(type(self), unknown[0])
        super().__init__(**values)  # type: ignore[no-untyped-call]

    def __setattr__(self, name: str, value: Any) -> None:
        try:
            super().__setattr__(name, value)
        except CqsError:
            raise
        except (ValueError, TypeError) as error:
            parameter = type(self).param.objects("existing").get(name)
            text = f"parameter {name!r} is {value!r}; it must be {describe(parameter)}" if parameter else str(error)
            raise UsageError(text) from None

    def __dask_tokenize__(self) -> tuple[str, ...]:
        """A key for Dask made of the code and the parameters, the same in every process."""
        class_, values = type(self), sorted(self.values().items())
        return ("cqs strategy", f"{class_.__module__}.{class_.__qualname__}", code_digest(class_), repr(values))

    def orders(self, candles: Candles) -> Orders:
        """The orders for each bar of these candles."""
        raise NotImplementedError(f"{type(self).__name__} has no orders(); a strategy must implement it")

    def references(self, markets: Sequence[str]) -> Sequence[str]:  # noqa: ARG002 - for those who override it
        """Markets to look at besides the traded ones, unified; `candles.reference(name)` has them."""
        return ()

    def warmup(self) -> int:
        """How many candles of a symbol must have closed before there can be any order; less data is refused."""
        return 0

    @classmethod
    def parameters(cls) -> dict[str, param.Parameter[Any]]:
        """The strategy's own parameters by name, as declared."""
        own = cls.param.objects("existing")
        names = [name for name, p in own.items() if name != "name" and (p.precedence is None or p.precedence >= 0)]
        order = [n for c in reversed(cls.__mro__) for n in vars(c) if n in names]
        return {name: own[name] for name in dict.fromkeys(order)}

    @classmethod
    def with_parameters(cls, values: Mapping[str, Any]) -> Self:
        """An instance with these values; text is read as the parameter's type.

        Raises:
            UnknownName: no such parameter.
            UsageError: out of bounds, or of another type.
        """
        known = cls.parameters()
        given = {}
        for name, value in values.items():
            if name == "only_in" and isinstance(value, str):
                given[name] = value
                continue
            if name not in known:
                raise _unknown(cls, name)
            given[name] = _value(known[name], name, value)
        with guarded(cls, "__init__"):
            return cls(**given)

    def values(self) -> dict[str, Any]:
        """The values of all parameters; `only_in` where it is set."""
        found = {name: getattr(self, name) for name in type(self).parameters()}
        return {**found, "only_in": self.only_in} if self.only_in else found

    @classmethod
    def source_hash(cls) -> str:
        """sha256 of the file that defines the strategy; of its name where there is no file."""
        try:
            return hashlib.sha256(Path(inspect.getsourcefile(cls) or "").read_bytes()).hexdigest()
        except (OSError, TypeError):
            return hashlib.sha256(f"{cls.__module__}.{cls.__qualname__}".encode()).hexdigest()


def orders_of(strategy: Strategy, candles: Candles, first: int = 0) -> Orders:
    """The checked orders of a strategy for these candles; it gets a read-only copy of them.

    Raises:
        UsageError: the strategy raised something, or its orders contradict themselves; it names the file and line.
    """
    with guarded(strategy, "orders"):
        orders = strategy.orders(candles.sealed())
    if not isinstance(orders, Orders):
        raise UsageError(f"strategy {_name(strategy)!r} returned {type(orders).__name__}; orders() must return Orders")
    made = orders.aligned(candles, first)
    return only_in(strategy.only_in, made, candles) if strategy.only_in else made


@contextlib.contextmanager
def guarded(strategy: Strategy | type[Strategy], method: str) -> Iterator[None]:
    """Run a block that calls a method of a strategy; what it prints is not the command's output.

    Raises:
        UsageError: it raised something, whatever that was; the message names the file and line.
    """
    try:
        with foreign():
            yield
    except CqsError:
        raise
    except Exception as error:
        class_ = strategy if isinstance(strategy, type) else type(strategy)
        fact = f"{fact_of(error)}{_place(class_, error.__cause__ if isinstance(error, Escaped) else error)}"
        read_only = isinstance(error, ValueError) and "read-only" in str(error)
        remedy = f"fix its {method}()"
        if read_only:
            remedy = "candles are read-only; change a copy, such as candles.close.copy()"
        raise UsageError(f"strategy {_name(strategy)!r} failed: {fact}; {remedy}") from error


def _place(class_: type[Strategy], error: BaseException | None) -> str:
    """Where a strategy failed: its own last line, even if a library raised the error."""
    frames = traceback.extract_tb(error.__traceback__) if error else []
    modules = (sys.modules.get(c.__module__) for c in class_.__mro__)
    own = {getattr(module, "__file__", None) for module in modules} - {__file__, param.parameterized.__file__}
    mine = (frame for frame in reversed(frames) if frame.filename in own or not _is_library(frame.filename))
    at = next(mine, frames[-1] if frames else None)
    return f" ({Path(at.filename).name}, line {at.lineno})" if at else ""


def _is_library(filename: str) -> bool:
    standard, parts = Path(sysconfig.get_path("stdlib")), Path(filename).parts
    ours = not {"cqs_core", "cqs_backtest", "site-packages"}.isdisjoint(parts)
    compiled = filename.startswith("<frozen") or filename.endswith((".pyx", ".pxi"))
    return ours or compiled or Path(filename).is_relative_to(standard)


def _name(strategy: Strategy | type[Strategy]) -> str:
    class_ = strategy if isinstance(strategy, type) else type(strategy)
    return class_.id or class_.__name__


def _unknown(strategy: type[Strategy], name: str) -> UnknownName:
    known = strategy.parameters()
    return UnknownName(
        f"parameter of {strategy.id or strategy.__name__}", name, known, "" if known else "it takes none"
    )


def _value(parameter: param.Parameter[Any], name: str, value: Any) -> Any:
    value = _read(parameter, name, value) if isinstance(value, str) else value
    try:
        type(parameter)._validate(parameter, value)  # type: ignore[no-untyped-call]  # noqa: SLF001 - param has no public one
    except (ValueError, TypeError):
        raise UsageError(f"parameter {name!r} is {value!r}; it must be {describe(parameter)}") from None
    return value


def _read(parameter: param.Parameter[Any], name: str, text: str) -> Any:
    if text.lower() == "none" and parameter.allow_None:
        return None
    try:
        if isinstance(parameter, param.Boolean):
            return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[text.lower()]
        if isinstance(parameter, param.Integer):
            return int(text)
        if isinstance(parameter, param.Number):
            return float(text)
        if isinstance(parameter, param.Selector):
            return next(o for o in parameter.objects if str(o) == text)
    except (ValueError, KeyError, StopIteration):
        raise UsageError(f"parameter {name!r} is {text!r}; it must be {describe(parameter)}") from None
    return text


def describe(parameter: param.Parameter[Any]) -> str:
    """The values that a parameter takes, in words.

    >>> describe(param.Integer(5, bounds=(3, 20)))
    'a whole number from 3 to 20'
    """
    if isinstance(parameter, param.Boolean):
        return "true or false"
    if isinstance(parameter, param.Selector):
        return "one of " + ", ".join(str(o) for o in parameter.objects)
    if isinstance(parameter, param.Number):
        kind = "a whole number" if isinstance(parameter, param.Integer) else "a number"
        low, high = parameter.bounds or (None, None)
        text = kind + (f" from {low}" if low is not None else "") + (f" to {high}" if high is not None else "")
        return text + (", or none" if parameter.allow_None else "")
    return "text" if isinstance(parameter, param.String) else f"a {type(parameter).__name__}"
