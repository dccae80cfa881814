"""A hash of the code of a class that is the same in every process."""

from __future__ import annotations

import hashlib
from types import CodeType, FunctionType
from typing import Any


def code_digest(class_: type) -> str:
    """sha256 of the functions of a class, of its bases, and of functions beside them that they call.

    Comments, line numbers and file names do not count. Versions of Python have different bytecode.

    >>> __name__ = "mine"  # of the module: what core brings does not count
    >>> class A:
    ...     def f(self): return 1
    >>> class B:
    ...     def f(self): return 2
    >>> code_digest(A) == code_digest(A) != code_digest(B)
    True
    """
    digest = hashlib.sha256()
    seen: set[CodeType] = set()
    for one in class_.__mro__:
        if one.__module__.partition(".")[0] in ("builtins", "param", "cqs_core"):
            continue
        for name in sorted(vars(one)):
            member: Any = vars(one)[name]
            function = getattr(member, "__func__", getattr(member, "fget", member))
            if isinstance(function, FunctionType):
                digest.update(f"{name}\0".encode())
                _add(function, digest, seen)
    return digest.hexdigest()


def _add(function: FunctionType, digest: Any, seen: set[CodeType]) -> None:
    code = function.__code__
    if code in seen:
        return
    seen.add(code)
    digest.update(_text(code).encode())
    for name in _names(code):
        other = function.__globals__.get(name)
        if isinstance(other, FunctionType) and other.__module__ == function.__module__:
            _add(other, digest, seen)


def _names(code: CodeType) -> list[str]:
    inner = [name for constant in code.co_consts if isinstance(constant, CodeType) for name in _names(constant)]
    return [*code.co_names, *inner]


def _text(code: CodeType) -> str:
    """Its bytecode, names and constants; sets in order, since their own differs from process to process."""
    constants = [_text(one) if isinstance(one, CodeType) else _constant(one) for one in code.co_consts]
    return repr((code.co_code.hex(), code.co_names, code.co_varnames, code.co_freevars, constants))


def _constant(value: Any) -> str:
    return repr(sorted(map(repr, value))) if isinstance(value, frozenset) else repr(value)
