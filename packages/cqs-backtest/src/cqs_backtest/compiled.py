"""numba where it is installed; else the same functions in plain Python, 50 to 200 times slower."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])
_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "forceinline": True}

try:
    import numba

    available = True
except ImportError:  # numba is left out on purpose where it has no wheel
    available = False


def compiled(*signature: Any, **options: Any) -> Callable[[Function], Function]:
    """Decorator: compile once and keep the result on disk; without the GIL, floats divided as numpy divides them.

    The disk cache knows only the file of the function: pass constants of other files as arguments.
    """

    def decorate(function: Function) -> Function:
        if not available:
            return function
        return cast("Function", numba.njit(*signature, **_OPTIONS | options)(function))

    return decorate
