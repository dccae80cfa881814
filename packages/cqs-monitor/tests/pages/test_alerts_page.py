"""The Alerts page: what is broken, rules that are checked while they are written, a test message."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect

from cqs_core import Bucket
from cqs_core.testing.waiting import until
from cqs_monitor.alerts.acknowledgements import acknowledged

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


def choose(page, label, option):
    """Choose in a list of Material."""
    page.get_by_label(label, exact=True).click()
    page.get_by_role("menuitem", name=option, exact=True).click()


def test_what_is_broken_is_shown(url, visit):
    page = visit(f"{url}?view=alerts").page
    page.get_by_text(re.compile(r"heartbeat is old: 1(\.\d+)? h, over 7 min")).wait_for()
    page.get_by_text("<script>alert(1)<b>").first.wait_for()
    page.get_by_text("nothing is sent: start one below").wait_for()


def test_a_rule_is_checked_while_it_is_written_tried_and_saved(url, visit, bucket):
    page = visit(f"{url}?view=alerts&rules=toml").page
    page.get_by_text("2 rules would be in force").wait_for()
    editor = page.get_by_label("config/alerts.toml")
    editor.fill(RULES + '\n[[rule]]\nkind = "chrun"\n')
    page.get_by_text("did you mean 'churn'?").wait_for()
    page.get_by_text("line 11").wait_for()
    editor.fill(RULES.replace('"1d"', '"2d"'))
    page.get_by_text("did you mean").wait_for(state="detached")
    page.get_by_role("button", name="Form").click()
    choose(page, "Rule", "idle")
    page.get_by_role("button", name="Try on the past").click()
    page.get_by_text("It would have fired").wait_for()
    page.get_by_role("button", name="Save").click()
    until(lambda: b'over = "2d"' in bucket.read("config/alerts.toml"))


def test_a_rule_is_changed_and_made_by_form_and_comments_of_the_file_stay(url, visit, bucket):
    text = RULES.replace('over = "1d"', 'over = "1d"  # weekends are quiet')
    bucket.write("config/alerts.toml", text.encode())
    page = visit(f"{url}?view=alerts").page
    choose(page, "Rule", "idle")
    over = page.get_by_label("For longer than")
    expect(over).to_have_value("1d")
    over.fill("two days")
    over.press("Enter")
    page.get_by_text('write "7m", "12h" or "3d"').wait_for()
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    over.fill("2d")
    over.press("Enter")
    page.get_by_text("not saved yet").wait_for()
    page.get_by_role("button", name="New rule").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("new rule")
    choose(page, "Kind", "daily_loss")
    page.get_by_text("needs a threshold").wait_for()
    page.get_by_label("More than").fill("300,000")
    page.get_by_label("More than").press("Enter")
    page.get_by_text("3 rules would be in force; not saved yet").wait_for()
    page.get_by_role("button", name="Save").click()
    added = '\n[[rule]]\nname = "new rule"\nkind = "daily_loss"\nover = 300000\n'
    until(lambda: bucket.read("config/alerts.toml").decode() == text.replace('"1d"', '"2d"') + added)


@pytest.mark.once
def test_an_alert_is_acknowledged_and_a_watcher_is_started_and_stopped(url, visit, bucket):
    bucket.write("config/alerts.toml", RULES.encode())
    page = visit(f"{url}?view=alerts").page
    page.get_by_role("button", name="Acknowledge").first.click()
    page.get_by_text("acknowledged", exact=True).first.wait_for()
    assert len(acknowledged(bucket)) == 1
    page.get_by_role("button", name="Take back").click()
    until(lambda: not acknowledged(bucket))
    page.get_by_role("button", name="Start a watcher").click()
    page.get_by_text(re.compile("watches; last round .* ago; a job of this machine")).wait_for()
    expect(page.locator(".cqs-dock .job")).to_have_count(0)  # it would stay there for days
    page.get_by_role("button", name="Stop it").click()
    page.get_by_text("No one watches").wait_for()


def test_a_change_of_somebody_else_is_not_overwritten(url, visit, bucket):
    bucket.write("config/alerts.toml", RULES.encode())
    page = visit(f"{url}?view=alerts&rules=toml").page
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
    choose(page, "Rule", "idle")
    page.get_by_role("button", name="Try on the past").click()
    result.wait_for()
    page.get_by_role("button", name="TOML").click()
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
    page.get_by_text("did not take the message").wait_for()
    assert "s3cr3t" not in page.content()


def test_it_fits_a_phone_in_the_dark(url, visit):
    seen = visit(f"{url}?view=alerts", width=420, dark=True)
    seen.page.get_by_text("heartbeat is old: ").first.wait_for()
    seen.wait_to_fit()
