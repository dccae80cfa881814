"""Detects what a strategy reads from outside its arguments: then candles alone were checked."""

from __future__ import annotations

import dis
from types import CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_backtest.loading.excerpt import is_library_module, unwrapped
from cqs_core import Candles, Lake

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cqs_core import Strategy

_TABLES = ("pandas", "polars", "pyarrow", "duckdb", "xarray", "dask", "cqs_core", "cqs_data")
_READERS = (
    *("read_csv", "read_parquet", "read_feather", "read_json", "read_excel", "read_sql", "read_sql_query"),
    *("read_sql_table", "read_pickle", "read_hdf", "read_table", "read_text", "read_bytes"),
    *("scan_csv", "scan_parquet", "urlopen", "loadtxt", "genfromtxt", "memmap"),
)
_LONG = 30
"""Items from which an array or a container is data, and no setting."""
_DEEP = 2
_MOST = 200


def outside_data(strategy: Strategy) -> list[str]:
    """Names of what it reads, with their kind; empty for a strategy of an installed package."""
    return list(dict.fromkeys(_Search(strategy).found()))


class _Search:
    def __init__(self, strategy: Strategy) -> None:
        self._strategy = strategy
        self._seen: set[CodeType] = set()

    def found(self) -> Iterator[str]:
        classes = [c for c in type(self._strategy).__mro__ if not is_library_module(c.__module__)]
        for class_ in classes:
            for name, member in vars(class_).items():
                yield from self._of_member(f"{class_.__name__}.{name}", member)
        if classes:
            for name, value in self._strategy.values().items():
                yield from _told(name, value)
            own = {k: v for k, v in vars(self._strategy).items() if not k.startswith("_param")}
            for name, value in own.items():
                yield from _told(f"self.{name}", value)

    def _of_member(self, name: str, member: Any) -> Iterator[str]:
        inner = unwrapped(getattr(member, "__func__", getattr(member, "fget", None) or member))
        if isinstance(inner, FunctionType):
            yield from self._of_function(inner)
        elif hasattr(member, "default"):  # a parameter
            yield from _told(name, member.default)
        else:
            yield from _told(name, member)

    def _of_function(self, function: FunctionType) -> Iterator[str]:
        if function.__code__ in self._seen or len(self._seen) > _MOST:
            return
        self._seen.add(function.__code__)
        names = zip(function.__code__.co_freevars, function.__closure__ or (), strict=False)
        for name, cell in names:
            try:
                yield from self._of_value(name, cell.cell_contents)
            except ValueError:
                continue  # not yet bound
        for value in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
            yield from _told(f"a default of {function.__name__}", value)
        yield from self._of_code(function.__code__, function.__globals__)

    def _of_code(self, code: CodeType, known: dict[str, Any]) -> Iterator[str]:
        for one in dis.get_instructions(code):
            name = one.argval
            if one.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                if name == "open" and name not in known:
                    yield "open()"
                elif name in known:
                    yield from self._of_value(name, known[name])
            elif one.opname in ("LOAD_ATTR", "LOAD_METHOD", "IMPORT_FROM") and name in _READERS:
                yield f"{name}()"
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                yield from self._of_code(constant, known)

    def _of_value(self, name: str, value: Any) -> Iterator[str]:
        inner = unwrapped(value)
        if isinstance(inner, FunctionType):
            if not is_library_module(inner.__module__):
                yield from self._of_function(inner)
            elif inner.__module__.startswith("cqs_data") or name in _READERS:
                yield f"{name}()"
        elif inner is Lake:
            yield "Lake"
        elif not isinstance(inner, type | ModuleType):
            yield from _told(name, inner)


def _told(name: str, value: Any) -> Iterator[str]:
    if _is_data(value, _DEEP):
        yield f"{name} ({type(value).__name__})"


def _is_data(value: Any, depth: int) -> bool:
    if isinstance(value, np.ndarray):
        return bool(value.ndim) and max(value.shape, default=0) >= _LONG
    if isinstance(value, Candles | Lake):
        return True
    if isinstance(value, dict | list | tuple | set):
        inner = list(value.values()) if isinstance(value, dict) else list(value)
        long = len(inner) >= _LONG and isinstance(value, dict | list | tuple)
        return long or (depth > 0 and any(_is_data(one, depth - 1) for one in inner))
    root = type(value).__module__.partition(".")[0]
    return root in _TABLES and any(hasattr(value, mark) for mark in ("columns", "iloc", "to_pandas", "to_arrow"))
