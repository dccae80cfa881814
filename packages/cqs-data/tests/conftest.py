"""What the tests of cqs-data share: folders of their own, a sandbox exchange on made-up candles, real ones where they are."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from cqs_core import Bucket, Lake
from cqs_data.sandbox import Sandbox, Synthetic

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"


@pytest.fixture(autouse=True)
def _own_folders(tmp_path_factory, monkeypatch):
    for name in ("CQS_BUCKET", "GCS_BUCKET", "CQS_ENDPOINT", "CQS_EXCHANGE", "CQS_QUOTE", "CQS_PUBLISH"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path_factory.mktemp("user")
    for name in ("DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"CQS_{name}_DIR", str(home / name.lower()))


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
