"""Arrays inside pickles: how many raw bytes joblib wrote after a wrapper, and small arrays as lists."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from cqs_monitor.models.pickles.dtypes import as_bytes, numpy_dtype
from cqs_monitor.models.pickles.values import Import, Made, Pairs, RawArray, walk

if TYPE_CHECKING:
    import numpy as np

    from cqs_monitor.models.pickles.opcodes import Source

_READ = 1 << 16
_WRAPPER = Import("joblib.numpy_pickle", "NumpyArrayWrapper")
_KEYS = {"subclass", "shape", "order", "dtype", "allow_mmap"}
_ALIGNMENT = "numpy_array_alignment_bytes"
_SUBCLASSES_TEXT = """
numpy.ndarray numpy.matrix numpy.matrixlib.defmatrix.matrix numpy.memmap numpy.core.memmap.memmap
numpy._core.memmap.memmap
"""
_SUBCLASSES = frozenset(_SUBCLASSES_TEXT.split())


class ArrayLayout(NamedTuple):
    """The layout of an array in the file; `aligned` if a byte gives the number of padding bytes before it."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    aligned: bool

    @property
    def bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


def is_wrapper(value: Any) -> bool:
    """Whether joblib would read an array from the file here."""
    return isinstance(value, Made) and value.kind == _WRAPPER


def hides_wrapper(value: Any) -> bool:
    """Whether joblib may read an array here, though no writer says so in this way."""
    if not isinstance(value, Made) or is_wrapper(value):
        return False
    parts = walk((value.what, value.arguments), depth=7, most=500)
    return any(isinstance(part, Import) and part.name.endswith("ArrayWrapper") for part in parts)


def wrapped_layout(wrapper: Made) -> ArrayLayout | None:
    """The layout that a wrapper announces, None where joblib would not write it so."""
    state = wrapper.state.literal() if isinstance(wrapper.state, Pairs) else None
    if state is None or state.keys() not in (_KEYS, _KEYS | {_ALIGNMENT}) or wrapper.state.born < wrapper.born:
        return None
    alignment, shape, dtype = state.get(_ALIGNMENT), state["shape"], numpy_dtype(state["dtype"])
    known = (
        str(state["subclass"]) in _SUBCLASSES
        and isinstance(state["subclass"], Import)
        and state["order"] in ("C", "F")
        and type(state["allow_mmap"]) is bool
        and (alignment is None or (type(alignment) is int and alignment == 16))
    )
    if not known or dtype is None or not is_shape(shape) or (dtype.hasobject and state["allow_mmap"]):
        return None
    return ArrayLayout(shape, dtype, alignment is not None)


def raw_array(data: Source, at: int, layout: ArrayLayout) -> tuple[RawArray, int] | None:
    """The array at a position, and where the next opcode begins; None if it is not padded as joblib does."""
    start = at
    if layout.aligned and at < len(data):
        start = at + 1 + data[at]
        if not 1 <= data[at] <= 16 or data[at + 1 : start].strip(b"\xff"):
            return None
    end = start + layout.bytes
    small = bytes(data[start:end]) if layout.bytes <= _READ else None
    return RawArray(layout.shape, layout.dtype.str, small), end


def is_shape(value: Any) -> bool:
    return type(value) is tuple and len(value) <= 64 and all(type(n) is int and n >= 0 for n in value)


def elements(value: Any) -> list[Any] | None:
    """A list, tuple or small one-dimensional array as a list; None for anything else."""
    if isinstance(value, (list, tuple)):
        return [_scalar(one) for one in value]
    if isinstance(value, RawArray):
        return _decoded(value.dtype, value.data)
    if isinstance(value, Made) and value.is_a("numpy.core.multiarray", "_reconstruct"):
        return _reconstructed(value.state)
    if isinstance(value, Made) and value.is_a("numpy.core.numeric", "_frombuffer") and len(value.arguments) == 4:
        return _of(value.arguments[1], value.arguments[0])
    return None


def _scalar(value: Any) -> Any:
    """Numpy's own numbers and texts as Python's."""
    if not (isinstance(value, Made) and value.is_a("numpy.core.multiarray", "scalar") and len(value.arguments) == 2):
        return value
    decoded = _of(*value.arguments)
    return decoded[0] if decoded else value


def _reconstructed(state: Any) -> list[Any] | None:
    if not (isinstance(state, tuple) and len(state) == 5):
        return None
    dtype = numpy_dtype(state[2])
    # version, shape, dtype, order, data: an array of objects has them as a list of pickled values, others as bytes
    if dtype is not None and dtype.hasobject:
        return list(state[4]) if isinstance(state[4], list) else None
    return _of(state[2], state[4])


def _of(dtype: Any, data: Any) -> list[Any] | None:
    known = numpy_dtype(dtype)
    return None if known is None else _decoded(known.str, as_bytes(data))


def _decoded(code: str, data: bytes | None) -> list[Any] | None:
    import numpy as np

    if data is None or code.lstrip("<>|=")[:1] not in tuple("UiufbS"):
        return None
    try:
        return list(np.frombuffer(data, dtype=code).tolist())
    except (ValueError, TypeError):
        return None


def pairs_as_text(value: Any) -> dict[str, Any]:
    """The entries of a dict that are plain numbers and texts; arrays and objects are left out."""
    if not isinstance(value, Pairs):
        return {}
    plain = (str, int, float, bool, type(None))
    return {key: item for key, item in value.items if isinstance(key, str) and isinstance(item, plain)}
