"""How picklers call the constructors of plain data; any other call is reported."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from cqs_monitor.models.pickles.arrays import is_shape, is_wrapper
from cqs_monitor.models.pickles.dtypes import as_bytes, numpy_dtype
from cqs_monitor.models.pickles.judgement import current, harmless
from cqs_monitor.models.pickles.opcodes import Blob
from cqs_monitor.models.pickles.values import Import, Made, Pairs, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    Check = Callable[[tuple[Any, ...]], bool]

_BASES = frozenset({"object", "dict", "list", "tuple", "set", "frozenset", "int", "float", "str", "bytes"})
_CODE = "_parse_arg_template"
_ARGUMENTS = r"[\w, =]*"
_TEMPLATE = re.compile(
    rf"(\ndef _parse_args\(self, {_ARGUMENTS}\):\n    return \({_ARGUMENTS}\), {_ARGUMENTS}\n"
    rf"\ndef _parse_args_rvs\(self, {_ARGUMENTS}, size=None\):\n"
    rf"    return self._argcheck_rvs\({_ARGUMENTS}, size=size\)\n"
    rf"\ndef _parse_args_stats\(self, {_ARGUMENTS}, moments='mv'\):\n"
    rf"    return \({_ARGUMENTS}\), {_ARGUMENTS}, moments\n)?"
)
"""Code that scipy's distributions carry in their state, and run when they are loaded; any other is not theirs."""

_OF_A_CLASS_TEXT = "newObj _new_Index _new_DatetimeIndex _new_PeriodIndex __newobj__ __newobj_ex__"
_OF_A_CLASS = frozenset(_OF_A_CLASS_TEXT.split())
"""Functions that make an object of the class that they are given first."""


def _rebuilds_a_class(what: Import, arguments: Any) -> bool:
    """Whether a function that rebuilds objects is given classes only, not something else to call."""
    if not isinstance(arguments, tuple):
        return False
    if what.name in _OF_A_CLASS:
        return bool(arguments) and isinstance(arguments[0], Import)
    if what.module == "numpy.random._pickle":
        return all(isinstance(one, str) or _of_random(one) for one in arguments)
    return True


def _of_random(value: Any) -> bool:
    named = value.kind if isinstance(value, Made) else value
    return isinstance(named, Import) and named.module.startswith("numpy.random.")


def odd_call(made: Made) -> bool:
    """Whether no pickler makes this call of a constructor of plain data."""
    what, arguments = made.what, made.arguments
    if not isinstance(what, Import):
        return True
    if not harmless(what):
        return not _rebuilds_a_class(what, arguments)
    check = _CHECKS.get(str(current(what)).replace("numpy._core", "numpy.core"))
    return not isinstance(arguments, tuple) or check is None or not check(arguments)


def odd_state(made: Made) -> bool:
    """Whether no pickler writes such a state for an object."""
    kind = made.kind
    if made.builds != 1 or kind is None or _carries_code(kind, made.state):
        return True
    return harmless(kind) and not is_wrapper(made) and _odd_data(kind, made)


def _carries_code(kind: Import, state: Any) -> bool:
    """Whether a distribution of scipy would run other code than its own."""
    if kind.module.startswith("scipy.stats") and (not isinstance(state, Pairs) or state.literal() is None):
        return True
    return isinstance(state, Pairs) and not _TEMPLATE.fullmatch(str(state.get(_CODE, "")))


def _odd_data(kind: Import, made: Made) -> bool:
    if made.is_a("numpy.core.multiarray", "_reconstruct"):
        return not _array_state(made.state)
    if kind == Import("numpy", "dtype"):
        return numpy_dtype(made) is None
    keeps_attributes = kind.name in ("OrderedDict", "defaultdict", "Counter", "deque", "UUID", "object")
    return not keeps_attributes or not isinstance(made.state, Pairs) or made.state.literal() is None


def may_be_text(value: Any) -> bool:
    """Whether loading could find a text here: picklers' calls of plain data make none."""
    if isinstance(value, Made):
        instance = value.new and value.kind is not None and current(value.kind).module != "builtins"
        return not instance and (value.kind is None or not harmless(value.kind) or odd_call(value))
    return isinstance(value, (str, Blob, Unknown))


def _array_state(state: Any) -> bool:
    if not (isinstance(state, tuple) and len(state) == 5 and state[0] == 1 and is_shape(state[1])):
        return False
    dtype = numpy_dtype(state[2])
    if dtype is None or state[3] not in (True, False):
        return False
    count = math.prod(state[1])
    if dtype.hasobject:
        return isinstance(state[4], list) and len(state[4]) == count
    return _size(state[4]) == count * dtype.itemsize


def _size(value: Any) -> int | None:
    """Bytes of a byte string, read or not; None where it is none, or is text that was not read."""
    if isinstance(value, Blob):
        return None if value.text else value.size
    if isinstance(value, Made) and value.is_a("_codecs", "encode") and isinstance(value.arguments[0], Blob):
        return _UNREAD
    known = as_bytes(value)
    return None if known is None else len(known)


class _AnySize(int):
    """Equals every size: of text to be encoded that was not read; numpy itself checks it."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, int)

    __hash__ = int.__hash__


_UNREAD = _AnySize()


def _scalar(arguments: tuple[Any, ...]) -> bool:
    dtype = numpy_dtype(arguments[0]) if len(arguments) == 2 else None
    return dtype is not None and not dtype.hasobject and _size(arguments[1]) == dtype.itemsize


def _from_buffer(arguments: tuple[Any, ...]) -> bool:
    dtype = numpy_dtype(arguments[1]) if len(arguments) == 4 else None
    if dtype is None or dtype.hasobject or not is_shape(arguments[2]) or arguments[3] not in ("C", "F"):
        return False
    return bool(_size(arguments[0]) == math.prod(arguments[2]) * dtype.itemsize)


def _reconstruct(arguments: tuple[Any, ...]) -> bool:
    return (
        len(arguments) == 3
        and isinstance(arguments[0], Import)
        and arguments[1] == (0,)
        and (as_bytes(arguments[2]) == b"b" or arguments[2] == "b")
    )


def _reconstructor(arguments: tuple[Any, ...]) -> bool:
    if len(arguments) != 3 or not all(isinstance(one, Import) for one in arguments[:2]):
        return False
    module, name = current(arguments[1])
    return module == "builtins" and name in _BASES and (name != "object" or arguments[2] is None)


def _encode(arguments: tuple[Any, ...]) -> bool:
    return len(arguments) == 2 and isinstance(arguments[0], (str, Blob)) and bool(arguments[1] == "latin1")


def _bytearray(arguments: tuple[Any, ...]) -> bool:
    if len(arguments) == 2:
        return isinstance(arguments[0], (str, Blob)) and arguments[1] == "latin-1"
    return not arguments or (len(arguments) == 1 and _size(arguments[0]) is not None)


def _numbers(*counts: int) -> Check:
    kinds = (int, float, type(None))
    return lambda arguments: len(arguments) in counts and all(isinstance(one, kinds) for one in arguments)


def _listed(arguments: tuple[Any, ...]) -> bool:
    return len(arguments) == 1 and isinstance(arguments[0], (list, tuple))


def _nothing(arguments: tuple[Any, ...]) -> bool:
    return not arguments


def _filled(arguments: tuple[Any, ...]) -> bool:
    return len(arguments) <= 2 and all(isinstance(one, (list, tuple, int, Pairs, type(None))) for one in arguments)


def _factory(arguments: tuple[Any, ...]) -> bool:
    return len(arguments) <= 1 and all(isinstance(one, (Import, Made, type(None))) for one in arguments)


def _dtype(arguments: tuple[Any, ...]) -> bool:
    return len(arguments) == 3 and isinstance(arguments[0], (str, Import)) and arguments[1:] in ((False, True), (0, 1))


def _any(_: tuple[Any, ...]) -> bool:
    return True


_CHECKS: dict[str, Check] = {
    "builtins.set": _listed,
    "builtins.frozenset": _listed,
    "builtins.bytearray": _bytearray,
    "builtins.complex": _numbers(2),
    "builtins.range": _numbers(3),
    "builtins.slice": _numbers(3),
    "builtins.object": _nothing,
    "builtins.bytes": _nothing,
    "copyreg._reconstructor": _reconstructor,
    "_codecs.encode": _encode,
    "collections.OrderedDict": _filled,
    "collections.defaultdict": _factory,
    "collections.deque": _filled,
    "collections.Counter": _filled,
    "numpy.dtype": _dtype,
    "numpy.core.multiarray._reconstruct": _reconstruct,
    "numpy.core.multiarray.scalar": _scalar,
    "numpy.core.numeric._frombuffer": _from_buffer,
    "joblib.numpy_pickle.NumpyArrayWrapper": _nothing,
    "uuid.UUID": _nothing,
}
_UNCHECKED_TEXT = """
datetime.datetime datetime.date datetime.time datetime.timedelta datetime.timezone decimal.Decimal fractions.Fraction
torch._utils._rebuild_tensor_v2 torch._utils._rebuild_parameter torch.Size torch.device
"""
_CHECKS |= dict.fromkeys(_UNCHECKED_TEXT.split(), _any)
