"""Finding a strategy by name, by class, by instance, or in a file of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cqs_backtest.loading.modules import code_of, import_file
from cqs_core import Strategy, UnknownName, UsageError, plugins
from cqs_core.isolation import fact_of, foreign

if TYPE_CHECKING:
    from collections.abc import Mapping


def find(strategy: str | type[Strategy] | Strategy, params: Mapping[str, Any] | None = None) -> Strategy:
    """An instance with these parameters; those of a given instance stay where `params` is silent.

    Args:
        strategy: a registered name, `./my_rule.py:MyRule`, a class, or an instance.
        params: values by name; text is read as the parameter's type.

    Raises:
        UnknownName: no such strategy or parameter.
        UsageError: a value out of bounds, a file that cannot be used, or something that is not a strategy.
    """
    values = dict(params or {})
    if isinstance(strategy, Strategy):
        return type(strategy).with_parameters(strategy.values() | values)
    kind = _class(strategy) if isinstance(strategy, str) else strategy
    if not (isinstance(kind, type) and issubclass(kind, Strategy)):
        raise UsageError(
            f"{strategy!r} is not a strategy; give a name, a subclass of cqs_core.Strategy, or an instance"
        )
    return kind.with_parameters(values)


def name_of(strategy: Strategy) -> str:
    """Its id; the class's name where it has none."""
    return type(strategy).id or type(strategy).__name__


def is_installed(strategy: Strategy) -> bool:
    """Whether a plugin brings it; else its file belongs to the user."""
    class_ = type(strategy)
    return plugins().strategies().get(class_.id) is class_


def reference_of(strategy: Strategy) -> str:
    """How its class is found again: its registered name, or its file, below the folder of its modules, and class."""
    class_ = type(strategy)
    if is_installed(strategy):
        return class_.id
    entry = code_of(class_).entry
    return f"{entry}:{class_.__name__}" if entry else class_.__name__


def _class(name: str) -> Any:
    path, colon, class_ = name.rpartition(":")
    if colon and path.endswith(".py"):
        if not Path(path).is_file():
            raise UsageError(f"there is no file {path!r}; name a strategy as ./my_rule.py:MyRule")
        where = Path(path).resolve()
        return from_file(where.parent, where.name, class_)
    return plugins().strategy(name)


def from_file(folder: Path, path: str, name: str) -> type[Strategy]:
    """A strategy of a file; it may import the modules next to it.

    Args:
        folder: of the file and the modules next to it.
        path: of the file, below the folder.
        name: of the class.

    Raises:
        UsageError: the file cannot be imported.
        UnknownName: it defines no such strategy.
    """
    try:
        with foreign():
            module = import_file(folder, path)
    except Exception as error:
        raise UsageError(f"{path!r} fails at import: {fact_of(error)}") from error
    classes: dict[str, type[Strategy]] = {n: v for n, v in vars(module).items() if _is_strategy(v, module.__name__)}
    if name not in classes:
        raise UnknownName(f"strategy of {Path(path).name}", name, classes, remedy="it defines no subclass of Strategy")
    return classes[name]


def _is_strategy(value: object, module: str) -> bool:
    return isinstance(value, type) and issubclass(value, Strategy) and value.__module__ == module
