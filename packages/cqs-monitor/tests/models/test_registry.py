"""The models of a bucket, as uploads leave them."""

from __future__ import annotations

import pickle

import pytest

from cqs_core import UnknownName, UsageError
from cqs_monitor.models.registry import model, models
from cqs_monitor.models.trust import distrust, trust, trusted


def test_a_whole_upload_is_ok_and_latest_is_told_by_its_bytes(bucket, upload):
    upload("v1", pickle.dumps(["one"]), metrics={"accuracy": 0.5})
    upload("v2", pickle.dumps(["two"]))
    upload("v1b", pickle.dumps(["one", "b"]), latest=False)
    rows = {row.version: row for row in models(bucket)}
    assert set(rows) == {"v1", "v2", "v1b"}
    assert [row.state for row in rows.values()] == ["ok"] * 3
    assert [version for version, row in rows.items() if row.latest] == ["v2"]
    assert rows["v1"].metadata["metrics"] == {"accuracy": 0.5}
    assert model(bucket, "latest").version == "v2"


def test_orphans_and_halves_are_shown_as_such(bucket, upload, put):
    upload("alone", pickle.dumps([1]), latest=False, metadata=False)
    put("models/metadata/gone.json", b"{}")
    upload("half", pickle.dumps(list(range(3000)))[:500], latest=False, file_size_bytes=5000)
    upload("torn", pickle.dumps(list(range(3000)))[:500], latest=False, metadata=False)
    upload("nothing", b"", latest=False)
    states = {row.version: row.state for row in models(bucket)}
    assert states == {
        "alone": "orphan model",
        "gone": "orphan metadata",
        "half": "half upload",
        "torn": "half upload",
        "nothing": "half upload",
    }
    assert all(row.problem for row in models(bucket))


def test_a_latest_without_its_version_is_shown(bucket, put, upload):
    upload("v1", pickle.dumps([1]), latest=False)
    put("models/regime_classifier_latest.pkl", pickle.dumps([2]))
    row = model(bucket, "latest")
    assert (row.version, row.state) == ("latest", "half upload")


@pytest.mark.parametrize("data", [b"{nope", b"[1]", b"\xff\xfe", b"[" * 100_000, b"x" * (2 << 20)])
def test_metadata_that_is_no_json_is_a_finding(bucket, upload, put, data):
    upload("v1", pickle.dumps([1]))
    put("models/metadata/v1.json", data)
    row = model(bucket, "v1")
    assert "metadata" in row.problem
    assert row.inspection.verdict == "nothing unusual found"


def test_an_empty_bucket_has_no_models_and_says_what_to_do(bucket):
    assert models(bucket) == []
    with pytest.raises(UnknownName, match="regime_classifier_VERSION"):
        model(bucket, "v1")


def test_a_changed_object_is_looked_at_again(bucket, upload, touching):
    upload("v1", pickle.dumps([1]))
    assert model(bucket, "v1").inspection.verdict == "nothing unusual found"
    upload("v1", pickle.dumps(touching))
    assert model(bucket, "v1").inspection.verdict == "dangerous"


def test_an_object_that_stays_is_looked_at_once(bucket, upload, own_cache):
    upload("v1", pickle.dumps([1]))
    first = models(bucket)
    remembered = sorted((own_cache / "models").iterdir())
    assert [row.inspection for row in models(bucket)] == [row.inspection for row in first]
    assert sorted((own_cache / "models").iterdir()) == remembered


def test_trust_is_by_hash_and_can_be_taken_back(bucket, upload):
    upload("v1", pickle.dumps([1]))
    row = model(bucket, "v1")
    assert trust(models(bucket), row.sha256).version == "v1"
    assert set(trusted()) == {row.sha256}
    distrust(row.sha256)
    assert trusted() == {}


def test_what_is_dangerous_or_unreadable_or_unknown_is_never_trusted(bucket, upload, touching):
    upload("bad", pickle.dumps(touching))
    upload("torn", pickle.dumps(list(range(3000)))[:500], latest=False)
    rows = {row.version: row for row in models(bucket)}
    with pytest.raises(UsageError, match="dangerous"):
        trust(list(rows.values()), rows["bad"].sha256)
    with pytest.raises(UsageError, match="could not be inspected whole"):
        trust(list(rows.values()), rows["torn"].sha256)
    with pytest.raises(UnknownName):
        trust(list(rows.values()), "0" * 64)
    with pytest.raises(UsageError, match="64 hexadecimal"):
        trust(list(rows.values()), "v1")
    assert trusted() == {}
