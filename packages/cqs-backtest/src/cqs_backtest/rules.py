"""Finding a strategy by name, by class, by instance, or in a file of one's own."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cqs_core import Strategy, UnknownName, UsageError, plugins

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import CodeType

_PREFIX = "cqs_rule_"


class _AsItIs(SourceFileLoader):
    """Compiles the file each time: bytecode kept beside it is taken for an edit of the same second and size."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


def find(strategy: str | type[Strategy] | Strategy, params: Mapping[str, Any] | None = None) -> Strategy:
    """An instance with these parameters; those of a given instance stay where `params` is silent.

    Args:
        strategy: a registered name, `./my_rule.py:MyRule`, a class, or an instance.
        params: values by name; text is read as the parameter's type.

    Raises:
        UnknownName: no such strategy or parameter.
        UsageError: a value out of bounds, a file that cannot be used, or something that is no strategy.
    """
    values = dict(params or {})
    if isinstance(strategy, Strategy):
        return type(strategy).with_parameters(strategy.values() | values)
    rule = _class(strategy) if isinstance(strategy, str) else strategy
    if not (isinstance(rule, type) and issubclass(rule, Strategy)):
        raise UsageError(f"{strategy!r} is no strategy; give a name, a subclass of cqs_core.Strategy, or an instance")
    return rule.with_parameters(values)


def name_of(strategy: Strategy) -> str:
    """Its id; the class's name where it has none."""
    return type(strategy).id or type(strategy).__name__


def reference_of(strategy: Strategy) -> str:
    """How `find` finds its class again: its registered name, or file and class."""
    class_ = type(strategy)
    if plugins().strategies().get(class_.id) is class_:
        return class_.id
    try:
        return f"{inspect.getsourcefile(class_)}:{class_.__name__}"
    except TypeError:
        return class_.__name__


def _class(name: str) -> Any:
    path, colon, class_ = name.rpartition(":")
    if colon and path.endswith(".py"):
        return _from_file(Path(path), class_)
    return plugins().strategy(name)


def _from_file(path: Path, name: str) -> Any:
    if not path.is_file():
        raise UsageError(f"there is no file {str(path)!r}; name a rule as ./my_rule.py:MyRule")
    module_name = _PREFIX + path.stem
    where = str(path.resolve())
    spec = importlib.util.spec_from_file_location(module_name, where, loader=_AsItIs(module_name, where))
    if spec is None or spec.loader is None:
        raise UsageError(f"{str(path)!r} cannot be imported; give a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module  # inspect finds a class's source by its module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise UsageError(f"{str(path)!r} fails at import: {type(error).__name__}: {error}") from error
    rules = {n: v for n, v in vars(module).items() if _is_rule(v, module_name)}
    if name not in rules:
        raise UnknownName(f"strategy of {path.name}", name, rules, remedy="it defines no subclass of Strategy")
    return rules[name]


def _is_rule(value: object, module: str) -> bool:
    return isinstance(value, type) and issubclass(value, Strategy) and value.__module__ == module
