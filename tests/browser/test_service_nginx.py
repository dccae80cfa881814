"""A running nginx, as `cqs services nginx` configures it: TLS, a prefix, a websocket, the login, in a browser."""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import socket
import subprocess
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright

from cqs_core.testing.command import CQS, cqs_json
from cqs_core.testing.ports import free_port
from cqs_core.testing.waiting import until
from cqs_panel.login import passwords, users
from cqs_panel.testing.browser import PATIENCE, launch

pytestmark = pytest.mark.browser

HOST = "dashboard.example.com"
NAME, PASSWORD = "anna", "anna has a password"
HEALTH = "fetch('/cqs/healthz').then((answer) => answer.status)"


@pytest.fixture
def nginx():
    found = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    if found is None:
        pytest.skip("needs nginx: apt install nginx-light")
    return found


@pytest.fixture
def certificate(tmp_path):
    """A folder with a certificate of the host that it signed itself, and its key."""
    x509 = pytest.importorskip("cryptography.x509", reason="needs cryptography")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - dt.timedelta(days=2)).not_valid_after(now + dt.timedelta(days=2))
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    (tmp_path / "fullchain.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(pem))
    (tmp_path / "privkey.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return tmp_path


@pytest.fixture
def bucket(tmp_path):
    (tmp_path / "bucket" / "data").mkdir(parents=True)
    return tmp_path / "bucket"


class Served:
    """A dashboard as its unit starts it, from entering to leaving.

    Args:
        port: that it listens on.
        words: of the unit, after `cqs`.
        bucket: folder.
        log: a file for what it says.
    """

    def __init__(self, port, words, bucket, log):
        self.port, self._words, self._log = port, words, log
        self._environment = os.environ | {"CQS_BUCKET": str(bucket)}

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        with self._log.open("wb") as file:
            self._process = subprocess.Popen([*CQS, *self._words], env=self._environment, stderr=file)
        until(lambda: "Ctrl-C" in self._log.read_text() or self._process.poll() is not None)
        assert self._process.poll() is None, self._log.read_text()

    def stop(self):
        self._process.terminate()
        self._process.wait(30)


@pytest.fixture
def served(bucket, tmp_path, monkeypatch):
    """The dashboard as the unit starts it, with a user; it can be stopped and started again."""
    monkeypatch.setattr(passwords, "COST", 16)
    monkeypatch.setattr(passwords, "RUNS", 1)
    users.add(NAME, "operator", PASSWORD)
    port = free_port()
    asked = ["--bucket", bucket, "--host", HOST, "--port", str(port), "--prefix", "/cqs"]
    unit = cqs_json("services", "systemd", *asked)["cqs-serve.service"]
    words = re.search(r"^ExecStart=\S+ (.*)$", unit, re.MULTILINE)[1].split()
    with Served(port, words, bucket, tmp_path / "serve") as running:
        yield running


@pytest.fixture
def proxy(nginx, served, bucket, certificate, tmp_path):
    """The port on which nginx speaks TLS."""
    port = free_port()
    asked = ["--bucket", bucket, "--host", HOST, "--port", str(served.port), "--prefix", "/cqs"]
    text = cqs_json("services", "nginx", *asked)["nginx.conf"]
    text = text.replace("443 ssl", f"127.0.0.1:{port} ssl").replace(f"/etc/letsencrypt/live/{HOST}", str(certificate))
    assert str(certificate / "privkey.pem") in text
    folders = "".join(
        f"{one}_temp_path {tmp_path}/{one};\n" for one in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    conf = tmp_path / "nginx.conf"
    conf.write_text(f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{\naccess_log {tmp_path}/access;\n{folders}{text}}}\n")
    words = [nginx, "-g", "daemon off; master_process off;", "-e", str(tmp_path / "errors"), "-p", str(tmp_path)]
    with subprocess.Popen([*words, "-c", str(conf)], stderr=subprocess.PIPE) as running:
        try:
            until(lambda: listens(port) or running.poll() is not None)
            assert running.poll() is None, running.stderr.read().decode()
            yield port
        finally:
            running.terminate()


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_dashboard_behind_nginx_with_a_prefix_tls_and_a_login_outlives_a_restart(proxy, served, tmp_path):
    address = f"https://{HOST}/cqs/"
    with sync_playwright() as playwright:
        browser = launch(playwright, f"--host-resolver-rules=MAP {HOST}:443 127.0.0.1:{proxy}")
        page = browser.new_context(ignore_https_errors=True, reduced_motion="reduce").new_page()
        page.set_default_timeout(PATIENCE)
        sockets, faults = [], []
        page.on("websocket", lambda one: sockets.append(one))  # noqa: PLW0108 - Playwright cannot mark a builtin
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("requestfailed", lambda asked: faults.append(asked.url) if "favicon" not in asked.url else None)
        page.goto(address)
        assert page.url == f"{address}login"
        assert sockets == []
        page.get_by_label("Name").fill(NAME)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.get_by_text("operator", exact=True).wait_for()  # drawn by the websocket
        [cookie] = [one for one in page.context.cookies() if one["name"] == "cqs_login"]
        assert (cookie["secure"], cookie["httpOnly"], cookie["path"]) == (True, True, "/cqs/")
        assert [urlsplit(one.url)[:3] for one in sockets] == [("wss", HOST, "/cqs/ws")]
        assert page.evaluate(HEALTH) == 200
        assert faults == []
        served.stop()
        page.locator(".cqs-offline").get_by_text("Disconnected since").wait_for()
        assert page.evaluate(HEALTH) == 502  # nginx answers in its place
        served.start()
        page.locator(".cqs-offline").wait_for(state="detached")
        page.get_by_text("operator", exact=True).wait_for()  # without another login
        assert [urlsplit(one.url)[:3] for one in sockets] == [("wss", HOST, "/cqs/ws")] * 2
        browser.close()
    assert '"GET /cqs/ws HTTP/1.1" 101' in (tmp_path / "access").read_text()
