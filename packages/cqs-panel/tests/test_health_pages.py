"""What `/healthz` answers about a bucket that is there, gone, or slow."""

from __future__ import annotations

import pytest

from cqs_panel.guard import health_pages


@pytest.fixture(autouse=True)
def _forget():
    health_pages._reachable.cache_clear()
    yield
    health_pages._reachable.cache_clear()


def test_a_bucket_that_is_there(tmp_path, monkeypatch):
    monkeypatch.setenv("CQS_BUCKET", str(tmp_path))
    assert health_pages._reachable(1)


def test_a_bucket_that_is_gone_and_comes_back(tmp_path, monkeypatch):
    monkeypatch.setenv("CQS_BUCKET", str(tmp_path / "late"))
    assert not health_pages._reachable(1)
    (tmp_path / "late").mkdir()
    assert not health_pages._reachable(1)  # an answer serves some seconds
    assert health_pages._reachable(2)


def test_a_bucket_that_hangs(tmp_path, monkeypatch):
    monkeypatch.setenv("CQS_BUCKET", str(tmp_path))
    monkeypatch.setattr(health_pages, "_SECONDS", 0.05)
    from threading import Event

    never = Event()
    monkeypatch.setattr(health_pages.Bucket, "contact", lambda _: never.wait(30))
    assert not health_pages._reachable(1)
    never.set()
