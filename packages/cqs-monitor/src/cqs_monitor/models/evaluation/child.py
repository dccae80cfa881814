"""The process that loads a trusted model: `python -I -m cqs_monitor.models.evaluation.child SECONDS BYTES`.

In its own folder it first drops what it can (network, memory, time), then loads `model`, reads `features.npy`
and writes `answer.npz` and `answer.json`. It must be started with an empty environment. None of this is a sandbox:
code of the model may read what this user may read.
"""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import Any

_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000


def main() -> None:
    seconds, memory = int(sys.argv[1]), int(sys.argv[2])
    cut = _leave_network()
    _limit(seconds, memory)
    answer: dict[str, Any] = {"network": "cut off" if cut else "not cut off"}
    try:
        answer |= _answer()
    except BaseException as error:  # noqa: BLE001 - code of the model may raise anything; the parent shows it
        answer["error"] = f"{type(error).__name__}: {error}"[:500]
    Path("answer.json").write_text(json.dumps(answer))


def _leave_network() -> bool:
    """Into a network namespace without any interface but a dead loopback; Linux only, and only where users may."""
    import ctypes

    try:
        return bool(ctypes.CDLL(None).unshare(_NEW_USER | _NEW_NETWORK) == 0)
    except (OSError, AttributeError, TypeError):
        return False


def _limit(seconds: int, memory: int) -> None:
    try:
        import resource
    except ImportError:  # Windows: the parent's clock is the only limit
        return
    limits = {
        "RLIMIT_CPU": seconds,
        "RLIMIT_AS": memory,
        "RLIMIT_FSIZE": 1 << 28,
        "RLIMIT_CORE": 0,
        "RLIMIT_NOFILE": 256,
    }
    for name, value in limits.items():
        with contextlib.suppress(ValueError, OSError, AttributeError):
            resource.setrlimit(getattr(resource, name), (value, value))


def _answer() -> dict[str, Any]:
    import warnings

    import numpy as np

    warnings.simplefilter("ignore")
    model = _load(Path("model"))
    rows = np.load("features.npy", allow_pickle=False)
    scaler, classifier = model["scaler"], model["model"]
    scaled = rows if scaler is None else scaler.transform(rows)
    classes = [str(name) for name in model["classes"]]
    codes = _codes(classifier.predict(scaled), classes)
    np.savez("answer.npz", codes=codes, probabilities=_probabilities(classifier, scaled, classes))
    return {"classes": classes, "encoder": _encoder(model["label_encoder"]), "scaler": _scaler(scaler)}


def _load(path: Path) -> Any:
    import pickle

    with path.open("rb") as file:
        plain = file.read(1) == b"\x80"
    try:
        import joblib
    except ImportError:
        if not plain:
            raise
        with path.open("rb") as file:
            return pickle.load(file)  # noqa: S301 - trusted by its hash, in an isolated process: the purpose of this module
    return joblib.load(path)


def _codes(given: Any, classes: list[str]) -> Any:
    """Indexes into `classes`, of codes or names."""
    import numpy as np

    given = np.asarray(given).reshape(-1)
    if given.dtype.kind in "iub":
        return given.astype(np.int32)
    if given.dtype.kind == "f":
        return given.round().astype(np.int32)
    return np.array([classes.index(str(name)) for name in given], np.int32)


def _probabilities(classifier: Any, rows: Any, classes: list[str]) -> Any:
    """(N, classes), columns as in `classes`; empty if the model has none."""
    import numpy as np

    if not hasattr(classifier, "predict_proba"):
        return np.empty((0, 0))
    given = np.asarray(classifier.predict_proba(rows), float)
    columns = _codes(getattr(classifier, "classes_", np.arange(given.shape[1])), classes)
    full = np.zeros((len(given), len(classes)))
    full[:, columns] = given
    return full


def _encoder(encoder: Any) -> list[str] | None:
    known = getattr(encoder, "classes_", None)
    return None if known is None else [str(name) for name in known]


def _scaler(scaler: Any) -> dict[str, list[float]] | None:
    mean, scale = getattr(scaler, "mean_", None), getattr(scaler, "scale_", None)
    if mean is None or scale is None:
        return None
    return {"mean": [float(v) for v in mean], "scale": [float(v) for v in scale]}


if __name__ == "__main__":
    main()
