"""Arrays that stay read-only: numpy lets the owner of a read-only array make it writable again; these do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A copy over immutable bytes, in C order, read-only also through `.base`; itself where it is one already."""
    if is_frozen(array):
        return array
    if array.size == 0 or array.dtype.hasobject:  # no bytes to hold
        array = array.copy()
        array.setflags(write=False)
        return array
    return np.frombuffer(array.tobytes(), dtype=array.dtype).reshape(array.shape)


def is_frozen(array: npt.NDArray[Any]) -> bool:
    """Whether an array's memory belongs to immutable bytes."""
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    return isinstance(base, bytes)
