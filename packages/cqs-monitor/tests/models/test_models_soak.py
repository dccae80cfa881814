"""Real and hostile files, changed at random: what is called ordinary runs nothing when it is loaded.

`CQS_SOAK_MODELS=2000 uv run pytest -m soak -k models` is a short version.
"""

from __future__ import annotations

import collections
import os
import random

import pytest

joblib = pytest.importorskip("joblib", reason="joblib is not installed: uv pip install cqs-monitor[models]")

from hostile import HiddenMarker, Marker, command, hostile  # noqa: E402
from loader import Loader  # noqa: E402
from ordinaryfiles import dumps, ordinary  # noqa: E402

from cqs_monitor.models.inspection import inspect_file  # noqa: E402

pytestmark = [pytest.mark.soak, pytest.mark.once, pytest.mark.timeout(6 * 3600)]

FILES = int(os.environ.get("CQS_SOAK_MODELS", "100000"))
BATCH = 250
CLEAN = ("nothing unusual found", "imports code")
OPCODES = b"0()}].btuRcNh\x93\x94\x81\x85\x86\x87\x89\x88K\x8cBC\x95\x80q"


def snippets(marker: str) -> list[bytes]:
    plain, hidden = command(Marker(marker)), command(HiddenMarker(marker))
    line = b"cos\nsystem\n(V" + f"touch {marker}".encode() + b"\ntR"
    return [plain, hidden, b"0" + hidden + b"0N.", line, line + b"0", b"\x80\x04" + hidden + b"."]


def changed(rng: random.Random, data: bytes, others: list[bytes], parts: list[bytes]) -> bytes:
    """The file after a few random changes."""
    now = bytearray(data)
    kinds = rng.choice([6, 8])  # without and with a command
    for _ in range(rng.choice([1, 1, 2, 3])):
        at = rng.randrange(len(now) + 1)
        end = min(len(now), at + rng.choice([1, 1, 2, 8, 40]))
        kind = rng.randrange(kinds)
        if kind == 0 and at < len(now):
            now[at] ^= 1 << rng.randrange(8)
        elif kind == 1 and at < len(now):
            now[at] = rng.choice(OPCODES)
        elif kind == 2:
            now[at:at] = bytes(rng.choice(OPCODES) for _ in range(rng.choice([1, 2, 4])))
        elif kind == 3:
            del now[at:end]
        elif kind == 4:
            now[at:at] = now[end : end + 60]
        elif kind == 5:
            other = rng.choice(others)
            start = rng.randrange(len(other) + 1)
            now[at:at] = other[start : start + rng.choice([4, 20, 200])]
        elif kind == 6:
            now[at:at] = rng.choice(parts)
        else:
            part = rng.choice(parts)
            now[at : at + len(part)] = part
    return bytes(now)


def test_models_that_are_called_ordinary_run_nothing(tmp_path):
    rng = random.Random(20260101)
    marker = str(tmp_path / "m")
    written = [pair for value in ordinary().values() for pair in dumps(value) if len(pair[1]) < 20_000]
    real = [data for how, data in written if how.startswith(("pickle", "joblib"))]  # a changed checksum only breaks
    bad = [data for m in (Marker(marker), HiddenMarker(marker)) for data in hostile(m).values()]
    parts, seen = snippets(marker), collections.Counter()
    with Loader() as loader:
        for first in range(0, FILES, BATCH):
            verdicts = {}
            for number in range(min(BATCH, FILES - first)):
                path = tmp_path / str(number)
                path.write_bytes(changed(rng, rng.choice(bad if rng.random() < 0.4 else real), real + bad, parts))
                with path.open("rb") as file:
                    verdicts[path] = inspect_file(file).verdict
            clean = [path for path, verdict in verdicts.items() if verdict in CLEAN]
            rest = [path for path in verdicts if path not in set(clean)]
            for path, answer in zip(clean, loader.answers(clean, together=50), strict=True):
                seen[verdicts[path], answer] += 1
                assert answer != "touched", f"{verdicts[path]}: {path.read_bytes()!r}"
            for path, answer in zip(rest, loader.answers(rest, together=50), strict=True):
                seen[verdicts[path], answer] += 1
    print(dict(seen))  # with -s: how many of each verdict ran something, loaded, or failed
    assert seen["dangerous", "touched"] > FILES / 100
    assert seen["nothing unusual found", "loaded"] > FILES / 1000
