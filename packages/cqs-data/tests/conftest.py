"""What the tests of cqs-data share: own folders, a sandbox exchange on made-up candles, real ones where they are."""

from __future__ import annotations

import json
import sys
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from cqs_core import Bucket, Lake
from cqs_core.testing.fixtures import gcs_bucket, gcs_emulator, own_folders
from cqs_data.sandbox import Sandbox, Synthetic

__all__ = ["gcs_bucket", "gcs_emulator", "own_folders"]

sys.path.insert(0, str(Path(__file__).parent))  # for survival.py: tests are imported one by one

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"


@pytest.fixture(autouse=True)
def _alone(own_folders):
    """Nothing here reads or writes what belongs to the user who runs it."""


@pytest.fixture(scope="session")
def shared_data() -> Path:
    if not SHARED.is_dir():
        pytest.skip(f"needs the real data of ../shared/data, which is not there ({SHARED})")
    return SHARED


@pytest.fixture(scope="session")
def sandbox():
    """A sandbox exchange on made-up candles, with the clock of this machine."""
    with Sandbox(Synthetic()) as running:
        yield running


@pytest.fixture
def lake(tmp_path) -> Lake:
    (tmp_path / "bucket").mkdir()
    return Lake(Bucket(tmp_path / "bucket"))


@pytest.fixture(scope="session")
def get():
    """Ask a URL, and read the JSON that it answers."""

    def ask(url: str, **query: object):
        with urllib.request.urlopen(f"{url}?{urllib.parse.urlencode(query)}") as answer:
            return json.load(answer)

    return ask
