"""List, open; an object gone missing in between means listing again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from cqs_core.errors import DataError

if TYPE_CHECKING:
    from cqs_core.lake.names import Series

_T = TypeVar("_T")
_TRIES = 20


def retrying(series: Series | str, attempt: Callable[[], _T]) -> _T:
    """`attempt()` until no object vanished under it: compaction replaces objects while others read.

    Raises:
        DataError: objects kept vanishing.
    """
    for n in range(_TRIES):
        try:
            return attempt()
        except FileNotFoundError:
            time.sleep(0.01 * n)
    raise DataError(f"objects of {series} vanish while they are read; is something deleting the bucket?")
