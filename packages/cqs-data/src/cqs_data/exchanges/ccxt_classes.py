"""One exchange of ccxt without its hundred others, which `import ccxt` loads: 60 MB, and a second of processor time.

Three packages of ccxt stand in `sys.modules` before their `__init__` has run. They have the exchanges that were
imported; whatever else is asked of them runs that `__init__`. So other code that imports ccxt finds all of it.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
import threading
from types import ModuleType
from typing import TYPE_CHECKING, Any

from cqs_data.exchanges.ccxt_ids import ccxt_ids

if TYPE_CHECKING:
    from ccxt.async_support import Exchange

_loading = threading.RLock()


class _Package(ModuleType):
    """A package of ccxt as far as it was needed."""

    def __setattr__(self, name: str, value: Any) -> None:
        """Where ccxt has the class of an exchange, the import system would store its module."""
        is_exchange = isinstance(value, ModuleType) and name in ccxt_ids()
        super().__setattr__(name, getattr(value, name, value) if is_exchange else value)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name not in ("__all__", "__version__"):
            raise AttributeError(name)
        if name in ccxt_ids():
            with contextlib.suppress(ModuleNotFoundError):
                return getattr(importlib.import_module(f"{self.__name__}.{name}"), name)
        if self.__name__ == "ccxt" and (found := _of_base(name)):
            return found
        return getattr(_complete(self), name)

    def __dir__(self) -> list[str]:
        return dir(_complete(self))


def exchange_class(name: str, *, live: bool = False) -> type[Exchange]:
    """The asynchronous class of an exchange; the one with websockets if `live`."""
    _prepare()
    found: type[Exchange] = getattr(importlib.import_module("ccxt.pro" if live else "ccxt.async_support"), name)
    return found


def ccxt_errors() -> Any:
    """The module of ccxt's errors."""
    _prepare()
    return importlib.import_module("ccxt.base.errors")


def _prepare() -> None:
    """Put the packages where imports look for them, unless ccxt was imported already."""
    with _loading:
        if "ccxt" not in sys.modules:
            whole = _package("ccxt")
            for part in ("async_support", "pro"):
                setattr(whole, part, _package(f"ccxt.{part}"))


def _package(name: str) -> ModuleType:
    found = importlib.util.find_spec(name)
    if found is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    package = importlib.util.module_from_spec(found)
    package.__class__ = _Package
    sys.modules[name] = package
    return package


def _of_base(name: str) -> Any:
    """What the exchanges import from `ccxt` itself: its errors, and the class that they have in common."""
    if name == "Exchange":
        return importlib.import_module("ccxt.base.exchange").Exchange
    return getattr(importlib.import_module("ccxt.base.errors"), name, None)


def _complete(package: ModuleType) -> ModuleType:
    """The package after its own `__init__` has run."""
    with _loading:
        if isinstance(package, _Package) and package.__spec__ is not None and package.__spec__.loader is not None:
            package.__class__ = ModuleType  # type: ignore[assignment]
            package.__spec__.loader.exec_module(package)
    return package
