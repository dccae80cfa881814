"""Dtypes of numpy arrays in pickles: recognized only if numpy itself would write the same bytes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cqs_monitor.models.pickles.values import Import, Made, Pairs

if TYPE_CHECKING:
    import numpy as np

_CODE = re.compile(r"b1|[iu][1248]|f(?:2|4|8|12|16)|c(?:8|16|24|32)|O[48]|[SUV]\d{1,9}|[mM]8")
_RECORD = (Import("numpy", "record"), Import("numpy.rec", "record"))
_DEEPEST = 4


def numpy_dtype(value: Any, depth: int = 0) -> np.dtype[Any] | None:
    """The type that a pickled `numpy.dtype(...)` with its state is; None where numpy would not write it so."""
    if not (isinstance(value, Made) and value.what == Import("numpy", "dtype") and value.builds == 1):
        return None
    code, *flags = value.arguments if isinstance(value.arguments, tuple) and value.arguments else (None,)
    state = value.state
    if flags not in ([False, True], [0, 1]) or not (isinstance(state, tuple) and len(state) in (8, 9)):
        return None
    try:
        made = _made(code, state, depth)
    except (TypeError, ValueError, KeyError, IndexError, OverflowError, MemoryError):
        return None
    return made if made is not None and _same(made, code, state, depth) else None


def as_bytes(value: Any) -> bytes | None:
    """Bytes, also as protocols before 3 write them: text to be encoded."""
    if isinstance(value, Made) and value.is_a("_codecs", "encode"):
        written = value.arguments
        if isinstance(written, tuple) and len(written) == 2 and written[1] == "latin1" and isinstance(written[0], str):
            return written[0].encode("latin-1", "replace")
        return None
    if isinstance(value, Made) and value.arguments == () and value.is_a("__builtin__", "bytes"):
        return b""
    return bytes(value) if isinstance(value, (bytes, bytearray)) else None


def _made(code: Any, state: tuple[Any, ...], depth: int) -> np.dtype[Any] | None:
    import numpy as np

    base = "V" if code in _RECORD else code
    if not isinstance(base, str) or (base != "V" and not _CODE.fullmatch(base)) or depth > _DEEPEST:
        return None
    if state[2] is not None:
        inner, shape = state[2]
        below = numpy_dtype(inner, depth + 1)
        return np.dtype((below, shape)) if below is not None and _is_shape(shape) else None
    if state[3] is not None:
        return _structured(code, state, depth)
    if len(state) == 9:
        name, count, *_ = state[8][1]
        unit = (as_bytes(name) or b"").decode("ascii")
        base = f"{base}[{unit}]" if count == 1 else f"{base}[{count}{unit}]"
    made = np.dtype(base)
    return made.newbyteorder(state[1]) if state[1] in ("<", ">") else made


def _structured(code: Any, state: tuple[Any, ...], depth: int) -> np.dtype[Any] | None:
    import numpy as np

    names, fields = state[3], state[4].literal()
    rows = [(name, *fields[name]) for name in names]
    formats = [numpy_dtype(kind, depth + 1) for _, kind, _ in rows]
    if len(rows) != len(fields) or any(one is None for one in formats):
        return None
    about = {"names": list(names), "formats": formats, "offsets": [at for _, _, at in rows], "itemsize": state[5]}
    made: np.dtype[Any] = np.dtype(about, align=bool(state[7] & 0x80))  # type: ignore[call-overload]
    return np.dtype((np.record, made)) if code in _RECORD else made


def _same(made: np.dtype[Any], code: Any, state: tuple[Any, ...], depth: int) -> bool:
    reduced: Any = made.__reduce__()
    _, arguments, own = reduced
    written = arguments[0]
    named = code in _RECORD if not isinstance(written, str) else code == written
    return named and len(own) == len(state) and all(_equal(a, b, depth) for a, b in zip(own, state, strict=True))


def _equal(own: Any, other: Any, depth: int) -> bool:
    import numpy as np

    if isinstance(own, np.dtype):
        known = numpy_dtype(other, depth + 1)
        return known is not None and known == own
    if isinstance(own, tuple):
        alike = isinstance(other, tuple) and len(other) == len(own)
        return alike and all(_equal(a, b, depth) for a, b in zip(own, other, strict=True))
    if isinstance(own, bytes):
        return as_bytes(other) == own
    if own is None or own == {}:  # the metadata of times: a dict until numpy 1, None since
        return other is None or (isinstance(other, Pairs) and not other.items)
    if hasattr(own, "items"):
        fields = other.literal() if isinstance(other, Pairs) else None
        return fields is not None and fields.keys() == own.keys() and all(_equal(own[k], fields[k], depth) for k in own)
    return type(other) is type(own) and bool(other == own)


def _is_shape(value: Any) -> bool:
    return type(value) is tuple and all(type(n) is int and n >= 0 for n in value)
