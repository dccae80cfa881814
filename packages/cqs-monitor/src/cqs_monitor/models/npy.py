"""Arrays as `numpy.save` writes them: a header, then raw bytes, or a pickle where the array holds objects."""

from __future__ import annotations

import ast
import math
import re
import struct
from typing import TYPE_CHECKING, Any

from cqs_monitor.models.pickles.arrays import is_shape
from cqs_monitor.models.pickles.streams import PickleContents, read_streams

if TYPE_CHECKING:
    from cqs_monitor.models.pickles.opcodes import Source

MAGIC = b"\x93NUMPY"
_LONGEST = 10_000  # numpy's own limit
_HEADER = re.compile(r"\{'descr': .+, 'fortran_order': (?:True|False), 'shape': \([\d, ]*\), \} *\n", re.ASCII)


def read_npy(data: Source, deadline: float) -> PickleContents:
    """Finds what a `.npy` file would do if numpy loaded it with pickles allowed."""
    try:
        dtype, shape, start = _header(data)
    except (ValueError, TypeError, KeyError, SyntaxError, struct.error, MemoryError, RecursionError) as error:
        return PickleContents(problem=f"a header that numpy does not write ({error})"[:200])
    if dtype.hasobject:
        return read_streams(data[start:], deadline)
    found = PickleContents()
    lacking = start + math.prod(shape) * dtype.itemsize - len(data)
    if lacking > 0:
        found.problem, found.truncated = "truncated: an array ends after the file", True
    elif lacking < 0:
        found.oddities[f"{-lacking:,} bytes after the end, which loading never reads"] = None
    return found


def _header(data: Source) -> tuple[Any, tuple[int, ...], int]:
    from numpy.lib import format as written

    code = {1: "<H", 2: "<I", 3: "<I"}[data[6]]
    size = struct.calcsize(code)
    (length,) = struct.unpack(code, data[8 : 8 + size])
    text = bytes(data[8 + size : 8 + size + min(length, _LONGEST)]).decode("utf-8" if data[6] == 3 else "latin-1")
    if data[7] or length > _LONGEST or not _HEADER.fullmatch(text):
        raise ValueError("it reads otherwise")
    about = ast.literal_eval(text.strip())
    dtype = written.descr_to_dtype(about["descr"])
    if about.keys() != {"descr", "fortran_order", "shape"} or not is_shape(about["shape"]):
        raise ValueError("a part is missing")
    if written.dtype_to_descr(dtype) != about["descr"]:
        raise ValueError(f"no type of numpy is {about['descr']!r}")
    return dtype, about["shape"], 8 + size + length
