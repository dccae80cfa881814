"""Manifests of any kind: one that cannot be read is named, and hides no other run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from cqs_backtest.runs.store import listing, survey
from cqs_core import Bucket
from cqs_core.cli import run_command
from cqs_core.files import NewerFormat

BEFORE = Path(__file__).parent / "written_before"
[RUN] = [path.parent for path in BEFORE.rglob("runs/*/manifest.json")]
GOOD = json.loads((RUN / "manifest.json").read_text())
ODD = "20250101T000000-000000-odd"
WRONG = (None, [], "x", 5, {}, True, [None], {"a": []})


def mutants():
    """Every value of a manifest, and of its parts, replaced by something of another kind."""
    for value in WRONG:
        yield f"{value!r}", value
        for key in GOOD:
            yield f"{key}={value!r}", GOOD | {key: value}
        for part in ("strategy", "badges", "costs"):
            for key in GOOD[part]:
                yield f"{part}.{key}={value!r}", GOOD | {part: GOOD[part] | {key: value}}
        yield f"performance.sharpe={value!r}", GOOD | {"performance": GOOD["performance"] | {"sharpe": value}}


MUTANTS = dict(mutants())


@pytest.fixture
def bucket(tmp_path):
    """A good run, and a place for an odd one."""
    for name in (RUN.name, ODD):
        shutil.copytree(RUN, tmp_path / "runs" / name)
    return Bucket(str(tmp_path))


def put(bucket, made):
    bucket.write(f"runs/{ODD}/manifest.json", json.dumps(made).encode())


@pytest.mark.once
def test_any_value_of_another_kind_hides_no_run_and_ends_no_command(bucket, capsys):
    for name, made in MUTANTS.items():
        put(bucket, made)
        for words in (["list"], ["list", "--json"], ["compare", ODD, RUN.name]):
            code = run_command(["backtest", *words, "--bucket", bucket.url])
            said = capsys.readouterr()
            assert code in (0, 1), (name, words, said.err)
            assert "Traceback" not in said.err, name
            assert words[0] != "list" or RUN.name in said.out, (name, words)


@pytest.mark.parametrize("text", [b"", b"{", b"[" * 100_000, b"\xff\xfe", b"null", b'"x"'])
def test_a_file_that_is_no_object_is_a_damaged_run(bucket, text):
    bucket.write(f"runs/{ODD}/manifest.json", text)
    found, damaged = survey(bucket)
    assert [made["id"] for made in found] == [RUN.name]
    assert [str(error).partition(":")[0] for error in damaged] == [f"runs/{ODD}/manifest.json is damaged"]


def test_a_wrong_value_is_named(bucket):
    put(bucket, GOOD | {"performance": {"sharpe": "x"}})
    [damage] = survey(bucket)[1]
    assert "performance.sharpe: input should be a valid number" in str(damage)


def test_a_run_of_a_newer_version_is_named_and_hides_no_other(bucket, capsys):
    put(bucket, GOOD | {"format": 2, "written_by": "cqs-backtest 7"})
    [newer] = survey(bucket)[1]
    assert isinstance(newer, NewerFormat)
    assert [made["id"] for made in listing(bucket)] == [RUN.name]
    assert run_command(["backtest", "list", "--bucket", bucket.url]) in (0, 1)
    said = capsys.readouterr()
    assert RUN.name in said.out
    assert "format 2, written by cqs-backtest 7; this version reads 1: upgrade cqs-backtest" in said.err
    assert run_command(["backtest", "show", ODD, "--bucket", bucket.url]) == 1
