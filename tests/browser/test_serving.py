"""`panel serve $(cqs app)` and `cqs serve`: the same pages; sessions end; a demo says that it is one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from types import SimpleNamespace

import psutil
import pytest
from playwright.sync_api import expect

from cqs_core import Bucket
from cqs_core.jobs.service_state import service_states
from cqs_core.testing.ports import free_port
from cqs_core.testing.waiting import until
from cqs_panel.testing.browser import open_visit

pytestmark = pytest.mark.browser


def answers(url):
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except OSError:
        return False
    return True


@contextmanager
def running(*command, bucket, path="/", stderr=None):
    """A server as a user starts it; gives its URL and process."""
    port = free_port()
    environment = {**os.environ, "CQS_BUCKET": str(bucket)}
    process = subprocess.Popen([*command, "--port", str(port)], env=environment, start_new_session=True, stderr=stderr)
    url = f"http://localhost:{port}{path}"
    try:
        until(lambda: process.poll() is not None or answers(f"http://localhost:{port}/static/js/bokeh.min.js"))
        if process.poll() is not None:
            raise RuntimeError(f"ended with {process.returncode}")
        yield url, process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def cqs(*args):
    return [sys.executable, "-c", "from cqs_core.cli import main; main()", *args]


def test_panel_serve_and_cqs_serve_show_the_same(visit, tmp_path):
    app = subprocess.run(cqs("app"), capture_output=True, text=True, check=True).stdout.strip()
    panel = [sys.executable, "-m", "panel", "serve", app, "--address", "127.0.0.1"]
    seen = []
    for command, path in ((panel, "/app"), (cqs("serve", "--no-open"), "/")):
        with running(*command, bucket=tmp_path, path=path) as (url, _):
            page = visit(url + "?view=plugins").page
            page.get_by_text("Where this runs").wait_for()
            page.wait_for_function("document.title.startsWith('Plugins')")
            items = page.locator(".sidebar .MuiListItemText-primary").all_inner_texts()
            seen.append((items, page.get_by_role("cell").all_inner_texts(), page.title()))
            page.context.close()
    assert "Plugins" in seen[0][0]
    assert seen[0] == seen[1]


def test_a_hostile_name_that_points_here_shows_nothing_in_chromium(chromium, tmp_path):
    """DNS rebinding: the browser believes that the dashboard is a page of that name."""
    with running(*cqs("serve", "--no-open"), bucket=tmp_path) as (url, _), own_names(chromium) as browser:
        page = browser.new_page()
        heard = []
        page.on("websocket", lambda socket: heard.append(socket.url))
        there = url.replace("localhost", "evil.example")
        assert page.goto(there).status == 403
        expect(page.locator("body")).to_contain_text("host 'evil.example")
        assert page.evaluate("(name) => fetch(`${name}static/js/bokeh.min.js`).then((r) => r.status)", there) == 403
        opened = """(name) => new Promise((done) => {
            const ws = new WebSocket(name.replace("http", "ws") + "ws", ["bokeh", "x"])
            ws.onopen = () => done("open"); ws.onerror = () => done("refused") })"""
        assert page.evaluate(opened, there) == "refused"
        assert heard == [there.replace("http", "ws") + "ws"]


@contextmanager
def own_names(chromium):
    """A browser for which evil.example is this machine."""
    from cqs_panel.testing.browser import launch

    here = SimpleNamespace(chromium=chromium.browser_type)
    browser = launch(here, "--host-resolver-rules=MAP evil.example 127.0.0.1")
    yield browser
    browser.close()


def test_every_page_of_a_demo_says_so(visit, tmp_path):
    Bucket(str(tmp_path)).mark_demo()
    with running(*cqs("serve", "--no-open"), bucket=tmp_path) as (url, _):
        for view in ("overview", "jobs", "plugins"):
            page = visit(f"{url}?view={view}").page
            page.get_by_role("note").get_by_text("Demo.").wait_for()
            page.context.close()


def connections(process):
    return [one for one in psutil.Process(process.pid).net_connections() if one.status == psutil.CONN_ESTABLISHED]


@pytest.mark.soak
def test_closed_windows_leave_no_sessions(visit, tmp_path):
    with running(*cqs("serve", "--no-open"), bucket=tmp_path) as (url, process):
        visit(url).page.context.close()
        until(lambda: not connections(process))
        before = psutil.Process(process.pid).memory_info().rss
        for _ in range(6):
            visit(url + "?view=plugins").page.context.close()
        grown = (psutil.Process(process.pid).memory_info().rss - before) / 1e6
        assert grown < 6 * 8, f"{grown:.0f} MB for six sessions"
        until(lambda: not connections(process))


def test_sigterm_ends_a_server_with_open_sessions_and_its_terminal_stays_clean(chromium, visit, tmp_path):
    """Windows were opened, reloaded, and closed while they loaded; nothing of that is worth a line."""
    with (tmp_path / "log").open("wb") as log:
        bucket = tmp_path / "bucket"
        bucket.mkdir()
        with running(*cqs("serve", "--no-open"), bucket=bucket, stderr=log) as (url, process):
            for view in ("overview", "data", "jobs"):
                page = visit(f"{url}?view={view}").page
                page.reload()
                page.context.close()
            hasty = chromium.new_context()
            page = hasty.new_page()
            for _ in range(10):
                page.goto(f"{url}?view=monitor", wait_until="commit")
            hasty.close()  # in the middle of loading
            left = open_visit(chromium, url, width=1400, height=900, dark=False)  # which misses its server, rightly
            process.terminate()
            assert process.wait(60) == 0
            left.page.context.close()
    lines = (tmp_path / "log").read_text().splitlines()
    logged = [line.split(" cqs.serve: ")[1] for line in lines if " cqs.serve: " in line]
    assert [line.split(" ")[0] for line in logged] == ["cqs", "ends"]
    said = [line for line in lines if " cqs.serve: " not in line]
    assert next(line for line in said if line.strip()).startswith("cqs dashboard of")
    assert len(said) <= 3, said


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)])
def test_ending_the_parent_ends_every_process_of_the_server(tmp_path, number, code):
    with running(*cqs("serve", "--no-open", "--num-procs", "2"), bucket=tmp_path) as (_, process):
        until(lambda: service_states(Bucket(str(tmp_path)).url))  # the first one is ready
        until(lambda: len(psutil.Process(process.pid).children()) == 2)
        children = psutil.Process(process.pid).children()
        process.send_signal(number)
        assert process.wait(60) == code
        _, alive = psutil.wait_procs(children, timeout=60)
        assert alive == []
    [state] = service_states(Bucket(str(tmp_path)).url)
    assert (state.pid, state.stopped is not None) == (process.pid, code == 0)
