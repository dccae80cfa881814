"""`cqs models` as a process: the JSON that scripts read, and refusals in one line."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest
from modelfiles import CLASSES, FEATURES, Touching, trained

from cqs_core import Bucket
from cqs_core.testing.command import cqs, cqs_json, refusal
from cqs_core.testing.fixtures import gcs_bucket, gcs_emulator

pytestmark = pytest.mark.once

__all__ = ["gcs_bucket", "gcs_emulator"]


def test_list_and_inspect(folder, upload, touching, put):
    upload("v1", pickle.dumps({"classes_": ["a", "b"]}))
    upload("v2", pickle.dumps(touching))
    put("models/metadata/gone.json", b"{}")
    rows = {row["version"]: row for row in cqs_json("models", "list", "--bucket", folder)}
    assert rows["v1"]["verdict"] == "nothing unusual found"
    assert rows["v2"]["verdict"] == "dangerous"
    assert (rows["v2"]["latest"], rows["v1"]["latest"]) == (True, False)
    assert (rows["gone"]["state"], rows["gone"]["size"], rows["gone"]["verdict"]) == ("orphan metadata", None, None)
    assert all(len(rows[v]["sha256"]) == 64 for v in ("v1", "v2"))
    seen = cqs_json("models", "inspect", "latest", "--bucket", folder)
    assert (seen["version"], seen["verdict"], seen["imports"]) == ("v2", "dangerous", ["posix.system"])
    assert cqs_json("models", "inspect", "v1", "--bucket", folder)["classes"] == ["a", "b"]
    assert "metadata" in cqs_json("models", "show", "v1", "--bucket", folder)
    cqs("models", "list", "--bucket", folder)
    cqs("models", "inspect", "v2", "--bucket", folder)


def test_trust_and_evaluate(folder, upload, lake):
    upload("v9", trained(lake))
    assert "not trusted" in refusal("models", "evaluate", "v9", "--bucket", folder)
    sha = cqs_json("models", "show", "v9", "--bucket", folder)["sha256"]
    assert cqs_json("models", "trust", sha, "--bucket", folder)["trusted"] is True
    told = cqs_json("models", "evaluate", "v9", "--bucket", folder)
    assert told["classes"] == CLASSES
    assert told["features"] == FEATURES
    assert told["regimes"] == "regimes/v9/upbit/BTC-KRW.parquet"
    assert (folder / told["regimes"]).is_file()
    assert "regimes:" in cqs("models", "evaluate", "v9", "--dry", "--bucket", folder).stdout
    assert cqs_json("models", "trust", sha, "--revoke", "--bucket", folder)["trusted"] is False
    assert "not trusted" in refusal("models", "evaluate", "v9", "--bucket", folder)


def test_refusals_name_the_remedy(folder, upload, touching):
    upload("v9", pickle.dumps(touching))
    assert "there are: v9" in refusal("models", "inspect", "v8", "--bucket", folder)
    assert "64 hexadecimal" in refusal("models", "trust", "v9", "--bucket", folder)
    sha = cqs_json("models", "show", "v9", "--bucket", folder)["sha256"]
    assert "dangerous" in refusal("models", "trust", sha, "--bucket", folder)
    assert "dangerous" in refusal("models", "evaluate", "v9", "--bucket", folder)


def test_unusual_code_is_named_and_trust_needs_a_flag(folder, upload):
    import json

    from click.testing import CliRunner

    from cqs_monitor.commands.models import models

    def run(*args: str):
        return CliRunner().invoke(models, [*args, "--bucket", str(folder), "--json"])

    upload("v1", b"\x80\x04\x8c\x0bdataclasses\x8c\x05field\x93)R.")
    seen = json.loads(run("inspect", "v1").stdout)
    assert (seen["verdict"], seen["unusual"]) == ("imports unusual code", ["dataclasses.field"])
    refused = run("trust", seen["sha256"])
    assert "dataclasses.field" in str(refused.exception)
    assert "--unusual-code" in str(refused.exception)
    assert json.loads(run("trust", seen["sha256"], "--unusual-code").stdout)["trusted"] is True


def test_models_of_a_remote_bucket(gcs_bucket, proof):
    bucket = Bucket(gcs_bucket)
    data = pickle.dumps(Touching(proof))
    for key in ("regime_classifier_v1.pkl", "regime_classifier_latest.pkl"):
        bucket.write(f"models/{key}", data)
    (row,) = cqs_json("models", "list", "--bucket", gcs_bucket)
    assert (row["version"], row["latest"], row["verdict"]) == ("v1", True, "dangerous")


@pytest.mark.parametrize("command", [["models", "list"], ["models", "inspect", "v1"], ["monitor", "alerts"]])
def test_looking_loads_no_library_that_models_are_made_of(folder, upload, command):
    upload("v1", pickle.dumps({"a": 1}))
    code = (
        "import sys; from cqs_core.cli import run_command; "
        f"run_command({[*command, '--bucket', str(folder)]!r}); print(*sys.modules, file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"sklearn", "joblib", "torch", "panel", "apprise", "ccxt"} & set(ran.stderr.split())
