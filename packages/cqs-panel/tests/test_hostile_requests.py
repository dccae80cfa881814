"""A running dashboard is asked by strangers, at every route, with every method."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys

import psutil
import pytest
from members import fetch
from strangers import ask, knock, token

from cqs_core.testing.ports import free_port
from cqs_core.testing.waiting import until
from cqs_panel.serve import APP
from cqs_panel.testing.server import ForkedServer

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW")
ROUTES = (
    "/",
    "/?view=nothing",
    "/?view=%00%0a%1b[31m&run=%ff",
    "/?view=data?view=?#?",
    "/?bokeh-session-id=",
    "/?bokeh-session-id=chosen-by-a-stranger",
    "/ws",
    "/metadata",
    "/autoload.js",
    "/autoload.js?bokeh-autoload-element=x&bokeh-absolute-url=http://[bad",
    "/static/js/bokeh.min.js",
    "/static/%00",
    "/static/../../../../../../etc/passwd",
    "/static/..%2f..%2f..%2f..%2fetc/passwd",
    "/static/extensions/panel/%00",
    "/static/extensions/panel/..%2f..%2f..%2f",
    "/static/extensions/nothing/x.js",
    "/components/unittest.__main__/a/b/c",
    "/components/antigravity/a/b/c",
    "/components/cqs_core/Lake/_css/x",
    "/components/sys/version/_css/x",
    "/components/builtins/int/css/x",
    "/components/panel.layout.base/Column/_resources",
    "/components/panel.template.base/BaseTemplate/_resources/js/x",
    "/components/panel.io.server/ForkedServer/__init__/x",
    "/components/%00/a/b/c",
    "/components/",
    "/favicon.ico",
    "/nothing",
    "//",
    "/%00",
    "/%ff",
)
HEADERS = (
    {"Cookie": "cqs_window=dark-\xb2; cqs_theme=\xff"},
    {"Cookie": "cqs_window=light-" + 5000 * "9"},
    {"Range": "bytes=-"},
    {"If-Modified-Since": "Sun, 99 Nov 9999999 00:00:00 GMT"},
    {"User-Agent": "Mobi\x80"},
    {"Bokeh-Session-Id": "chosen"},
)
FOREIGN = ("evil.example:{port}", "evil.example", "0.0.0.0:{port}", "localhost.evil.example:{port}")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A server, its bucket and its log."""
    home = tmp_path_factory.mktemp("served")
    (home / "bucket").mkdir()
    with ForkedServer(home / "bucket", log=home / "log") as server:
        server.home = home
        yield server


def test_the_name_of_a_page_as_a_path_leads_to_the_page(served):
    for path, to in {
        "/backtest": "/?view=backtest",
        "/backtest/?run=a%26b": "/?view=backtest&run=a%26b",
        "/no-such-page": "/?view=no-such-page",  # which says what pages there are
        "/login": "/",
    }.items():
        status, headers, _ = fetch(served.url, path)
        assert (status, headers["Location"]) == (303, to), path
    for path in ("//evil.example", "/backtest/run", "/Backtest", "/robots.txt", "/-"):
        status, headers, text = fetch(served.url, path)
        assert (status, headers["Location"]) == (404, None), path
        assert '<a href="/">Open the dashboard</a>' in text
    assert fetch(served.url, "/backtest", "POST")[0] == 404


@pytest.mark.parametrize("host", FOREIGN)
def test_a_hostile_host_is_refused_at_every_route(served, host):
    for route in ROUTES:
        assert ask(served.url, route, host=host) == 403, route
    assert ask(served.url, "/", "POST", host=host, body=b"x") == 403


@pytest.mark.parametrize("host", FOREIGN)
def test_a_hostile_websocket_is_refused_also_where_its_origin_is_its_host(served, host):
    name = host.format(port=served.url.rsplit(":", 1)[1].strip("/"))
    assert knock(served.url, host=host, Origin=f"http://{name}") == 403
    assert knock(served.url, Origin=f"http://{name}") == 403


def test_this_machine_may_ask_by_each_of_its_names(served):
    for host in ("127.0.0.1:{port}", "localhost:{port}", "localhost:6006", "[::1]:{port}"):
        assert ask(served.url, "/", host=host) == 200
        assert ask(served.url, "/static/js/bokeh.min.js", host=host) == 200
    assert knock(served.url) == 101


def test_no_route_fails_imports_or_writes_whatever_the_method(served):
    for route in ROUTES:
        for method in METHODS:
            assert 200 <= ask(served.url, route, method) < 500, (method, route)
    for headers in HEADERS:
        assert 200 <= ask(served.url, "/", headers=headers) < 500, headers
    assert [*(served.home / "bucket").iterdir()] == []
    assert "Traceback" not in (served.home / "log").read_text()
    assert ask(served.url) == 200, "the server has ended"


def test_hostile_tokens_open_no_websocket(served):
    bad = ("", "bokeh", "bokeh, x", "bokeh, a, b", f"other, {token()}", f"bokeh, {token(session_expiry=1)}")
    bad += tuple(f"bokeh, {token(session_id=name)}" for name in ("", 5, "a\nb", "x" * 500, None))
    for protocol in bad:
        assert knock(served.url, protocol=protocol) == 403, protocol
    assert "Traceback" not in (served.home / "log").read_text()


def test_another_site_can_neither_frame_nor_load_the_dashboard(served):
    for mode, kind in (("navigate", "iframe"), ("no-cors", "script"), ("no-cors", "image"), ("cors", "empty")):
        sent = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": kind}
        assert ask(served.url, headers=sent) == 403
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert ask(served.url, headers=link) == 200


def test_the_log_says_why_once(served):
    for _ in range(3):
        ask(served.url, host="said-once.example")
    assert (served.home / "log").read_text().count("'said-once.example'") == 1


def answers(url):
    try:
        ask(url, "/favicon.ico")
    except OSError:
        return False
    return True


@pytest.fixture
def panel_serve(tmp_path):
    """`panel serve` of the app with further arguments; gives its URL once it answers."""
    started = []

    def start(*arguments, **environment):
        port = free_port()
        command = [sys.executable, "-m", "panel", "serve", str(APP), "--port", str(port), *arguments]
        with (tmp_path / "log").open("wb") as log:
            started.append(
                subprocess.Popen(
                    command,
                    env={**os.environ, "CQS_BUCKET": str(tmp_path), **environment},
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            )
        url = f"http://127.0.0.1:{port}"
        until(lambda: started[-1].poll() is not None or answers(url))
        assert started[-1].poll() is None, (tmp_path / "log").read_text()
        return url

    yield start
    for process in started:
        os.killpg(process.pid, signal.SIGKILL)  # with those that it forked
        process.wait()


@pytest.mark.once
def test_panel_serve_is_guarded_before_its_first_page(panel_serve):
    url = panel_serve("--address", "127.0.0.1")
    assert ask(url, "/components/unittest.__main__/a/b/c") == 404
    assert ask(url, "/components/unittest.__main__/a/b/c", host="evil.example") == 403
    assert ask(url, "/app", host="evil.example:{port}") == 403
    port = url.rsplit(":", 1)[1]
    assert knock(url, "/app/ws", host="evil.example:{port}", Origin=f"http://evil.example:{port}") == 403
    assert ask(url, "/app") == 200
    assert knock(url, "/app/ws") == 101


def own_address():
    """An address of this machine by which others reach it."""
    found = [own.address for all_ in psutil.net_if_addrs().values() for own in all_ if own.family == socket.AF_INET]
    return next((address for address in found if not address.startswith("127.")), None)


@pytest.mark.once
@pytest.mark.parametrize("arguments", [("--allow-websocket-origin", "*"), ("--num-procs", "2")])
def test_panel_serve_starts_no_session_for_hostile_neighbours(panel_serve, arguments, tmp_path):
    url = panel_serve("--address", "0.0.0.0", *arguments)
    assert ask(url, "/app") == 403
    assert ask(url, "/metrics") == 403
    assert knock(url, "/app/ws") == 403
    assert "the dashboard has no login" in (tmp_path / "log").read_text()


@pytest.mark.once
def test_panel_serve_without_an_address_serves_this_machine_alone(panel_serve, tmp_path):
    if (address := own_address()) is None:
        pytest.skip("this machine has no address but its loopback")
    url = panel_serve()
    assert ask(url, "/app") == 200
    assert knock(url, "/app/ws") == 101
    there = url.replace("127.0.0.1", address)
    for host in (None, "localhost", "127.0.0.1:{port}"):
        assert ask(there, "/app", host=host) == 403
        assert knock(there, "/app/ws", host=host) == 403
    assert "the dashboard has no login" in (tmp_path / "log").read_text()


@pytest.mark.once
def test_panel_serve_lets_neighbours_in_where_the_user_says_so(panel_serve):
    url = panel_serve("--address", "0.0.0.0", "--args", "--insecure")
    assert ask(url, "/app") == 200
    assert ask(url, "/app", host="evil.example:{port}") == 403


@pytest.mark.once
def test_the_other_loopback_works_too_and_is_guarded(tmp_path):
    if not any(own.address == "::1" for found in psutil.net_if_addrs().values() for own in found):
        pytest.skip("this machine has no ::1")
    code = "from cqs_core.cli import main; main()"
    command = [sys.executable, "-c", code, "serve", "--address", "::1", "--port", "0", "--no-open", "--json"]
    with subprocess.Popen([*command, "--bucket", str(tmp_path)], stdout=subprocess.PIPE) as process:
        url = json.loads(process.stdout.readline())["url"]
        try:
            assert url.startswith("http://[::1]:")
            assert ask(url) == 200
            assert knock(url, Origin=url.rstrip("/")) == 101
            assert ask(url, host="evil.example:{port}") == 403
        finally:
            process.terminate()
    assert process.returncode == 0
