"""What the tests of the whole share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cqs_core import permission

SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real candles, exchange responses and bot logs, which are not part of the project."""
    if not SHARED.is_dir():
        pytest.skip(f"needs the real data of ../shared/data, which is not there ({SHARED})")
    return SHARED


def _leave_the_user_alone(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing reads or writes what belongs to the user who runs the tests."""
    for name in (
        "CQS_BUCKET",
        "GCS_BUCKET",
        "CQS_ENDPOINT",
        "CQS_EXCHANGE",
        "CQS_QUOTE",
        "GOOGLE_APPLICATION_CREDENTIALS",
    ):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path_factory.mktemp("user")
    for name in ("DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"CQS_{name}_DIR", str(home / name.lower()))


@pytest.fixture(autouse=True, scope="session")
def _folders_of_shared_fixtures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Servers and demos that several tests share start before any test has folders of its own."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        _leave_the_user_alone(tmp_path_factory, monkeypatch)
        yield


@pytest.fixture(autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    _leave_the_user_alone(tmp_path_factory, monkeypatch)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[str]:
    """Base URL of a sandbox exchange on synthetic candles."""
    from cqs_data.sandbox import Sandbox, Synthetic

    with Sandbox(Synthetic()) as running:
        yield running.url


@pytest.fixture(scope="session")
def real_sandbox(shared_data: Path) -> Iterator[str]:
    """Base URL of a sandbox exchange on the real candles."""
    from cqs_data.sandbox import CandleFolder, Sandbox

    with Sandbox(CandleFolder(shared_data / "candles")) as running:
        yield running.url


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bucket as `cqs demo` makes it, made once however many processes test; not to be written to."""
    from buckets import make_demo

    base = tmp_path_factory.getbasetemp()
    return make_demo((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "demo")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """A test runs for the owner of its process, whatever server one before it has made here."""
    permission._refusals.clear()
