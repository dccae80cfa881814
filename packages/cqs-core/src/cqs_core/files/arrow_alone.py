"""Arrow without pandas: 45 MB and a third of a second that a service without any pandas object need not spend.

At its first conversion pyarrow imports pandas, to recognize what is of pandas. Told that there is none, it does not ask
again; so once something does import pandas, it has to be told.
"""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec


class _Pandas:
    """Finds pandas for all but pyarrow's first question."""

    hidden = True

    def find_spec(self, name: str, *_: Any) -> ModuleSpec | None:
        """As importlib asks finders."""
        if name != "pandas":
            return None
        if self.hidden:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        sys.meta_path.remove(self)
        found = importlib.util.find_spec(name)
        return _told(found) if found and found.loader else found


def _told(found: ModuleSpec) -> ModuleSpec:
    """The same, but pyarrow hears of pandas once that is imported."""
    run: Any = found.loader.exec_module  # type: ignore[union-attr]

    def exec_module(module: Any) -> None:
        import pyarrow as pa

        run(module)
        pa.nulls(0).to_pandas()  # needs pandas, so pyarrow looks for it again

    found.loader.exec_module = exec_module  # type: ignore[union-attr, method-assign]
    return found


def without_pandas() -> None:
    """From now on pyarrow converts without importing pandas, until something else imports that.

    To be called before a thread could import pandas.
    """
    if "pandas" in sys.modules:
        return
    import pyarrow as pa

    finder = _Pandas()
    sys.meta_path.insert(0, finder)
    pa.array([0])
    finder.hidden = False
