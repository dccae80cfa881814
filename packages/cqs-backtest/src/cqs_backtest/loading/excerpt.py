"""The source of a strategy that was written in a notebook, a REPL or a script: the class, and what it calls.

A script is never stored to be run again as a whole: it might download, trade, or keep another run. What is taken is
the text of the class and of the functions and classes that it uses, with the imports and constants that these need.
"""

from __future__ import annotations
import __future__

import ast
import inspect
import linecache
import re
import symtable
import sys
import sysconfig
import textwrap
from pathlib import Path
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from cqs_backtest.loading.literals import literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import CodeType

_ANNOTATIONS = __future__.annotations.compiler_flag


class Excerpt:
    """The parts that are needed to define a class again.

    Attributes:
        missing: what it uses that cannot be written down, one text each.
    """

    def __init__(self, class_: type) -> None:
        self.missing: list[str] = []
        self._module = class_.__module__
        self._imports: dict[str, str] = {}
        self._constants: dict[str, str] = {}
        self._parts: dict[int, str] = {}
        self._aliases: dict[str, str] = {}
        self._seen: set[str] = set()
        self._postponed = False
        self.complete = self._define(class_)

    @property
    def text(self) -> str:
        """A module that defines the class."""
        future = ["from __future__ import annotations"] if self._postponed else []
        head = [*future, *self._imports.values(), *self._constants.values()]
        return "\n".join(head) + "\n\n\n" + "\n\n\n".join([*self._parts.values(), *self._aliases.values()]) + "\n"

    def _define(self, item: Any) -> bool:
        """Add a class or function and all that it uses; False where its source cannot be read."""
        if id(item) in self._parts:
            return True
        found = source_of(item)
        if found is None:
            self.missing.append(f"the source of {item.__name__} cannot be read")
            return False
        self._parts[id(item)] = ""  # it may use itself
        known = _names_around(item)
        self._postponed |= any(code.co_flags & _ANNOTATIONS for code in _codes(item))
        for name in sorted(free_names(found)):
            if name in known:
                self._add(name, known[name])
        del self._parts[id(item)]  # what it uses comes first
        self._parts[id(item)] = found
        return True

    def _add(self, name: str, value: Any) -> None:
        if name in self._seen:
            return
        self._seen.add(name)
        if isinstance(value, ModuleType):
            self._import_module(name, value)
        elif self._is_own(value):
            own = unwrapped(value)
            if self._define(own) and (named := _defined(self._parts[id(own)])) != name:
                self._aliases[name] = f"{name} = {named}"
        elif (text := literal(value)) is not None:
            self._constants[name] = f"{name} = {text}"
            self._imports |= {known: f"import {known}" for known in _used_modules(text)}
        elif (module := _home_of(name, value)) is not None:
            self._import_from(name, value, module)
        else:
            self.missing.append(f"{name} ({type(value).__name__}) cannot be written down as text")

    def _is_own(self, value: Any) -> bool:
        """Whether a class or function was written beside the class itself."""
        own = unwrapped(value)
        return isinstance(own, type | FunctionType) and own.__module__ in (self._module, "__main__")

    def _import_module(self, name: str, module: ModuleType) -> None:
        path = module.__name__
        self._imports[name] = f"import {path}" if path == name else f"import {path} as {name}"
        self._check_origin(module)

    def _import_from(self, name: str, value: Any, module: str) -> None:
        first = name if getattr(sys.modules[module], name, None) is value else value.__name__
        self._imports[name] = f"from {module} import {first}" + ("" if first == name else f" as {name}")
        self._check_origin(sys.modules[module])

    def _check_origin(self, module: ModuleType) -> None:
        """A module of the user's own that lies elsewhere is not kept with the run."""
        file = getattr(module, "__file__", None)
        if file is None or _is_library(Path(file)) or Path(file).resolve().is_relative_to(folder_of(self._module)):
            return
        text = f"module {module.__name__} is not kept: it lies outside the folder of the strategy"
        if text not in self.missing:
            self.missing.append(text)


def folder_of(module: str) -> Path:
    """Where modules beside a class are found: the script's folder, or the working folder."""
    file = getattr(sys.modules.get(module), "__file__", None)
    return Path(file).resolve().parent if file else Path.cwd().resolve()


def source_of(item: Any) -> str | None:
    """The text of the statement that defines a class or function; None where it cannot be read.

    The lines are those of the file, or of the notebook's cell, from which its code was compiled.
    """
    for code in _codes(item):
        lines = linecache.getlines(code.co_filename)
        statement = _statement("".join(lines), item.__name__, code.co_firstlineno)
        if statement is not None:
            return statement
    return _without_functions(item) if isinstance(item, type) and not _codes(item) else None


def free_names(source: str) -> set[str]:
    """Names that a statement takes from the module around it."""
    return set(_free(symtable.symtable(source, "<strategy>", "exec")))


def _used_modules(text: str) -> Iterator[str]:
    return (name for name in ("datetime", "numpy") if re.search(rf"\b{name}\.", text))


def unwrapped(value: Any) -> Any:
    """The function that a decorator (functools, numba) was put around."""
    inner = getattr(value, "py_func", value)
    return inspect.unwrap(inner) if callable(inner) and not isinstance(inner, type) else inner


def _codes(item: Any) -> list[CodeType]:
    """The code of a function, or of the functions that a class defines itself."""
    if isinstance(item, FunctionType):
        return [item.__code__]
    members = (getattr(member, "__func__", getattr(member, "fget", member)) for member in vars(item).values())
    return [inner.__code__ for inner in map(unwrapped, members) if _is_of(inner, item)]


def _is_of(member: Any, class_: type) -> bool:
    """Whether a class's statement has this function in it, and not only its name."""
    return isinstance(member, FunctionType) and member.__qualname__.startswith(f"{class_.__qualname__}.")


def _names_around(item: Any) -> Mapping[str, Any]:
    """Values by name as the code sees them: the module's, and those of functions around it."""
    known = dict(vars(sys.modules[item.__module__])) if item.__module__ in sys.modules else {}
    functions = [item] if isinstance(item, FunctionType) else [unwrapped(m) for m in vars(item).values()]
    for function in functions:
        if not isinstance(function, FunctionType):
            continue
        known |= function.__globals__
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
            try:
                known[name] = cell.cell_contents
            except ValueError:
                continue  # not yet bound
    return known


def _statement(text: str, name: str, line: int) -> str | None:
    """The innermost class, function or assignment of that name around a line, its decorators included."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return None
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    found = [node for node in ast.walk(tree) if isinstance(node, kinds) and node.name == name and _covers(node, line)]
    if name == "<lambda>":
        found = [node for node in ast.walk(tree) if isinstance(node, ast.Assign) and _covers(node, line)]  # type: ignore[misc]
    if not found:
        return None
    node = max(found, key=_first_line)
    lines = text.splitlines()[_first_line(node) - 1 : node.end_lineno]
    return textwrap.dedent("\n".join(lines))


def _covers(node: Any, line: int) -> bool:
    return bool(_first_line(node) <= line <= node.end_lineno)


def _first_line(node: Any) -> int:
    return int(min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))]))


def _without_functions(class_: type) -> str | None:
    """The text of a class that has no function to tell its lines: its last definition in the script or the cells."""
    file = getattr(sys.modules.get(class_.__module__), "__file__", None)
    cells = [name for name, entry in linecache.cache.items() if len(entry) == 4 and entry[1] is None]
    for name in [*([file] if file else []), *reversed(cells)]:
        text = "".join(linecache.getlines(name))
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError):
            continue
        for node in reversed(tree.body):
            if isinstance(node, ast.ClassDef) and node.name == class_.__name__:
                return "\n".join(text.splitlines()[_first_line(node) - 1 : node.end_lineno])
    return None


def _free(table: symtable.SymbolTable) -> Iterator[str]:
    for symbol in table.get_symbols():
        outer = not symbol.is_assigned() if table.get_type() == "module" else symbol.is_global()
        if outer and symbol.is_referenced():
            yield symbol.get_name()
    for child in table.get_children():
        yield from _free(child)


def _home_of(name: str, value: Any) -> str | None:
    """A module from which the value can be imported by its name, or by the name it was given; packages first."""
    module = getattr(value, "__module__", None)
    if isinstance(module, str) and module in sys.modules and module != "__main__":
        names = (name, getattr(value, "__name__", name))
        for key in (module.partition(".")[0], module):
            if key in sys.modules and any(getattr(sys.modules[key], one, None) is value for one in names):
                return key
    modules = [(key, module) for key, module in list(sys.modules.items()) if isinstance(module, ModuleType)]
    homes = [key for key, module in modules if not key.startswith("__") and vars(module).get(name) is value]
    return min(homes, key=lambda key: (key.count("."), len(key)), default=None)


def _defined(source: str) -> str:
    """The name that a statement defines."""
    node: Any = ast.parse(source).body[0]
    return str(node.name if hasattr(node, "name") else node.targets[0].id)


def is_library_module(name: str) -> bool:
    """Whether a module belongs to Python or to an installed package, and not to the user."""
    file = getattr(sys.modules.get(name), "__file__", None)
    if name == "__main__" or file is None:
        return name in sys.builtin_module_names
    return _is_library(Path(file))


def _is_library(file: Path) -> bool:
    paths = sysconfig.get_paths()
    own = {Path(paths[key]).resolve() for key in ("stdlib", "platstdlib", "purelib", "platlib")}
    resolved = file.resolve()
    ours = any(part.startswith("cqs_") for part in resolved.parts)
    return ours or "site-packages" in resolved.parts or any(resolved.is_relative_to(path) for path in own)
