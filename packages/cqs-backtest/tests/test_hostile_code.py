"""A bucket is shared: no code that it names or holds is run before the user says so, with its hash."""

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest

from cqs_backtest.runs import read
from cqs_backtest.runs.confirm import confirm
from cqs_backtest.runs.reproducing import verify
from cqs_core import Bucket, DataError, UsageError

HELPER = """
from pathlib import Path

def bars():
    Path(__file__).with_name("ran").touch()
    return 5
"""
RULE = """
import helper
from cqs_core import Orders, Strategy
from cqs_backtest import indicators as ind

class MyRule(Strategy):
    id = "my_rule"

    def orders(self, candles):
        from deeper.levels import weight

        rising = ind.previous(candles, "close") > ind.previous(candles, "close", helper.bars())
        return Orders(enter=rising, exit=~rising, weight=weight())
"""
LEVELS = """
from . import numbers

def weight():
    return numbers.WEIGHT
"""
FILES = ("my_rule.py", "helper.py", "deeper/__init__.py", "deeper/levels.py", "deeper/numbers.py")


@pytest.fixture
def rules(tmp_path):
    """A rule, its helper module, and a package that it imports late."""
    home = tmp_path / "rules"
    (home / "deeper").mkdir(parents=True)
    for path, text in zip(FILES, (RULE, HELPER, "", LEVELS, "WEIGHT = 0.4\n"), strict=True):
        (home / path).write_text(text)
    (home / "unrelated.py").write_text("SECRET = 1\n")
    return home


@pytest.fixture
def run(cqs, rules):
    """A kept run of it, whose rule the machine no longer has."""
    code, made, _ = cqs("backtest", "run", f"{rules / 'my_rule.py'}:MyRule", "--symbols", "BTC", "--json")
    assert code == 0
    assert len(made["trades"]) > 3
    return made["run"]


def trust(bucket, run):
    """What the refusal says that one has to add."""
    with pytest.raises(UsageError) as refused:
        verify(bucket, run)
    return re.findall(r"--trust-code (\S+)", str(refused.value))


def kept(bucket, run):
    return bucket.folder / "runs" / run / "code"


def test_a_rule_is_kept_with_the_modules_that_it_imports_and_nothing_else(bucket, run, rules):
    found = {path.relative_to(kept(bucket, run)).as_posix() for path in kept(bucket, run).rglob("*.py")}
    assert found == set(FILES)
    made = read(bucket, run).manifest["strategy"]
    assert made["reference"] == "my_rule.py:MyRule"
    assert made["files"] == {path: hashlib.sha256((rules / path).read_bytes()).hexdigest() for path in FILES}
    assert str(rules) not in json.dumps(read(bucket, run).manifest)


@pytest.mark.parametrize("again", [verify, confirm])
def test_hostile_code_is_not_run_until_each_file_is_trusted_by_its_hash(bucket, run, rules, again):
    (rules / "ran").unlink()
    every = trust(bucket, run)
    assert [text.partition(":")[0] for text in sorted(every)] == sorted(FILES)
    for some in ((), every[1:], every[:-1], [f"{path}:{64 * '0'}" for path in FILES]):
        with pytest.raises(UsageError, match="--trust-code"):
            again(bucket, run, some)
    assert not list(Path(bucket.folder).parent.rglob("ran"))
    assert again(bucket, run, every)["run"] == run
    assert not (rules / "ran").exists(), "the kept code runs, not that of the machine"


def test_a_run_is_made_again_on_another_machine(bucket, run, rules, tmp_path, monkeypatch):
    shutil.rmtree(rules)
    monkeypatch.setenv("CQS_STATE_DIR", str(tmp_path / "another"))
    moved = Bucket(str(shutil.copytree(bucket.folder, tmp_path / "moved")))
    assert verify(moved, run, trust(moved, run)) == {"run": run, "verdict": "identical", "because": []}


def test_code_that_was_exchanged_needs_trust_anew_and_is_named(bucket, run):
    every = trust(bucket, run)
    (kept(bucket, run) / "helper.py").write_text("def bars():\n    return 6\n")
    with pytest.raises(UsageError, match=r"--trust-code helper\.py:"):
        verify(bucket, run, every)
    because = verify(bucket, run, trust(bucket, run) + every)["because"]
    assert because[0] == "code: helper.py in the run's folder is not what the manifest says"
    assert any(line.startswith("result: ") for line in because)


def test_a_file_that_was_added_needs_trust_as_well(bucket, run):
    every = trust(bucket, run)
    (kept(bucket, run) / "numpy.py").write_text("raise SystemExit\n")
    with pytest.raises(UsageError, match=r"--trust-code numpy\.py:"):
        verify(bucket, run, every)


def test_an_edited_helper_is_named_on_the_machine_that_has_it(bucket, run, rules):
    (rules / "helper.py").write_text(HELPER.replace("5", "6"))
    found = verify(bucket, run, trust(bucket, run))
    assert found["because"] == ["code: helper.py was edited on this machine since; the kept one was run"]


@pytest.mark.parametrize(
    "reference", ["{rules}/my_rule.py:MyRule", "../../../rules/my_rule.py:MyRule", "./my_rule.py:MyRule", "my_rule.py"]
)
def test_a_hostile_manifest_runs_no_file_of_the_readers_machine(bucket, run, rules, reference, monkeypatch):
    monkeypatch.chdir(rules)
    (rules / "ran").unlink()
    every = trust(bucket, run)
    change(bucket, run, lambda made: made["strategy"].update(reference=reference.format(rules=rules)))
    for again in (verify, confirm):
        try:
            told = str(again(bucket, run, every))
        except UsageError as error:
            told = str(error)
        assert "my_rule" in told
    assert not (rules / "ran").exists()


def test_a_hostile_manifest_cannot_lead_out_of_its_folder(bucket, run):
    change(bucket, run, lambda made: made.update(id="../../elsewhere"))
    assert read(bucket, run).id == run


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"strategy": []}', b'{"strategy": {"name": "x"}}', b"\xff"])
def test_a_damaged_manifest_is_one_line(bucket, run, data):
    (bucket.folder / "runs" / run / "manifest.json").write_bytes(data)
    with pytest.raises(DataError, match=f"{run}/manifest.json is damaged"):
        verify(bucket, run)


def test_two_rules_each_have_a_helper_of_their_own(rules, tmp_path):
    from cqs_backtest.loading.strategies import find

    shutil.copytree(rules, tmp_path / "others")
    (tmp_path / "others" / "helper.py").write_text("def bars():\n    return 6\n")
    one, other = (type(find(f"{home}/my_rule.py:MyRule")) for home in (rules, tmp_path / "others"))
    assert [each.orders.__globals__["helper"].bars() for each in (one, other)] == [5, 6]


def test_the_command_says_what_to_add_and_runs_with_it(cqs, bucket, run):
    code, _, said = cqs("backtest", "verify", run, "--json")
    assert code == 2
    assert said.count("\n") == 1
    options = [word for text in re.findall(r"--trust-code (\S+)", said) for word in ("--trust-code", text)]
    code, found, _ = cqs("backtest", "verify", run, *options, "--json")
    assert (code, found["verdict"]) == (0, "identical")
    assert cqs("backtest", "confirm", run, *options, "--json")[1]["parity"] == "ok"


def change(bucket, run, edit):
    path = bucket.folder / "runs" / run / "manifest.json"
    made = json.loads(path.read_text())
    edit(made)
    path.write_text(json.dumps(made))
