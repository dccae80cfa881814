"""Imports a strategy file and the modules next to it, and finds which files they are.

A strategy may import modules next to it. They are found in its own folder, never in the working folder, and under
unique names, so that two strategies may each have a `helper.py`.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
import itertools
import re
import sys
import sysconfig
from collections import deque
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from cqs_backtest.loading.excerpt import Excerpt, folder_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import CodeType

_PREFIX = "cqs_rule_"
_MOST_FILES = 200
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Files:
    """The files of a strategy.

    Attributes:
        entry: path of the file that defines it, below their folder.
        data: bytes by path, the strategy's own file first.
        folder: where they are.
        excerpt: whether the strategy's file was assembled from parts of a notebook or a script.
        missing: names that the strategy uses and that are not in these files, one text each.
    """

    entry: str
    data: Mapping[str, bytes]
    folder: Path
    excerpt: bool = False
    missing: tuple[str, ...] = ()


def import_file(folder: Path, path: str) -> ModuleType:
    """Import one file below a folder; what it imports is looked for in that folder first.

    Args:
        folder: absolute.
        path: `my_strategy.py`, or `strategies/my_strategy.py`.
    """
    package = ModuleType(f"{_PREFIX}{next(_numbers)}", "The modules of one strategy.")
    package.__path__ = [str(folder)]
    sys.modules[package.__name__] = package
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
    *parents, stem = Path(path).with_suffix("").parts
    for depth in range(len(parents)):
        importlib.import_module(".".join((package.__name__, *parents[: depth + 1])))
    name = ".".join((package.__name__, *parents, stem.replace(".", "_")))
    spec = spec_from_file_location(name, folder / path, loader=_AsItIs(name, str(folder / path)))
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = module_from_spec(spec)  # inspect finds a class's source by its module
    spec.loader.exec_module(module)
    return module


def files_of(class_: type) -> Files | None:
    """A class's file and the modules next to it that it imports, directly or not; None without a file."""
    try:
        file = Path(inspect.getsourcefile(class_) or "").resolve()
        data = file.read_bytes()
    except (OSError, TypeError):
        return None
    folder = _folder(class_, file)
    path = file.relative_to(folder)
    only = path.parts[0].removesuffix(".py") if _installed(folder) else None
    return _with_siblings(Files(path.as_posix(), {path.as_posix(): data}, folder), only)


def code_of(class_: type) -> Files:
    """The files to keep of a class: its file and modules next to it, or an excerpt if that file must not be run.

    That is a notebook, a REPL, a script (it may do anything), or a class that is made inside a function.
    """
    module = sys.modules.get(class_.__module__)
    if class_.__module__ != "__main__" and getattr(module, class_.__name__, None) is class_:
        files = files_of(class_)
        if files is not None:
            return files
    return _excerpt_of(class_)


def _excerpt_of(class_: type) -> Files:
    folder = folder_of(class_.__module__)
    try:
        found = Excerpt(class_)
    except Exception as error:  # noqa: BLE001 - a run must not be lost because of what its source looks like
        return Files("", {}, folder, excerpt=True, missing=(f"the source cannot be read: {error!r}",))
    if not found.complete:
        return Files("", {}, folder, excerpt=True, missing=tuple(found.missing))
    path = _free_path(folder, class_.__name__)
    near = _with_siblings(Files(path, {path: found.text.encode()}, folder), None)
    return Files(path, near.data, folder, excerpt=True, missing=tuple(found.missing))


def _free_path(folder: Path, name: str) -> str:
    """A file name that no module beside it has."""
    stem = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    while (folder / f"{stem}.py").exists():
        stem += "_"
    return f"{stem}.py"


def _folder(class_: type, file: Path) -> Path:
    """The folder from which the class's module was imported: its package's parent."""
    name = "" if class_.__module__ == "__main__" else class_.__module__
    parts = name.split(".")[1:] if name.startswith(_PREFIX) else name.split(".")
    below = list(file.with_suffix("").parts)
    below = below[:-1] if below[-1] == "__init__" else below
    depth = len(parts) if parts and below[-len(parts) :] == parts else 1
    return file.parents[depth - (file.stem != "__init__")]


def _installed(folder: Path) -> bool:
    """Whether a folder holds installed packages, not the user's own files."""
    own = {Path(path).resolve() for name, path in sysconfig.get_paths().items() if "lib" in name}
    return folder in own or folder.name in ("site-packages", "dist-packages")


def _with_siblings(start: Files, only: str | None) -> Files:
    """All files that are reached by imports inside the folder; `only` limits them to one package."""
    found, waiting = dict(start.data), deque(start.data)
    while waiting and len(found) < _MOST_FILES:
        path = waiting.popleft()
        for name in _imported(path, found[path]):
            if only is not None and name.split(".")[0] != only:
                continue
            for near in _paths(start.folder, name):
                if near not in found:
                    found[near] = (start.folder / near).read_bytes()
                    waiting.append(near)
    return Files(start.entry, found, start.folder)


def _imported(path: str, data: bytes) -> Iterator[str]:
    """Dotted names that a file may import, from its folder's point of view."""
    try:
        tree = ast.parse(data)
    except (SyntaxError, ValueError, RecursionError):
        return
    here = list(Path(path).with_suffix("").parts)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" if module else alias.name for alias in node.names)


def _paths(folder: Path, name: str) -> Iterator[str]:
    """Files of a dotted name and of the packages above it."""
    parts = name.split(".")
    for depth in range(1, len(parts) + 1):
        stem = "/".join(parts[:depth])
        for path in (f"{stem}/__init__.py", f"{stem}.py"):
            if (folder / path).is_file():
                yield path


class _AsItIs(SourceFileLoader):
    """Compiles the file each time: cached bytecode would hide an edit of the same second and size."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)

    def exec_module(self, module: ModuleType) -> None:
        package = sys.modules[module.__name__.partition(".")[0]]
        # functions keep these builtins, so an import inside orders() finds these modules too
        vars(module)["__builtins__"] = {**vars(builtins), "__import__": _importing(package)}
        super().exec_module(module)


class _Finder:
    """Finds the modules of strategies by their private names."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if not name.startswith(_PREFIX) or path is None:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _AsItIs(name, spec.loader.path)
        return spec


def _importing(package: ModuleType) -> Any:
    """`__import__` of one strategy's modules: those next to it first."""
    folder = Path(package.__path__[0])

    def import_(
        name: str,
        globals_: Mapping[str, Any] | None = None,
        locals_: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] = (),
        level: int = 0,
    ) -> ModuleType:
        head = name.partition(".")[0]
        if level or not any(True for _ in _paths(folder, head)):
            return builtins.__import__(name, globals_, locals_, fromlist, level)
        found = builtins.__import__(f"{package.__name__}.{name}", globals_, locals_, fromlist, 0)
        return found if fromlist else sys.modules[f"{package.__name__}.{head}"]

    return import_
