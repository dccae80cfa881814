"""Runs a trusted model in its own process: empty environment and folder, limits, no network if possible."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cqs_core import DataError
from cqs_core.files import one_line

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

SECONDS = 120
MEMORY = 4 << 30
"""Bytes of address space."""

_MODULE = "cqs_monitor.models.evaluation.child"
_LARGEST = 1 << 28
_LONGEST = 300  # characters of an error that the model wrote


@dataclass(frozen=True)
class Predictions:
    """The model's predictions.

    Attributes:
        classes: as the model names them.
        codes: int32 (N,), indexes into `classes`.
        probabilities: float64 (N, classes), None where the model gives none.
        network: `cut off` or `not cut off`.
        encoder: the label encoder's own order of classes, None where it has none.
        scaler: `{"mean", "scale"}` of each feature in training, None where it keeps none.
    """

    classes: list[str]
    codes: npt.NDArray[np.int32]
    probabilities: npt.NDArray[np.float64] | None
    network: str
    encoder: list[str] | None
    scaler: dict[str, list[float]] | None


def ask(model: bytes, rows: npt.NDArray[np.float64], *, seconds: int = SECONDS, memory: int = MEMORY) -> Predictions:
    """The model's answer to rows of features.

    Raises:
        DataError: it could not be loaded, took too long, or answered nonsense.
    """
    import numpy as np

    with tempfile.TemporaryDirectory(prefix="cqs-model-") as name:
        folder = Path(name)
        (folder / "model").write_bytes(model)
        np.save(folder / "features.npy", rows, allow_pickle=False)
        ended = _run(folder, seconds, memory)
        return _read(folder, len(rows), ended)


def _run(folder: Path, seconds: int, memory: int) -> str:
    """Start, wait, end; how it ended, for people."""
    command = [sys.executable, "-I", "-B", "-m", _MODULE, str(seconds), str(memory)]
    with (folder / "stderr").open("wb") as errors:
        process = subprocess.Popen(  # noqa: S603 - our own module
            command,
            cwd=folder,
            env=_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=errors,
            stderr=errors,
            start_new_session=True,
        )
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            return f"took more than {seconds} s and was ended"
        finally:
            _end(process)
    last = (folder / "stderr").read_bytes()[-2000:].decode("utf-8", "replace").strip().splitlines()
    return f"ended with code {code}" + (f": {one_line(last[-1], _LONGEST)}" if last else "")


def _environment(folder: Path) -> dict[str, str]:
    """No credentials, no settings: only what Python and the libraries need to start."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    kept = (
        {"SYSTEMROOT": os.environ["SYSTEMROOT"]} if "SYSTEMROOT" in os.environ else {}
    )  # Windows cannot start without
    return {"HOME": str(folder), "TMPDIR": str(folder), "LC_ALL": "C.UTF-8", **threads, **kept}


def _end(process: subprocess.Popen[bytes]) -> None:
    """Whatever it started in its session ends with it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


def _read(folder: Path, rows: int, ended: str) -> Predictions:
    import numpy as np

    about = _json(folder / "answer.json")
    if about is None:
        raise DataError(f"the model {ended}; it can be inspected, not evaluated")
    if "error" in about:
        raise DataError(f"the model cannot be evaluated here: {one_line(str(about['error']), _LONGEST)}")
    try:
        with np.load(folder / "answer.npz", allow_pickle=False) as arrays:
            codes, probabilities = arrays["codes"], arrays["probabilities"]
        classes = [str(name)[:100] for name in about["classes"]]
        whole = (
            codes.shape == (rows,) and codes.dtype == np.int32 and bool(((codes >= 0) & (codes < len(classes))).all())
        )
        fits = probabilities.size == 0 or probabilities.shape == (rows, len(classes))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"the model's answer cannot be read ({type(error).__name__})") from None
    if not (whole and fits):
        raise DataError("the model's answer does not fit its classes and the days asked")
    return Predictions(
        classes,
        codes,
        probabilities if probabilities.size else None,
        str(about["network"]),
        about["encoder"],
        about["scaler"],
    )


def _json(path: Path) -> dict[str, Any] | None:
    try:
        if path.stat().st_size > _LARGEST:
            return None
        value = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None
