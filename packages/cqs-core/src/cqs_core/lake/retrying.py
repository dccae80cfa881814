"""List, open; an object gone missing in between means listing again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from cqs_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqs_core.lake.object_names import Series

_T = TypeVar("_T")
_TRIES = 20
_SURE = 4  # listings that miss the same object: of one, compaction may have made a picture that never was


class Missing(FileNotFoundError):  # noqa: N818 - reads as what it is
    """An object that was stored is not there; the message names it."""


def retrying(series: Series | str, attempt: Callable[[], _T]) -> _T:
    """`attempt()` until no object vanished under it: compaction replaces objects while others read.

    Raises:
        DataError: objects kept vanishing, or one is missing.
    """
    for n in range(_TRIES):
        try:
            return attempt()
        except Missing as error:
            if n + 1 >= _SURE:
                raise DataError(str(error)) from None
            time.sleep(0.01 * n)
        except FileNotFoundError:
            time.sleep(0.01 * n)
    raise DataError(f"objects of {series} vanish while they are read; is something deleting the bucket?")
