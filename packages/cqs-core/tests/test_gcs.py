"""A storage that hangs, tears and lies: every verb ends soon, right or with one line that names bucket and object."""

from __future__ import annotations

import http.server
import json
import signal
import subprocess
import sys
import threading

import pytest

from cqs_core import Bucket, BucketError, BucketUnavailable, UsageError
from cqs_core.testing.gcs_proxy import FAULTS, GcsProxy
from cqs_core.testing.waiting import until

pytestmark = pytest.mark.once

DATA = b"0123456789" * 1000
VERBS = {
    "list": ("list", lambda b: [e.key for e in b.list("a")], ["a/x", "a/y"]),
    "folders": ("list", lambda b: list(b.folders()), ["a"]),
    "read": ("read", lambda b: b.read("a/x"), DATA),
    "read_many": ("read", lambda b: b.read_many(["a/x", "a/y"]), {"a/x": DATA, "a/y": DATA}),
    "open": ("read", lambda b: b.open("a/x").read(), DATA),
    "open, asked for its size": ("other", lambda b: b.open("a/x").read(), DATA),
    "exists": ("other", lambda b: b.exists("a/x"), True),
    "write": ("write", lambda b: b.write("a/w", DATA), None),
    "create": ("write", lambda b: b.create("a/c", DATA), True),
    "delete": ("delete", lambda b: b.delete(["a/y"]), None),
}
DAMAGE = [
    *(("hang", verb) for verb in VERBS),
    *(("garbage", verb) for verb in VERBS),
    *(("slow", verb) for verb in ("list", "read")),
    *(("flip", verb) for verb in ("read", "read_many", "open")),
    *((fault, verb) for fault in ("mangle", "badmd5") for verb in ("write", "create")),
    *(("503", verb) for verb in ("read", "write")),
]  # the rest in the soak


@pytest.fixture(scope="module")
def proxy(gcs_emulator):
    with GcsProxy(gcs_emulator.url) as running:
        yield running


@pytest.fixture
def url(proxy, gcs_emulator, monkeypatch):
    """A bucket with two objects, behind the proxy."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", proxy.url)
    proxy.fail()
    made = gcs_emulator.new_bucket()
    for key in ("a/x", "a/y"):
        Bucket(made).write(key, DATA)
    monkeypatch.setenv("CQS_GCS_TIMEOUT", "0.1")
    yield made
    proxy.fail()
    proxy.tokens.clear()


def met(proxy, monkeypatch, url, fault, verb):
    """A verb meets a fault: it gives what is right, or an error; and what is stored in the end is right, or is not."""
    kind, ask, right = VERBS[verb]
    proxy.fail(fault, kind)
    if fault in ("mangle", "badmd5"):  # answered at once: a busy machine is no second fault
        monkeypatch.setenv("CQS_GCS_TIMEOUT", "15")
    told = ""
    try:
        assert ask(Bucket(url)) == (right if (fault, verb) != ("404", "exists") else False)
    except BucketError as error:
        told = str(error)
    except (FileNotFoundError, UsageError):
        assert fault == "404"
    if told:
        assert f"bucket '{url}' " in told
        assert "\n" not in told
        assert verb in ("list", "folders") or " at 'a/" in told
    proxy.fail()
    monkeypatch.setenv("CQS_GCS_TIMEOUT", "15")
    after = Bucket(url)
    kept = after.read_many([e.key for e in after.list("a")])
    assert set(kept.values()) <= {DATA}
    assert kept.keys() >= {"a/x"}


@pytest.mark.parametrize(("fault", "verb"), DAMAGE)
def test_damage_on_the_way_is_never_taken_for_an_answer(proxy, monkeypatch, url, fault, verb, capfd):
    met(proxy, monkeypatch, url, fault, verb)
    assert capfd.readouterr().err == ""


@pytest.mark.soak
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("fault", FAULTS)
def test_gcs_whatever_goes_wrong_and_however_often(proxy, monkeypatch, url, fault, verb, capfd):
    met(proxy, monkeypatch, url, fault, verb)
    for times in (1,) if fault in ("hang", "slow") else (1, 2):  # then it comes right
        proxy.fail(fault, VERBS[verb][0], times=times)
        monkeypatch.setenv("CQS_GCS_TIMEOUT", "1.5" if fault in ("hang", "slow") else "6")
        if fault not in ("401", "403", "404") and not (fault in ("short", "flip", "badmd5") and "open" in verb):
            assert VERBS[verb][1](Bucket(url)) is not False or verb == "create"
        proxy.fail()
        Bucket(url).delete(["a/c"])
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("fault", ["stored500", "storedreset", "short"])
def test_damage_to_the_answer_of_a_create_does_not_lose_it(proxy, url, monkeypatch, fault):
    monkeypatch.setenv("CQS_GCS_TIMEOUT", "5")
    proxy.fail(fault, "write", times=1)
    assert Bucket(url).create("lock", b"mine")
    proxy.fail(fault, "write", times=1)
    assert not Bucket(url).create("lock", b"another's")
    assert Bucket(url).read("lock") == b"mine"


def test_damage_that_passes_is_outlasted(proxy, url, monkeypatch):
    monkeypatch.setenv("CQS_GCS_TIMEOUT", "5")
    for verb, (kind, ask, right) in VERBS.items():
        proxy.fail("503", kind, times=2)
        assert ask(Bucket(url)) == right, verb


def test_damage_a_silent_storage_is_waited_for_once(proxy, url):
    proxy.fail("hang")
    bucket = Bucket(url)
    with pytest.raises(BucketUnavailable, match=r"failed at 'a/x': Google did not answer within 0\.1 s"):
        bucket.read("a/x")
    asked = sum(proxy.asked.values())
    for _ in range(20):
        with pytest.raises(BucketUnavailable):
            bucket.read("a/x")
    assert sum(proxy.asked.values()) == asked


def test_a_large_object_is_sent_in_pieces_and_read_as_a_stream(url, monkeypatch):
    data = bytes(range(256)) * 9000
    monkeypatch.setenv("CQS_GCS_TIMEOUT", "5")
    Bucket(url).write("a/large", data)
    assert Bucket(url).read("a/large") == data
    with Bucket(url).open("a/large") as stream:
        assert stream.read(1000) == data[:1000]
        assert stream.read() == data[1000:]


def test_a_patience_that_is_no_number_is_refused(url, monkeypatch):
    for given in ("soon", "0", "-1", "nan", "1e9"):
        monkeypatch.setenv("CQS_GCS_TIMEOUT", given)
        with pytest.raises(UsageError, match="CQS_GCS_TIMEOUT is"):
            Bucket(url).read("a/x")


HUNG = """
import asyncio, click
from cqs_core import Bucket
from cqs_core.cli import main
from cqs_core.cli.root import _Commands

@click.command("work")
@click.argument("url")
@click.argument("how")
def work(url, how):
    print("at work", flush=True)
    if how == "thread":
        asyncio.run(asyncio.to_thread(Bucket(url).read, "a/x"))
    Bucket(url).read("a/x")

_Commands.get_command = lambda self, ctx, name: work
main()
"""


@pytest.mark.parametrize("how", ["main", "thread"])
def test_damage_sigterm_ends_a_command_that_a_storage_holds_up(proxy, url, how, monkeypatch):
    monkeypatch.setenv("CQS_GCS_TIMEOUT", "60")
    proxy.fail("hang")
    words = [sys.executable, "-c", HUNG, "work", url, how]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout.readline() == "at work\n"
        before = sum(proxy.asked.values())
        until(lambda: sum(proxy.asked.values()) > before)
        running.send_signal(signal.SIGTERM)
        assert running.wait(30) == 143
        assert running.stderr.read() == ""


class Tokens:
    """Gives an access token, and a new one each time."""

    def __init__(self, proxy, seconds):
        given, outer = [], self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                given.append(f"token-{len(given)}")
                proxy.tokens = {f"Bearer {given[-1]}"}
                body = json.dumps({"access_token": given[-1], "expires_in": outer.seconds, "token_type": "Bearer"})
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *args):
                pass

        self.given, self.seconds = given, seconds
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/token"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


@pytest.mark.parametrize("how", ["expires", "is revoked"])
def test_damage_a_token_that_ends_is_renewed(proxy, url, tmp_path, how, monkeypatch):
    monkeypatch.setenv("CQS_GCS_TIMEOUT", "5")
    with Tokens(proxy, 302 if how == "expires" else 3600) as tokens:
        about = {"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r"}
        key = tmp_path / "key.json"
        key.write_text(json.dumps(about))
        bucket = Bucket(url, token=str(key), endpoint_url=proxy.url)
        bucket._storage.fs.credentials.credentials._token_uri = tokens.url
        assert bucket.read("a/x") == DATA
        if how == "expires":
            while len(tokens.given) < 2:
                assert bucket.read("a/x") == DATA
        else:
            proxy.tokens = {"Bearer of another age"}
            assert bucket.read("a/x") == DATA
            assert len(tokens.given) == 2


KEY = {
    "type": "service_account",
    "client_email": "cqs@example.com",
    "token_uri": "https://oauth2.googleapis.com/token",
    "private_key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
}


@pytest.mark.parametrize(
    "about", [KEY, KEY | {"private_key": "no key"}, {"type": "service_account"}, {"type": "nobody's"}, {}]
)
def test_damage_to_a_key_file_is_one_line(tmp_path, monkeypatch, about):
    key = tmp_path / "key.json"
    key.write_text(json.dumps(about))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key))
    monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
    with pytest.raises(UsageError, match=r"the key file '.*key.json' of gs:// cannot be used \(.*\); set GOOGLE"):
        Bucket("gs://somebody").list()


@pytest.mark.parametrize(
    "url",
    [
        "memory://key-of-mine:s3cr3t@box",
        "s3://key-of-mine:s3cr3t@box/a",
        "gs://key-of-mine:s3cr3t@box",
        "memory://box?token=s3cr3t",
        "s4://key-of-mine:s3cr3t@box",
    ],
)
def test_hostile_eyes_see_no_credentials_of_a_url(url, monkeypatch, capfd):
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:9")
    monkeypatch.setenv("CQS_GCS_TIMEOUT", "0.1")
    told = []
    try:
        bucket = Bucket(url)
        told += [repr(bucket), bucket.url]
        bucket.read("x")
    except (BucketError, UsageError, FileNotFoundError) as error:
        told.append(str(error))
    assert told
    assert "s3cr3t" not in "".join([*told, *capfd.readouterr()])
    assert "***" in told[-1]


def test_a_masked_url_means_the_configured_bucket(monkeypatch):
    from cqs_core.config.variables import bucket_url

    monkeypatch.setenv("CQS_BUCKET", "memory://me:s3cr3t@box")
    assert bucket_url("memory://***@box") == "memory://me:s3cr3t@box"
    assert bucket_url("memory://***@other") == "memory://***@other"
