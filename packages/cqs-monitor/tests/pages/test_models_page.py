"""The Models page: malicious models are shown and never run; trusted ones are evaluated by a click."""

from __future__ import annotations

import json
import pickle

import pytest
from modelfiles import Touching, trained, wandering
from playwright.sync_api import expect

from cqs_core import Bucket
from cqs_monitor.models.evaluation.regimes import stored

pytestmark = [pytest.mark.browser, pytest.mark.once]
UNUSUAL = b"\x80\x04cmylib.regimes\nModel\nq\x00)R."  # calls a class of a package that no one knows
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def bucket(home):
    (home / "bucket").mkdir()
    bucket = Bucket(str(home / "bucket"))
    good = trained(wandering(bucket))
    evil = pickle.dumps({"model": Touching(home / "was-run"), HOSTILE: 1})
    files = {"good": good, "evil": evil, "torn": good[:300], "unusual": UNUSUAL}
    for version, data in files.items():
        bucket.write(f"models/regime_classifier_{version}.pkl", data)
        about = {"version": version, "description": HOSTILE, "metrics": {"accuracy": 0.5, HOSTILE: 1}}
        bucket.write(f"models/metadata/{version}.json", json.dumps(about).encode())
    bucket.write("models/regime_classifier_latest.pkl", good)
    return bucket


@pytest.fixture
def url(dashboard, home, bucket):
    return dashboard(bucket.folder, **{f"CQS_{name}_DIR": str(home / name) for name in ("DATA", "STATE", "CACHE")})


def test_a_malicious_model_is_shown_and_never_run(url, visit, home):
    page = visit(f"{url}?view=models&version=evil").page
    page.get_by_text("posix.system").first.wait_for()
    page.get_by_text("It is never loaded").wait_for()
    expect(page.get_by_role("button", name="Trust it")).to_have_count(0)
    page.get_by_text("good · latest").click()
    page.get_by_text("Inspection of good").wait_for()
    page.wait_for_url("**version=good*")
    assert not (home / "was-run").exists()


def test_a_torn_model_says_so(url, visit):
    page = visit(f"{url}?view=models&version=torn").page
    page.get_by_text("truncated at").first.wait_for()


def test_trust_then_evaluate_by_click(url, visit, bucket):
    page = visit(f"{url}?view=models&version=good").page
    trust = page.get_by_role("button", name="Trust it")
    expect(trust).to_be_disabled()
    page.get_by_label("I know who made this model").click()
    trust.click()
    page.get_by_role("button", name="Evaluate").click()
    page.get_by_text("Regimes on the price").wait_for()
    page.get_by_text("PnL by regime").wait_for()
    assert stored(bucket, "good", "upbit", "BTC/KRW") is not None


def test_unusual_code_has_a_box_of_its_own_and_trust_is_taken_back(url, visit):
    page = visit(f"{url}?view=models&version=unusual").page
    page.get_by_text("mylib.regimes.Model").first.wait_for()
    trust = page.get_by_role("button", name="Trust it")
    maker, code = "I know who made this model", "I know what its unusual code does"
    for given, agreed in ((maker, False), (code, True), (maker, False), (maker, True)):
        page.get_by_label(given).click()
        expect(trust).to_be_enabled(enabled=agreed)
    trust.click()
    page.get_by_role("button", name="Take trust back").click()
    expect(page.get_by_label(code)).not_to_be_checked()
    expect(trust).to_be_disabled()


@pytest.mark.parametrize("version", ["good", "evil"])
def test_it_fits_a_phone_in_the_dark(url, visit, version):
    seen = visit(f"{url}?view=models&version={version}", width=420, dark=True)
    seen.page.get_by_text(f"Inspection of {version}").wait_for()
    seen.wait_to_fit()


def test_an_empty_bucket_says_what_to_do(dashboard, visit, tmp_path):
    page = visit(dashboard(tmp_path) + "?view=models").page
    page.get_by_text("No models in this bucket").wait_for()
