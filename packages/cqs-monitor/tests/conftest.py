from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import hypothesis
import pytest

from cqs_core import Bucket
from cqs_core.testing.fixtures import gcs_bucket, gcs_emulator

sys.path.insert(0, str(Path(__file__).parent))

from logfiles import REAL

hypothesis.settings.register_profile("cqs", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("cqs")

__all__ = ["gcs_bucket", "gcs_emulator"]


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    monkeypatch.setenv("CQS_CACHE_DIR", str(cache))
    for name in ("CQS_BUCKET", "GCS_BUCKET", "CQS_EXCHANGE", "CQS_QUOTE", "CQS_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    return cache


@pytest.fixture
def folder(tmp_path):
    bucket = tmp_path / "bucket"
    bucket.mkdir()
    return bucket


@pytest.fixture
def bucket(folder):
    return Bucket(str(folder))


@pytest.fixture
def put(folder):
    """Writes a file of the bucket."""

    def write(key: str, data: bytes) -> Path:
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    return write


@pytest.fixture
def real():
    if not REAL.is_dir():
        pytest.skip(f"no real logs: {REAL} is absent")
    return Bucket(str(REAL))


@pytest.fixture
def closed(monkeypatch):
    """Names of folders that may not be listed, also by root."""
    names, opened = set(), os.open

    def refuse(path, flags, *others, **more):
        if flags & os.O_DIRECTORY and Path(os.fsdecode(path)).name in names:
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return opened(path, flags, *others, **more)

    monkeypatch.setattr(os, "open", refuse)
    return names
