"""Imports of models of the usual packages, and names that those never import."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cqs_monitor.models.pickles.values import Import

_PACKAGES_TEXT = """
sklearn scipy pandas xgboost lightgbm catboost hmmlearn imblearn torch.nn torch.optim torch._utils torch._tensor
torch.storage torch.distributions cqs_monitor.models.softmax
"""
_PACKAGES = tuple(_PACKAGES_TEXT.split())

_NOT_OF_THEM_TEXT = """
sklearn.datasets sklearn.utils._joblib sklearn.utils.parallel sklearn.externals sklearn.conftest sklearn.tests
sklearn.experimental scipy.datasets scipy.conftest scipy._lib pandas.conftest pandas.tests pandas.plotting
pandas.testing pandas._testing pandas.HDFStore pandas.ExcelFile pandas.ExcelWriter pandas.api.interchange pandas.util
pandas.compat pandas.core.config_init pandas._config xgboost.dask xgboost.spark
xgboost.testing lightgbm.dask catboost.eval catboost.widget torch.nn.parallel
"""
_NOT_OF_THEM = tuple(_NOT_OF_THEM_TEXT.split())

_YET_OF_THEM = ("scipy._lib.array_api_compat.numpy", "sklearn.externals.array_api_compat.numpy")

_NAMES_TEXT = """
functools.partial operator.itemgetter collections.UserDict array.array
array._array_reconstructor re._compile zoneinfo.ZoneInfo zoneinfo.ZoneInfo._unpickle pyarrow.lib._restore_array
pyarrow.lib.py_buffer pyarrow.lib.type_for_alias pytz._p pytz._UTC dateutil.tz.tz.tzutc copyreg.__newobj__
copyreg.__newobj_ex__ logging.getLogger joblib.memory.Memory joblib.memory.NotMemorizedFunc joblib.logger.Logger
joblib._store_backends.FileSystemStoreBackend numpy.matrix numpy.matrixlib.defmatrix.matrix numpy.record
numpy.recarray numpy.rec.recarray numpy.rec.record numpy.memmap numpy.vectorize numpy.poly1d numpy.ma.core.MaskedArray
numpy.ma.core._mareconstruct numpy.ma.MaskedArray numpy.lib.polynomial.poly1d numpy.lib._polynomial_impl.poly1d
numpy.dtypes.StringDType numpy._core._internal._convert_to_stringdtype_kwargs
"""
_NAMES = frozenset(_NAMES_TEXT.split())

_NUMPY_MODULES = ("numpy.random", "numpy.polynomial", "numpy.dtypes")
_NUMPY_REFERRED = re.compile(r"numpy(\.(_core|core)(\.(_multiarray_umath|umath|fromnumeric|numeric))?|\.linalg)?")
_NOT_REFERRED = re.compile(r"(load|save|from|to|gen|mem|fromfile|ctypeslib|f2py|testing|distutils|lib|show)\w*")

_RECONSTRUCTORS_TEXT = """
_reconstruct _mareconstruct newObj new_block _unpickle_block _new_Index _new_DatetimeIndex _new_PeriodIndex
_unpickle_timestamp _timedelta_unpickle _nat_unpickle __nat_unpickle _period_unpickle __generator_ctor
__bit_generator_ctor __randomstate_ctor __newobj__ __newobj_ex__ scalar csr_matrix csc_matrix coo_matrix lil_matrix
dok_matrix bsr_matrix dia_matrix csr_array csc_array coo_array lil_array dok_array bsr_array dia_array interp1d
gaussian_kde rv_histogram rv_sample rv_frozen _rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3
_rebuild_parameter _rebuild_parameter_with_state _rebuild_sparse_tensor _rebuild_qtensor
"""
_RECONSTRUCTORS = frozenset(_RECONSTRUCTORS_TEXT.split())
_CLASS = re.compile(r"_*[A-Z]\w*")
_HOLDER = re.compile(rf"{_CLASS.pattern}|\w+_gen")
_REBUILDS = re.compile(r"__pyx_unpickle_\w+|_*unpickle_[a-z]+|_new_[A-Z]\w*Index|\w+_(gen|frozen)")
_EXECUTES = re.compile(
    r"query|read_\w+|to_pickle|import_\w+|methodcaller|attrgetter|loads?|load_\w+|memmap|fromfile|open|urlopen|run|call|compile"
    r"|pipe|apply_if_callable|get_callable_name|_attach_\w+|from_file|_load_\w+"
)
"""Functions that run their arguments or read files; no model contains them."""


def usual(found: Import, *, called: bool) -> bool:
    """Whether models of the usual packages import this; of functions that are called, only what rebuilds objects."""
    path = str(found)
    if path in _NAMES:
        return True
    if _within(found.module, ("numpy",)):
        return _of_numpy(found, called=called)
    strange = _within(path, _NOT_OF_THEM) and not _within(path, _YET_OF_THEM)
    if not _within(found.module, _PACKAGES) or strange:
        return False
    *holders, name = found.name.split(".")
    if not all(_HOLDER.fullmatch(holder) for holder in holders) or _EXECUTES.fullmatch(name):
        return False  # a module that the module imports for itself, or what runs anything
    return not called or (not holders and _rebuilds(name)) or _CLASS.fullmatch(name) is not None


def _of_numpy(found: Import, *, called: bool) -> bool:
    if _within(found.module, _NUMPY_MODULES):
        return "." not in found.name and (_CLASS.fullmatch(found.name) is not None or _rebuilds(found.name))
    plain = _NUMPY_REFERRED.fullmatch(found.module) and "." not in found.name
    return bool(plain and not called and not _NOT_REFERRED.fullmatch(found.name))


def _rebuilds(name: str) -> bool:
    return name in _RECONSTRUCTORS or _REBUILDS.fullmatch(name) is not None


def _within(path: str, packages: tuple[str, ...]) -> bool:
    return any(path == one or path.startswith(one + ".") for one in packages)
