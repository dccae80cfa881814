"""Judges an import in a pickle: plain data, code of a package, or something that no model needs."""

from __future__ import annotations

import _compat_pickle
from typing import TYPE_CHECKING, Literal

from cqs_monitor.models.pickles.packages import usual
from cqs_monitor.models.pickles.values import Import

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

Verdict = Literal["nothing unusual found", "imports code", "imports unusual code", "dangerous"]

_DATA_TEXT = """
builtins.set builtins.frozenset builtins.bytearray builtins.complex builtins.range builtins.slice builtins.object
builtins.list builtins.dict builtins.tuple builtins.int builtins.float builtins.str builtins.bool builtins.bytes
builtins.Ellipsis copyreg._reconstructor _codecs.encode collections.OrderedDict collections.defaultdict
collections.deque collections.Counter datetime.datetime datetime.date datetime.time datetime.timedelta
datetime.timezone decimal.Decimal fractions.Fraction uuid.UUID numpy.dtype numpy.ndarray
numpy.core.multiarray._reconstruct numpy.core.multiarray.scalar numpy._core.multiarray._reconstruct
numpy._core.multiarray.scalar numpy.core.numeric._frombuffer numpy._core.numeric._frombuffer
joblib.numpy_pickle.NumpyArrayWrapper torch._utils._rebuild_tensor_v2 torch._utils._rebuild_parameter
torch.FloatStorage torch.DoubleStorage torch.HalfStorage torch.LongStorage torch.IntStorage torch.ShortStorage
torch.CharStorage torch.ByteStorage torch.BoolStorage torch.BFloat16Storage torch.Size torch.device
"""
_DATA = frozenset(_DATA_TEXT.split())
"""Plain data: building these runs nothing but themselves."""

_DANGEROUS_MODULES_TEXT = """
os posix nt ntpath posixpath subprocess _posixsubprocess sys _sys shutil socket _socket ssl importlib imp pkgutil
runpy code codeop pty ctypes _ctypes cffi webbrowser pickle _pickle marshal shelve commands multiprocessing threading
_thread asyncio signal inspect gc bdb pdb cProfile profile timeit trace pydoc doctest unittest idlelib lib2to3
distutils setuptools pip ensurepip venv site sitecustomize tempfile pathlib io _io fileinput glob mmap platform urllib
http requests httpx aiohttp ftplib smtplib telnetlib poplib imaplib xmlrpc socketserver zipfile tarfile zipimport
logging atexit weakref ast dis types builtins operator _operator dill cloudpickle psutil fsspec gcsfs keyring getpass
resource linecache sqlite3 winreg msvcrt nturl2path antigravity
"""
_DANGEROUS_MODULES = frozenset(_DANGEROUS_MODULES_TEXT.split())
_ALLOWED_OF_THEM_TEXT = """
types.SimpleNamespace types.MappingProxyType operator.itemgetter weakref.WeakKeyDictionary weakref.WeakValueDictionary
logging.getLogger io.BytesIO _io.BytesIO io.StringIO _io.StringIO pathlib.Path pathlib.PosixPath pathlib.PurePosixPath
pathlib.WindowsPath pathlib.PureWindowsPath
"""
_ALLOWED_OF_THEM = frozenset(_ALLOWED_OF_THEM_TEXT.split())
"""Harmless data types of dangerous modules: they count as code of a package."""

_DANGEROUS_NAMES_TEXT = """
numpy.testing numpy.f2py numpy.distutils numpy.load numpy.fromfile numpy.savetxt numpy.save pandas.eval pandas.read_
pandas.io pandas.core.computation numpy.lib numpy.ctypeslib joblib.load joblib.numpy_pickle.load
joblib.numpy_pickle_compat joblib.externals scipy.io scipy._lib._ccallback torch.load torch.hub torch.serialization
torch.utils.cpp_extension torch.utils._config_module torch.jit torch.distributed torch._dynamo
torch.storage._load_from_bytes sklearn.utils._testing
"""
_DANGEROUS_NAMES = tuple(_DANGEROUS_NAMES_TEXT.split())
"""Beginnings of names that reach for files, code or other machines."""


def verdict(imports: Iterable[Import], called: Collection[Import]) -> Verdict:
    """The worst of them; `called` are those that loading would call, not only refer to."""
    found = list(imports)
    if any(dangerous(one) for one in found):
        return "dangerous"
    if any(unusual(one, called) for one in found):
        return "imports unusual code"
    return "nothing unusual found" if all(harmless(one) for one in found) else "imports code"


def unusual(found: Import, called: Collection[Import]) -> bool:
    """Whether an ordinary model has no use for it, as far as is known: it may be anything."""
    return not harmless(found) and not usual(current(found), called=found in called)


def harmless(found: Import) -> bool:
    return str(current(found)) in _DATA


def dangerous(found: Import) -> bool:
    """Whether it reaches for the system, for the interpreter, or for code that the pickle carries itself."""
    return any(_dangerous(str(name)) for name in {found, current(found)})


def _dangerous(path: str) -> bool:
    if path in _DATA or path in _ALLOWED_OF_THEM:
        return False
    parts = path.split(".")
    hidden = any(part.startswith("__") and part.endswith("__") for part in parts[1:])
    reached = parts[0] in _DANGEROUS_MODULES or any(part in _REACHED for part in parts[1:])
    return hidden or reached or path.startswith(_DANGEROUS_NAMES)


_REACHED_TEXT = """
os sys subprocess builtins importlib shutil ctypes socket posix pickle runpy eval exec system popen Popen check_call
check_output getoutput getstatusoutput multiprocessing threading pathlib tempfile urllib requests inspect cloudpickle
"""
_REACHED = frozenset(_REACHED_TEXT.split())
"""Met anywhere in a dotted name: `sklearn.utils.os.system` is `os.system`."""


def current(found: Import) -> Import:
    """Python 2's names, as Python 3 reads them (`__builtin__.eval`)."""
    renamed = _compat_pickle.NAME_MAPPING.get((found.module, found.name))
    if renamed:
        return Import(*renamed)
    return Import(_compat_pickle.IMPORT_MAPPING.get(found.module, found.module), found.name)
