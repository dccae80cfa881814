"""One watcher a bucket."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from cqs_core import Bucket
from cqs_monitor.alerts import lease
from cqs_monitor.alerts.lease import FOLDER, HeldByAnother, Lease


def test_one_of_several_racers_wins(bucket):
    leases = [Lease(bucket, holder=str(n)) for n in range(8)]
    assert sum(map(_took, leases)) == 1


def test_one_of_several_racers_wins_on_gcs(gcs_bucket):
    leases = [Lease(Bucket(gcs_bucket), holder=str(n)) for n in range(6)]
    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(_took, leases)) == 1


@pytest.fixture
def later(monkeypatch):
    """Moves the clock of leases forward by seconds."""
    moved = [0.0]
    monkeypatch.setattr(lease.time, "time", lambda now=time.time: now() + moved[0])
    return lambda seconds: moved.append(moved.pop() + seconds)


def test_a_lease_is_renewed_expires_and_is_given_back(bucket, later):
    first, second = Lease(bucket, 90, "first"), Lease(bucket, 90, "second")
    first.keep()
    with pytest.raises(HeldByAnother, match="first"):
        second.keep()
    later(60)
    first.keep()
    later(60)
    with pytest.raises(HeldByAnother):
        second.keep()
    later(60)
    second.keep()
    with pytest.raises(HeldByAnother, match="second"):
        first.keep()
    second.give_back()
    first.keep()
    assert len(bucket.list(FOLDER)) <= 2


def test_a_lease_that_cannot_be_read_expires_too(bucket, put, later):
    put(f"{FOLDER}/000000000007.json", b"{torn")
    mine = Lease(bucket, 40)
    with pytest.raises(HeldByAnother):
        mine.keep()
    later(60)
    mine.keep()
    assert json.loads(bucket.read(f"{FOLDER}/000000000008.json"))["holder"] == mine.holder


def _took(one: Lease) -> bool:
    try:
        one.keep()
    except HeldByAnother:
        return False
    return True
