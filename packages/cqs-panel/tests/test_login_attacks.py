"""Guessed and stolen sessions, and a viewer who sends an operator's messages, against a server of two processes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from members import OPERATOR, VIEWER, Window, cookie, cookies_of, fetch, log_in, login_form, own_users, page_token
from strangers import knock

from cqs_core import jobs
from cqs_core.testing.waiting import until
from cqs_panel.login import logins, users
from cqs_panel.testing.server import ForkedServer

pytestmark = pytest.mark.once

ENDED = 4401
CHANGES = {
    "write": "changed/write",
    "create": "changed/create",
    "load": "changed/load",
    "order": "placed",
    "job": "started",
}
REFUSED = (*CHANGES, "delete", "thread")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A server of two processes with a plugin's view, its users and its bucket."""
    home = tmp_path_factory.mktemp("attacked")
    (home / "bucket").mkdir()
    with own_users(home):
        view = Path(__file__).with_name("changing_view.py")
        with ForkedServer(home / "bucket", [view], num_procs=2, log=home / "log") as server:
            server.home, server.bucket = home, home / "bucket"
            yield server


@pytest.fixture
def url(served):
    return served.url.rstrip("/")


@pytest.fixture(autouse=True)
def fresh(served):
    """The same bucket for each test."""
    for path in sorted(served.bucket.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (served.bucket / "kept").touch()


async def opened(url, user, cookies=None):
    cookies = cookies or cookie(url, user)
    return await Window.open(url, page_token(url, cookies), cookies)


def wait_for(path):
    """Until a file is there; only a broken program takes so long."""
    until(path.exists, 30)


async def test_an_operator_changes_what_a_viewer_cannot_with_the_same_messages(url, served):
    viewer = await opened(url, VIEWER)
    for label in REFUSED:
        await viewer.set(label, "disabled", False)  # an operator's browser has them so
        await viewer.click(label)
    for label in REFUSED:
        wait_for(served.bucket / f"refused-{label}")
    left = {path.name for path in served.bucket.rglob("*")}
    assert left == {"kept", *(f"refused-{label}" for label in REFUSED)}
    assert jobs.listing() == []
    await viewer.click("seen")
    wait_for(served.bucket / "seen")  # the window of the viewer goes on
    operator = await opened(url, OPERATOR)
    for label in CHANGES:
        await operator.click(label)
    for path in CHANGES.values():
        wait_for(served.bucket / path)
    (served.bucket / "refused-thread").unlink()
    await operator.click("thread")  # a thread of a plugin's own works for no user, not even for this one
    wait_for(served.bucket / "refused-thread")
    assert [job.title for job in jobs.listing()] == ["Changing"]
    assert "Traceback" not in (served.home / "log").read_text()
    await viewer.close()
    await operator.close()


async def test_a_role_that_is_lowered_counts_at_once_in_an_open_window(url, served):
    users.add("olga", "operator", "olga has a password")
    window = await opened(url, ("olga", "olga has a password"))
    await window.click("write")
    wait_for(served.bucket / "changed/write")
    users.set_role("olga", "viewer")
    for label in ("create", "order", "load", "job"):
        await window.click(label)
        wait_for(served.bucket / f"refused-{label}")
    assert not (served.bucket / "changed/create").exists()
    await window.close()


async def test_a_removed_user_and_a_new_password_end_windows_and_cookies(url):
    for change in (lambda: users.remove("rita"), lambda: users.set_password("rita", "another password of rita")):
        users.add("rita", "operator", "rita has a password")
        cookies = cookie(url, ("rita", "rita has a password"))
        window = await opened(url, None, cookies)
        change()
        assert await window.ended() == ENDED
        assert fetch(url, "/", cookies=cookies)[0] == 303
    users.remove("rita")
    users.add("rita", "operator", "rita has a password")
    assert fetch(url, "/", cookies=cookies)[0] == 303, "the cookie of a removed user opens the new one"
    users.remove("rita")


async def test_a_logout_in_another_tab_ends_the_websocket_and_a_copy_of_the_cookie(url):
    cookies = cookie(url, OPERATOR)
    first, second = [await opened(url, None, cookies) for _ in range(2)]
    other = await opened(url, OPERATOR)
    status, headers, text = fetch(url, "/logout", cookies=cookies)
    assert (status, "anna" in text) == (200, True)
    form = {"_xsrf": text.partition('name="_xsrf" value="')[2].partition('"')[0]}
    status, headers, _ = fetch(url, "/logout", "POST", cookies | cookies_of(headers), form)
    assert (status, headers["Location"], cookies_of(headers)["cqs_login"]) == (303, "/login", "")
    assert await first.ended() == ENDED
    assert await second.ended() == ENDED
    assert fetch(url, "/", cookies=cookies)[0] == 303, "a copy of the cookie still opens pages"
    await other.click("seen")  # a login of another browser goes on
    await other.close()


def test_another_site_can_log_nobody_out_or_in(url):
    cookies = cookie(url, OPERATOR)
    for form in ({}, {"_xsrf": "2|aa|bb|1"}):
        status, _, text = fetch(url, "/logout", "POST", cookies, form)
        assert (status, "Log out</button>" in text) == (403, True)  # it asks the user
    assert fetch(url, "/", cookies=cookies)[0] == 200
    own, fields = login_form(url)
    for sent, form in (({}, fields), (own, {}), (own, {"_xsrf": "x"}), ({"_xsrf": "x"}, fields)):
        status, headers, _ = fetch(url, "/login", "POST", sent, form | {"name": OPERATOR[0], "password": OPERATOR[1]})
        assert (status, cookies_of(headers).get("cqs_login")) == (403, None)


async def test_everybody_is_logged_out_on_demand_with_another_secret(url):
    cookies, secret = cookie(url, OPERATOR), logins.secret()
    window = await opened(url, None, cookies)
    assert logins.end_all() >= 1
    assert logins.secret() != secret
    assert await window.ended() == ENDED
    assert fetch(url, "/", cookies=cookies)[0] == 303
    assert fetch(url, "/", cookies=cookie(url, OPERATOR))[0] == 200


def test_tampered_and_guessed_cookies_open_nothing(url):
    good = cookie(url, OPERATOR)["cqs_login"]
    parts = good.split("|")
    forged = [
        good[:-1] + ("0" if good[-1] != "0" else "1"),
        "|".join([*parts[:4], "0:", *parts[5:]]),
        good.rpartition("|")[0],
        good.rpartition("|")[0] + "|" + "0" * 64,
        good.replace("|", "%7C"),
        "2|1:0|10:1796023540|9:cqs_login|0:|" + "0" * 64,
        "1|" + good,
        "",
        "\xff",
        "x" * 6000,
        "../../../../etc/passwd",
        json.dumps({"user": "anna", "role": "operator"}),
    ]
    for one in forged:
        assert fetch(url, "/", cookies={"cqs_login": one.encode("utf-8").decode("latin1")})[0] == 303, one
    assert fetch(url, "/", cookies={"cqs_login": good})[0] == 200
    assert fetch(url, "/", cookies={"CQS_LOGIN": good})[0] == 303


async def test_a_session_opens_only_with_the_cookie_of_its_own_login(url):
    operators, viewers = cookie(url, OPERATOR), cookie(url, VIEWER)
    token = page_token(url, operators)
    for cookies, status in ((viewers, 403), (cookie(url, OPERATOR), 403), ({"cqs_login": "x"}, 401)):
        sent = f"cqs_login={cookies['cqs_login']}"
        assert knock(url, protocol=f"bokeh, {token}", Cookie=sent) == status
    window = await Window.open(url, token, operators)
    await window.close()
    for name in ("bokeh-token", "bokeh-session-id"):
        assert fetch(url, f"/?{name}={token}", cookies=viewers)[0] == 404
    assert fetch(url, "/", cookies=viewers, **{"Bokeh-Session-Id": "a" * 44})[0] == 404


def test_a_cookie_from_before_the_login_stays_a_strangers(url):
    fixed = cookie(url, VIEWER)
    own, fields = login_form(url)
    form = {**fields, "name": OPERATOR[0], "password": OPERATOR[1]}
    status, headers, _ = fetch(url, "/login", "POST", own | fixed, form)
    assert status == 303
    given = cookies_of(headers)["cqs_login"]
    assert given not in ("", fixed["cqs_login"])
    assert fetch(url, "/", cookies=fixed)[0] == 303, "the login from before goes on besides the new one"


def test_the_cookie_is_kept_from_scripts_and_other_sites(url):
    _, headers, _ = log_in(url, *OPERATOR)
    (line,) = [one for one in headers.get_all("Set-Cookie") if one.startswith("cqs_login=")]
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in line.split(";")}
    assert "Secure" not in line
    _, headers, _ = log_in(url, *OPERATOR, **{"X-Forwarded-Proto": "https"})
    assert "; Secure" in next(one for one in headers.get_all("Set-Cookie") if one.startswith("cqs_login="))
    cookies = cookie(url, OPERATOR)
    assert cookies["cqs_login"] not in fetch(url, "/", cookies=cookies)[2], "the page shows the cookie to scripts"


@pytest.mark.parametrize(
    ("wanted", "led"),
    [
        ("/?view=jobs&x=1", "/?view=jobs&x=1"),
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/\r\nSet-Cookie: a=b", "/"),
        ("/ /evil.example", "/"),
        ("/" + "a" * 5000, "/"),
        ("", "/"),
    ],
)
def test_a_login_leads_to_a_page_of_this_server(url, wanted, led):
    cookies, fields = login_form(url)
    form = {**fields, "next": wanted, "name": VIEWER[0], "password": VIEWER[1]}
    status, headers, _ = fetch(url, "/login", "POST", cookies, form)
    assert (status, headers["Location"]) == (303, led)


def test_what_is_typed_is_escaped_and_says_nothing_of_who_exists(url):
    hostile = '"><script>alert(1)</script>'
    told = {log_in(url, name, "wrong password")[2].replace(name, "") for name in ("anna", "nobody-at-all")}
    assert len({text.partition("<h1>")[2].partition("<form")[0] for text in told}) == 1
    status, _, text = log_in(url, hostile, hostile)
    assert (status, "<script" in text) == (403, False)
    assert "name or the password is wrong" in text


def test_guesses_are_slowed_down_though_the_next_one_would_be_right(url):
    users.add("gina", "viewer", "gina has a password")
    elsewhere = {"X-Forwarded-For": "198.51.100.7, 203.0.113.9"}  # as a proxy on this machine says it
    for _ in range(60):  # each process counts for itself
        status, headers, text = log_in(url, "gina", "a wrong password", **elsewhere)
        if status == 429:
            break
        assert status == 403
    assert status == 429
    assert 1 <= int(headers["Retry-After"]) <= 600
    assert "Too many attempts" in text
    assert log_in(url, *VIEWER)[0] == 303, "another user at another address has to wait as well"
    users.remove("gina")
