"""Arrays inside pickles: how many raw bytes joblib wrote after a wrapper, and small arrays as lists."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from cqs_monitor.models.pickles.values import Import, Made, Pairs, RawArray, walk

if TYPE_CHECKING:
    from cqs_monitor.models.pickles.opcodes import Source

_CODE = re.compile(r"[<>|=]?([a-zA-Z])(\d*)")
_READ = 1 << 16
_WRAPPER = Import("joblib.numpy_pickle", "NumpyArrayWrapper")


class Layout(NamedTuple):
    """How an array lies in the file: shape, one element's type and bytes; `objects` where they are pickled."""

    shape: tuple[int, ...]
    code: str
    itemsize: int
    objects: bool

    @property
    def bytes(self) -> int:
        return math.prod(self.shape) * self.itemsize


def is_wrapper(value: Any) -> bool:
    """Whether joblib would read an array from the file here."""
    if not isinstance(value, Made):
        return False
    if value.is_a("copyreg", "_reconstructor") or value.is_a("copy_reg", "_reconstructor"):  # protocols 0 and 1
        return bool(value.arguments) and value.arguments[0] == _WRAPPER
    return bool(value.what == _WRAPPER)


def hides_wrapper(value: Any) -> bool:
    """Whether joblib may read an array here, though no writer says so in this way."""
    if not isinstance(value, Made) or is_wrapper(value):
        return False
    parts = walk((value.what, value.arguments), depth=7, most=500)
    return any(isinstance(part, Import) and part.name.endswith("ArrayWrapper") for part in parts)


def wrapped_layout(wrapper: Made) -> Layout | None:
    """The layout that a wrapper announces, None where it cannot be told."""
    shape, dtype = wrapper.attributes.get("shape"), wrapper.attributes.get("dtype")
    return _layout(shape, dtype)


def raw_array(data: Source, at: int, wrapper: Made, layout: Layout) -> tuple[RawArray, int]:
    """The array at a position, and where the next opcode begins."""
    start = at
    if isinstance(wrapper.attributes.get("numpy_array_alignment_bytes"), int) and at < len(data):
        start = at + 1 + data[at]
    end = start + layout.bytes
    small = bytes(data[start:end]) if layout.bytes <= _READ else None
    return RawArray(layout.shape, layout.code, small), end


def elements(value: Any) -> list[Any] | None:
    """A list, tuple or small one-dimensional array as a list; None for anything else."""
    if isinstance(value, (list, tuple)):
        return [_scalar(one) for one in value]
    if isinstance(value, RawArray):
        return _decoded(value.dtype, value.data)
    if isinstance(value, Made) and value.is_a("numpy.core.multiarray", "_reconstruct"):
        return _reconstructed(value.state)
    if isinstance(value, Made) and value.is_a("numpy.core.numeric", "_frombuffer") and len(value.arguments) == 4:
        layout = _layout((1,), value.arguments[1])
        return _decoded(layout.code, _bytes(value.arguments[0])) if layout else None
    return None


def _scalar(value: Any) -> Any:
    """Numpy's own numbers and texts as Python's."""
    if not (isinstance(value, Made) and value.is_a("numpy.core.multiarray", "scalar") and len(value.arguments) == 2):
        return value
    layout = _layout((1,), value.arguments[0])
    decoded = _decoded(layout.code, _bytes(value.arguments[1])) if layout else None
    return decoded[0] if decoded else value


def _bytes(value: Any) -> bytes | None:
    """Bytes, also as protocols before 3 wrote them: text to be encoded."""
    if isinstance(value, Made) and value.is_a("_codecs", "encode") and isinstance(value.arguments[0], str):
        return value.arguments[0].encode("latin-1", "replace")
    return bytes(value) if isinstance(value, (bytes, bytearray)) else None


def _reconstructed(state: Any) -> list[Any] | None:
    if not (isinstance(state, tuple) and len(state) == 5):
        return None
    layout = _layout(state[1], state[2])
    if layout is None:
        return None
    if layout.objects:
        return list(state[4]) if isinstance(state[4], list) else None
    return _decoded(layout.code, _bytes(state[4]))


def _decoded(code: str, data: bytes | None) -> list[Any] | None:
    import numpy as np

    if data is None or code[-1:] == "" or code.lstrip("<>|=")[:1] not in "UiufbS":
        return None
    try:
        return list(np.frombuffer(data, dtype=code).tolist())
    except (ValueError, TypeError):
        return None


def _layout(shape: Any, dtype: Any) -> Layout | None:
    if not (isinstance(shape, tuple) and all(type(n) is int and n >= 0 for n in shape) and isinstance(dtype, Made)):
        return None
    if not dtype.is_a("numpy", "dtype") or not isinstance(dtype.arguments, tuple) or not dtype.arguments:
        return None
    match = _CODE.fullmatch(dtype.arguments[0]) if isinstance(dtype.arguments[0], str) else None
    if match is None:
        return None
    state = dtype.state if isinstance(dtype.state, tuple) and len(dtype.state) >= 8 else None
    return _measured(shape, match[1], int(match[2] or 0), state)


def _measured(shape: tuple[int, ...], letter: str, number: int, state: tuple[Any, ...] | None) -> Layout | None:
    order = state[1] if state and state[1] in ("<", ">") else "<"
    size = number * 4 if letter == "U" else number
    if letter == "V" and state and isinstance(state[5], int) and state[5] > 0:
        size = state[5]
    holds_objects = letter == "O" or bool(state and isinstance(state[7], int) and state[7] & 1)
    named = letter in "biufcmMOSUV"
    return Layout(shape, f"{order}{letter}{number}", size, holds_objects) if named else None


def pairs_as_text(value: Any) -> dict[str, Any]:
    """The entries of a dict that are plain numbers and texts; arrays and objects are left out."""
    if not isinstance(value, Pairs):
        return {}
    plain = (str, int, float, bool, type(None))
    return {key: item for key, item in value.items if isinstance(key, str) and isinstance(item, plain)}
