"""joblib writes arrays into the stream as they are: scanners that stop at the first one miss what stands behind."""

from __future__ import annotations

import io
import pickle

import numpy as np
import pytest
from modelfiles import CLASSES, FEATURES, Touching, portable

pytestmark = pytest.mark.once

joblib = pytest.importorskip("joblib", reason="joblib is not installed: uv pip install cqs-monitor[models]")


def dumped(value, **options) -> bytes:
    file = io.BytesIO()
    joblib.dump(value, file, **options)
    return file.getvalue()


ARRAYS = {
    "floats": np.arange(1000.0),
    "ints": np.arange(7, dtype=np.int32),
    "fortran": np.asfortranarray(np.ones((20, 30))),
    "texts": np.array(["a", "bcd"]),
    "objects": np.array(["a", None, 3], dtype=object),
    "booleans": np.array([True, False]),
    "records": np.zeros(5, dtype=[("left", "<i8"), ("threshold", "<f8")]),
    "big endian": np.arange(5, dtype=">f8"),
    "empty": np.empty((0, 4)),
    "times": np.array(["2024-01-01"], dtype="datetime64[ns]"),
    "a number": np.array(5.0),
}


@pytest.mark.parametrize("compress", [0, ("zlib", 3), ("gzip", 3), ("bz2", 3), ("xz", 3)], ids=str)
@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS.keys())
def test_what_stands_behind_an_array_is_found(look, touching, array, compress):
    found = look(
        dumped(
            {"first": array, "second": array + 0 if array.dtype.kind == "f" else array, "third": touching},
            compress=compress,
        )
    )
    assert "posix.system" in found.dangerous
    assert found.problem is None


@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS.keys())
def test_harmless_arrays_are_followed_to_the_end(look, array):
    found = look(dumped([array, array * 2 if array.dtype.kind == "f" else array, "end"]))
    assert (found.verdict, found.problem) == ("nothing unusual found", None)


@pytest.mark.parametrize("protocol", range(6))
def test_arrays_of_every_protocol_are_followed(look, touching, protocol):
    clean = look(dumped({"a": np.arange(5.0), "b": np.array(["x"], dtype=object)}, protocol=protocol))
    assert (clean.problem, list(clean.oddities)) == (None, [])
    assert look(dumped([np.arange(5.0), touching], protocol=protocol)).verdict == "dangerous"


WRAPPERS = {
    "another path": b"cjoblib\nnumpy_pickle.NumpyArrayWrapper\n)\x81",
    "a copy": b"ccopy\ncopy\n(cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81tR",
    "out of a list": b"coperator\nitemgetter\n(I0\ntR((lcjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81atR",
}


@pytest.mark.parametrize("made", WRAPPERS.values(), ids=WRAPPERS.keys())
def test_an_array_that_is_announced_in_an_odd_way_is_no_clean_bill(look, made):
    """joblib would skip the bytes after it; a scanner that does not know reads something else."""
    swallowed = b"C\x20" + b"cposix\nsystem\n(S'true'\ntR.".ljust(32, b".")
    found = look(b"\x80\x04" + made + b"}b" + swallowed + b"0.")
    assert any("odd way" in oddity for oddity in found.oddities)
    assert found.verdict != "nothing unusual found"


def test_what_hides_among_an_arrays_objects_is_found(look, proof):
    hidden = np.array([1, Touching(proof)], dtype=object)
    assert look(dumped({"x": np.arange(9.0), "y": hidden})).verdict == "dangerous"


def test_opcodes_in_the_bytes_of_an_array_are_found(look):
    """To joblib they are numbers; `pickle.load` of the same file would run them."""
    array = np.frombuffer(b"N0cos\nsystem\n(S'true'\ntR0N.".ljust(64, b"."), dtype=np.uint8)
    data = dumped([array])
    at = data.index(b"N0cos")
    plain = data[: at - data[at - 60 : at].count(b"\xff") - 1] + data[at:]
    found = look(data)
    assert found.format == "joblib"
    assert look(plain).verdict == "dangerous"


def test_the_portable_form_is_read_from_joblib(look, rows):
    found = look(dumped(portable(rows)))
    assert found.format == "joblib"
    assert (list(found.about.feature_names), list(found.about.classes)) == (FEATURES, CLASSES)


@pytest.mark.parametrize(
    "name", ["RandomForestClassifier", "GradientBoostingClassifier", "HistGradientBoostingClassifier"]
)
def test_models_of_scikit_learn_import_code_and_are_not_dangerous(look, rows, name):
    ensemble = pytest.importorskip("sklearn.ensemble", reason="scikit-learn is not installed: cqs-monitor[models]")
    from sklearn.preprocessing import LabelEncoder, StandardScaler

    labels = np.array(CLASSES)[np.arange(200) % 3]
    encoder = LabelEncoder().fit(labels)
    sizes = {"max_iter": 3} if name.startswith("Hist") else {"n_estimators": 3}
    model = getattr(ensemble, name)(**sizes).fit(rows[:200], encoder.transform(labels))
    whole = portable(rows, model=model, scaler=StandardScaler().fit(rows), label_encoder=encoder)
    for data in (dumped(whole), dumped(whole, compress=3), pickle.dumps(whole)):
        found = look(data)
        assert (found.verdict, found.problem, list(found.oddities)) == ("imports code", None, [])
        assert found.about.model.endswith(name)
    bare = look(dumped(model))
    assert list(bare.about.classes) == ["0", "1", "2"]
