"""One watcher a bucket."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from cqs_core import Bucket
from cqs_monitor.alerts.lease import FOLDER, HeldByAnother, Lease


def test_one_of_several_racers_wins(bucket):
    leases = [Lease(bucket, holder=str(n)) for n in range(8)]
    assert sum(_took(lease) for lease in leases) == 1


def test_one_of_several_racers_wins_on_gcs(gcs_bucket):
    leases = [Lease(Bucket(gcs_bucket), holder=str(n)) for n in range(6)]
    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(_took, leases)) == 1


def test_a_lease_is_renewed_expires_and_is_given_back(bucket):
    first, second = Lease(bucket, 0.6, "first"), Lease(bucket, 0.6, "second")
    first.keep()
    with pytest.raises(HeldByAnother, match="first"):
        second.keep()
    time.sleep(0.4)
    first.keep()
    time.sleep(0.4)
    with pytest.raises(HeldByAnother):
        second.keep()
    time.sleep(0.4)
    second.keep()
    with pytest.raises(HeldByAnother, match="second"):
        first.keep()
    second.give_back()
    first.keep()
    assert len(bucket.list(FOLDER)) <= 2


def test_a_lease_that_cannot_be_read_expires_too(bucket, put):
    put(f"{FOLDER}/000000000007.json", b"{torn")
    lease = Lease(bucket, 0.3)
    with pytest.raises(HeldByAnother):
        lease.keep()
    time.sleep(0.4)
    lease.keep()
    assert json.loads(bucket.read(f"{FOLDER}/000000000008.json"))["holder"] == lease.holder


def _took(lease: Lease) -> bool:
    try:
        lease.keep()
    except HeldByAnother:
        return False
    return True
