"""The Alerts page: what is broken, rules that are checked while they are written, a test message."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect

from cqs_core import Bucket
from cqs_core.testing.waiting import until

pytestmark = pytest.mark.browser
HOSTILE = "<script>alert(1)</script>"
RULES = """\
[[rule]]
name = "silent"
kind = "heartbeat"

[[rule]]
name = "idle"
kind = "no_trades"
over = "1d"
"""


@pytest.fixture(scope="module")
def bucket(tmp_path_factory):
    bucket = Bucket(str(tmp_path_factory.mktemp("alerts")))
    bucket.write("config/alerts.toml", RULES.encode())
    bucket.write("logs/.heartbeat", f"{time.time() - 3600}".encode())
    head = b"timestamp,date,action,symbol,price,quantity,amount,profit_pct,profit_krw\r\n"
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 5 * 86_400))
    row = f"{day}T10:00:00.5+09:00,{day},BUY,BTC,100.0,1.0,100.0,,\r\n".encode()
    for account in ("Main", "<script>alert(1)<b>"):
        bucket.write(f"logs/{account}/trades_{day}.csv", head + row)
    return bucket


@pytest.fixture
def url(dashboard, bucket):
    return dashboard(bucket.folder, CQS_ALERT_DEAD="json://someone:s3cr3t@127.0.0.1:9/")


def test_what_is_broken_is_shown(url, visit):
    page = visit(f"{url}?view=alerts").page
    page.get_by_text(re.compile(r"heartbeat is old: 1(\.\d+)? h, over 7 min")).wait_for()
    page.get_by_text("<script>alert(1)<b>").first.wait_for()
    page.get_by_text("nothing is sent: run cqs monitor watch").wait_for()


def test_a_rule_is_checked_while_it_is_written_tried_and_saved(url, visit, bucket):
    page = visit(f"{url}?view=alerts").page
    page.get_by_text("2 rules would be in force").wait_for()
    editor = page.get_by_label("config/alerts.toml")
    editor.fill(RULES + '\n[[rule]]\nkind = "chrun"\n')
    page.get_by_text("did you mean 'churn'?").wait_for()
    page.get_by_text("line 11").wait_for()
    editor.fill(RULES.replace('"1d"', '"2d"'))
    page.get_by_text("did you mean").wait_for(state="detached")
    page.get_by_role("button", name="Try on the past").click()
    page.get_by_text("It would have fired").wait_for()
    page.get_by_role("button", name="Save").click()
    until(lambda: b'over = "2d"' in bucket.read("config/alerts.toml"))


def test_a_change_of_somebody_else_is_not_overwritten(url, visit, bucket):
    bucket.write("config/alerts.toml", RULES.encode())
    page = visit(f"{url}?view=alerts").page
    page.get_by_text("2 rules would be in force").wait_for()
    theirs = RULES + "# theirs\n"
    bucket.write("config/alerts.toml", theirs.encode())
    page.get_by_label("config/alerts.toml").fill(RULES + "# mine\n")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("changed meanwhile").wait_for()
    assert bucket.read("config/alerts.toml").decode() == theirs
    page.reload()  # neither text is lost
    page.get_by_text("what you wrote").wait_for()
    expect(page.get_by_label("config/alerts.toml")).to_have_value(RULES + "# mine\n")
    page.get_by_text("-# theirs").wait_for()
    page.get_by_role("button", name="Overwrite it with mine").click()
    until(lambda: bucket.read("config/alerts.toml").decode() == RULES + "# mine\n")
    page.get_by_text("Saved at").wait_for()


def test_a_result_belongs_to_the_rule_that_was_tried_and_broken_text_is_not_saved(url, visit, bucket):
    bucket.write("config/alerts.toml", RULES.encode())
    page = visit(f"{url}?view=alerts").page
    page.get_by_text("2 rules would be in force").wait_for()
    editor, result = page.get_by_label("config/alerts.toml"), page.get_by_text("It would have fired")
    page.get_by_role("button", name="Try on the past").click()
    result.wait_for()
    editor.fill(RULES + "# a remark")
    page.get_by_text("not saved yet").wait_for()
    expect(result).to_be_visible()
    editor.fill(RULES + "[[rule")
    result.wait_for(state="detached")
    page.get_by_text("fix this to save").wait_for()
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    page.get_by_role("button", name="Discard changes").click()
    page.get_by_text("2 rules would be in force").wait_for()
    expect(editor).to_have_value(RULES)


def test_a_test_message_that_fails_shows_no_secret(url, visit):
    page = visit(f"{url}?view=alerts").page
    page.get_by_role("button", name="Send a test message").click()
    page.get_by_text("did not take the message").wait_for(timeout=40_000)
    assert "s3cr3t" not in page.content()


def test_it_fits_a_phone_in_the_dark(url, visit):
    seen = visit(f"{url}?view=alerts", width=420, dark=True)
    seen.page.get_by_text("heartbeat is old: ").wait_for()
    seen.wait_to_fit()
