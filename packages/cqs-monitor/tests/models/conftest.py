from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from cqs_monitor.models.inspection import inspect_file

sys.path.insert(0, str(Path(__file__).parent))

from modelfiles import Touching, trained, wandering


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("CQS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CQS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def proof(tmp_path):
    """A file that exists once a malicious pickle was run."""
    path = tmp_path / "was-run"
    yield path
    assert not path.exists(), "a malicious pickle was run"


@pytest.fixture
def touching(proof):
    return Touching(proof)


@pytest.fixture
def look(tmp_path):
    """Inspects bytes as a file."""

    def inspect(data: bytes, **options):
        path = tmp_path / "model-to-inspect"
        path.write_bytes(data)
        with path.open("rb") as file:
            return inspect_file(file, **options)

    return inspect


@pytest.fixture(scope="session")
def rows():
    """(1200, 5) features that tell the class."""
    return np.random.default_rng(1).normal(size=(1200, 5))


@pytest.fixture
def upload(put):
    """Uploads a model as the trainer does; steps may be left out."""

    def store(version: str, data: bytes, *, latest: bool = True, metadata: bool = True, suffix: str = "pkl", **more):
        put(f"models/regime_classifier_{version}.{suffix}", data)
        if latest:
            put("models/regime_classifier_latest.pkl", data)
        if metadata:
            about = {"version": version, "upload_time": "2026-01-02T03:04:05", "file_size_bytes": len(data)} | more
            put(f"models/metadata/{version}.json", json.dumps(about).encode())

    return store


@pytest.fixture
def lake(bucket):
    """1,000 days of BTC/KRW that wander with trends."""
    return wandering(bucket)


@pytest.fixture
def fitted(lake):
    """A portable model that was trained on the first half of the lake, as bytes."""
    return trained(lake)
