"""Files that run code when they are loaded: none is called unsuspicious; and ordinary files are."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from hostile import HiddenMarker, Marker, hostile
from loader import Loader

pytestmark = pytest.mark.once

joblib = pytest.importorskip("joblib", reason="joblib is not installed: uv pip install cqs-monitor[models]")

from ordinaryfiles import dumps, ordinary  # noqa: E402

KINDS = list(hostile(Marker("x")))
CLEAN = ("nothing unusual found", "imports code")


@pytest.mark.parametrize("kind", KINDS)
def test_no_hostile_file_is_called_ordinary(look, proof, kind):
    for marker in (Marker(proof), HiddenMarker(proof)):
        found = look(hostile(marker)[kind])
        assert found.verdict not in CLEAN
        assert found.verdict or found.problem or found.oddities


@pytest.mark.soak
def test_the_hostile_files_do_run_code_when_loaded(tmp_path):
    """Or the other tests here would show nothing; some kinds are for loaders that are not installed."""
    files = []
    for marker in (Marker(tmp_path / "m"), HiddenMarker(tmp_path / "m")):
        for kind in set(KINDS) - {"a second gzip member"}:  # joblib reads on for ever
            data = hostile(marker)[kind]
            path = tmp_path / f"{len(files)}"
            path.write_bytes(data)
            files.append((kind, path))
    with Loader() as loader:
        answers = loader.answers([path for _, path in files])
    touched = {kind for (kind, _), answer in zip(files, answers, strict=True) if answer == "touched"}
    assert len(touched) > 35, sorted(set(KINDS) - touched)
    assert not (tmp_path / "m").exists()


def test_unusual_modules_are_named(look, proof):
    files = hostile(Marker(proof))
    assert look(files["dataclasses"]).verdict == "imports unusual code"
    assert list(look(files["dataclasses"]).unusual) == ["dataclasses._create_fn"]
    assert list(look(files["a package nobody knows"]).unusual) == ["sympy.core.sympify.sympify"]
    assert "numpy.lib._npyio_impl.load" in look(files["numpy.load"]).dangerous


@pytest.mark.parametrize("kind", ordinary())
def test_no_ordinary_file_is_called_hostile(look, kind):
    for how, data in dumps(ordinary()[kind]):
        found = look(data)
        assert found.verdict in CLEAN, (how, found)
        assert (found.problem, list(found.oddities)) == (None, []), how


def test_arrays_as_numpy_saves_them_are_ordinary(look):
    arrays = [*ordinary()["arrays"], *ordinary()["types"]]  # type: ignore[misc]
    for array in arrays:
        file = io.BytesIO()
        np.save(file, array)
        assert (look(file.getvalue()).verdict, look(file.getvalue()).format) == ("nothing unusual found", "npy")
    for save in (np.savez, np.savez_compressed):
        file = io.BytesIO()
        save(file, *arrays)
        assert (look(file.getvalue()).verdict, look(file.getvalue()).format) == ("nothing unusual found", "npz")


def test_distributions_of_scipy_carry_code_of_their_own_and_no_other(look):
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed: cqs-monitor[models]")
    for how, data in dumps([stats.norm(0, 1), stats.gamma(2.0), stats.randint(0, 5), stats.uniform]):
        found = look(data)
        assert (found.verdict, list(found.oddities)) == ("imports code", []), how
        changed = data.replace(b"return self._argcheck_rvs(", b"return __import__('os').x(")
        if how.startswith("pickle"):
            assert changed != data
            assert (look(changed).verdict, look(changed).problem) == (None, None)


def test_a_file_of_many_imports_is_given_up(look):
    found = look(b"".join(b"ca%d\nb\n" % i for i in range(3_000)))
    assert "2,000 different imports" in found.problem


def test_a_torch_zip_of_numbers_is_ordinary_and_each_storage_is_asked_for(look):
    """As `torch.save({"w": torch.ones(4)}, …)` writes it."""
    import zipfile

    storage = b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x04tQ"
    tensor = (
        b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"K\0K\x04\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtR"
    )
    entries = {"data.pkl": b"\x80\x02}X\x01\0\0\0w" + tensor + b"s.", "byteorder": b"little", "data/0": bytes(16)}
    entries |= {"version": b"3\n", ".data/serialization_id": b"0123456789"}

    def saved(**changes) -> bytes:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            for name, data in (entries | changes).items():
                archive.writestr(f"archive/{name}", data)
        return file.getvalue()

    assert (look(saved()).verdict, look(saved()).format) == ("nothing unusual found", "torch zip")
    assert "data/0" in look(saved(**{"data/0": bytes(17)})).problem
    assert look(saved(**{"data/0": b"\x80\x02" + bytes(14)})).verdict == "nothing unusual found"  # numbers, by chance
    assert "version" in look(saved(version=b"cos\nsystem\n")).problem
    outside = look(entries["data.pkl"])
    assert (outside.verdict, list(outside.oddities)) == (None, ["an object that lies outside the pickle"])


ESTIMATORS_TEXT = """
ensemble.RandomForestClassifier ensemble.GradientBoostingRegressor ensemble.HistGradientBoostingClassifier
ensemble.AdaBoostClassifier ensemble.IsolationForest linear_model.LogisticRegression linear_model.SGDClassifier
svm.SVC neighbors.KNeighborsClassifier neighbors.KernelDensity cluster.KMeans
mixture.GaussianMixture decomposition.PCA naive_bayes.GaussianNB neural_network.MLPClassifier tree.ExtraTreeClassifier
gaussian_process.GaussianProcessClassifier preprocessing.KBinsDiscretizer preprocessing.OneHotEncoder
calibration.CalibratedClassifierCV manifold.SpectralEmbedding impute.KNNImputer feature_selection.SelectKBest
"""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", ESTIMATORS_TEXT.split())
def test_no_estimator_of_scikit_learn_is_called_hostile(look, rows, path):
    import importlib

    module, name = path.split(".")
    package = pytest.importorskip(f"sklearn.{module}", reason="scikit-learn is not installed: cqs-monitor[models]")
    assert importlib.import_module("sklearn")
    smaller = {"max_iter": 3} if "HistG" in name or "MLP" in name else {"n_estimators": 3} if "ensemble" in path else {}
    fitted = getattr(package, name)(**smaller).fit(rows[:60], (rows[:60, 0] > 0).astype(int))
    for how, data in dumps({"model": fitted, "columns": pd.Index(list("abc")), "names": np.array(["a"], object)}):
        found = look(data)
        assert (found.verdict, found.problem, list(found.oddities)) == ("imports code", None, []), how
