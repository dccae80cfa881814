"""Nobody who is not logged in gets a byte of data, from any route, by any method."""

from __future__ import annotations

import multiprocessing
import os
from urllib.parse import urlsplit

import everything
import pytest
from members import OPERATOR, VIEWER, cookie, fetch, own_users, page_token
from strangers import ask, knock

from cqs_core.testing import forked

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")
LOGIN = ("/login", "/logout")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The URL of a server with everything that Panel can serve, and an example of each of its routes."""
    home = tmp_path_factory.mktemp("everything")
    (home / "bucket").mkdir()
    (home / "secret.txt").write_text("a secret file")
    with own_users(home):
        ours, theirs = multiprocessing.Pipe(duplex=False)
        environment = {**os.environ, "CQS_BUCKET": str(home / "bucket")}
        process = forked.start(everything.serve, home, theirs, environment=environment)
        theirs.close()
        assert ours.poll(60), "the server did not start"
        yield ours.recv()
        process.kill()
        process.join()


def test_a_stranger_gets_nothing_from_any_route(served):
    url, routes = served
    known = ("/", "/ws", "/favicon.ico", "/autoload.js", "/admin/ws", "/other", "/rest/secret.txt", "/files/secret.txt")
    assert {*known, "/static/secret.txt", "/static/extensions/secret.txt"} <= set(routes)
    more = ["/static/js/bokeh.min.js", "/components/panel.layout.base/Column/_css/x", "/rest/session_info", "/nothing"]
    more += [
        "/metrics",
        "/liveness?endpoint=/other",
        "/login/",
        "/login/x",
        "/LOGIN",
        "//login",
        "/files/secret.txt?v=1",
        "/%00",
    ]
    for path in [*routes, *more]:
        for method in METHODS:
            status, headers, text = fetch(url, path, method)
            if path == "/liveness":
                assert status in (200, 405), method
                assert method != "GET" or text == '{"/liveness": true}'
            else:
                assert status in (303, 401), (method, path, status)
                assert text in ("", "Log in first.\n"), (method, path)
            if status == 303:
                assert urlsplit(headers["Location"]).path == "/login"


def test_the_same_routes_answer_who_is_logged_in(served):
    url, routes = served
    cookies = cookie(url, VIEWER)
    given = {path: fetch(url, path, cookies=cookies)[0] for path in routes}
    for path in ("/", "/other", "/favicon.ico", "/files/secret.txt", "/liveness"):
        assert given[path] == 200, path
    assert fetch(url, "/files/secret.txt", cookies=cookies)[2] == "a secret file"
    assert given["/autoload.js"] == 404
    assert 401 not in given.values()


def test_the_name_of_a_page_as_a_path_leads_to_the_page_after_the_login(served):
    url, _ = served
    status, headers, _ = fetch(url, "/data?series=x")
    assert (status, headers["Location"]) == (303, "/login?next=%2Fdata%3Fseries%3Dx")
    status, headers, _ = fetch(url, "/data?series=x", cookies=cookie(url, VIEWER))
    assert (status, headers["Location"]) == (303, "/?view=data&series=x")


def test_a_strangers_websocket_is_refused_at_every_path(served):
    url, routes = served
    token = page_token(url, cookie(url, OPERATOR))
    sockets = [path for path in routes if path.endswith("/ws")]
    assert len(sockets) == 3
    for path in sockets:
        assert knock(url, path) == 401
        assert knock(url, path, protocol=f"bokeh, {token}") == 401


def test_a_stranger_cannot_fill_the_memory(served):
    url, _ = served
    for path in ("/login", "/", "/nothing"):
        length = {"Content-Length": "1000000000", "Content-Type": "application/x-www-form-urlencoded"}
        assert ask(url, path, "POST", headers=length) in (0, 400, 401, 413)


def test_every_answer_has_the_headers_that_keep_other_sites_out(served):
    url, _ = served
    cookies = cookie(url, VIEWER)
    for path, own in (("/", cookies), ("/", None), ("/login", None), ("/favicon.ico", cookies), ("/nothing", cookies)):
        _, headers, _ = fetch(url, path, cookies=own)
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"
        assert "Server" not in headers


def test_health_needs_no_login_and_has_no_data(served):
    url, _ = served
    assert (fetch(url, "/healthz", "GET")[0], fetch(url, "/healthz", "GET")[2]) == (200, "ok\n")
    assert fetch(url, "/healthz", "HEAD")[::2] == (200, "")
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        assert fetch(url, "/healthz", method)[0] in (403, 405)


def test_metrics_need_a_login(served):
    pytest.importorskip("prometheus_client", reason="of the extra metrics: pip install 'cqs-panel[metrics]'")
    url, _ = served
    assert fetch(url, "/metrics", "GET")[0] in (303, 401)
    status, _, text = fetch(url, "/metrics", "GET", cookies=cookie(url, VIEWER))
    assert status == 200
    assert 'cqs_health{check="bucket"} 1.0' in text
    assert 'cqs_health_value{check="disk of bucket"}' in text
