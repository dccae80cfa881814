"""Arrow without pandas: 45 MB and a third of a second that a service without any pandas object need not spend.

At its first conversion pyarrow imports pandas, to recognize what is of pandas. Told that there is none, it does not ask
again; so once something does import pandas, it has to be told.
"""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING, Any

from cqs_core.isolation import absent

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec


def without_pandas() -> None:
    """From now on pyarrow converts without importing pandas, until something else imports that."""
    if "pandas" in sys.modules:
        return
    import pyarrow as pa

    with absent("pandas"):
        pa.array([0])
    sys.meta_path.insert(0, _Pandas())


class _Pandas:
    """Finds pandas, and tells pyarrow once it is imported."""

    def find_spec(self, name: str, *_: Any) -> ModuleSpec | None:
        """As importlib asks finders."""
        if name != "pandas":
            return None
        sys.meta_path.remove(self)
        found = importlib.util.find_spec(name)
        if found is not None and found.loader is not None:
            _tell_arrow(found.loader)
        return found


def _tell_arrow(loader: Any) -> None:
    run = loader.exec_module

    def exec_module(module: Any) -> None:
        import pyarrow as pa

        run(module)
        pa.nulls(0).to_pandas()  # needs pandas, so pyarrow looks for it again

    loader.exec_module = exec_module
