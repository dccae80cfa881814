"""Channels in the keyring of the operating system, with a keyring of the test's: a file of its own."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

pytest.importorskip("keyring", reason="needs the extra: cqs-monitor[keyring]")

import keyring

from cqs_core import CqsError, UnknownName, UsageError
from cqs_core.testing.command import cqs_json, refusal
from cqs_core.testing.waiting import until
from cqs_monitor.alerts import keyring_channels as module
from cqs_monitor.alerts.channels import channel_places, chosen, configured
from cqs_monitor.alerts.keyring_channels import drop_channel, keep_channel, keyring_channels

SECRET = "s3cr3t-pass"


class Ring(keyring.backend.KeyringBackend):
    """A keyring of this test."""

    priority = 1

    def __init__(self, **properties):
        super().__init__(**properties)
        self.kept: dict[tuple[str, str], str] = {}
        self.before = lambda: None

    def get_password(self, service, username):
        self.before()
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self.before()
        self.kept[service, username] = password

    def delete_password(self, service, username):
        del self.kept[service, username]


@pytest.fixture
def ring(monkeypatch):
    made = Ring()
    before = keyring.get_keyring()
    keyring.set_keyring(made)
    monkeypatch.setattr(module, "_reader", module._Reader())
    yield made
    keyring.set_keyring(before)


def test_a_channel_of_the_keyring_sends_and_its_place_is_shown_never_its_url(ring, hook):
    assert keep_channel("Hook", f" {hook.url}\n") == "hook"
    assert channel_places()["hook"] == "keyring"
    chosen(["hook"])["hook"].send("t", "x")
    assert hook.titles == ["t"]
    assert SECRET not in repr(keyring_channels())
    hook.status = 401
    with pytest.raises(CqsError, match=r"HTTP 401.*check keyring") as raised:
        chosen(["hook"])["hook"].send("t", "x")
    assert SECRET not in str(raised.value)


def test_the_environment_wins_over_the_keyring_and_that_over_dotenv(ring, monkeypatch, tmp_path):
    (tmp_path / "here" / ".env").write_text("CQS_ALERT_ONE=json://file\nCQS_ALERT_TWO=json://file\n")
    monkeypatch.setenv("CQS_ALERT_THREE", "json://environment")
    for name in ("two", "three"):
        keep_channel(name, "json://ring")
    found = {one.name: (one._url, one.place) for one in configured()}
    assert found == {
        "one": ("json://file", "CQS_ALERT_ONE, .env"),
        "two": ("json://ring", "keyring"),
        "three": ("json://environment", "CQS_ALERT_THREE, environment"),
    }


def test_a_channel_is_removed(ring):
    keep_channel("hook", "json://ring")
    with pytest.raises(UnknownName, match="did you mean 'hook'"):
        drop_channel("hok")
    drop_channel("hook")
    assert ring.kept == {("cqs", "channels"): ""}
    assert "hook" not in channel_places()


def test_what_is_no_channel_is_refused_without_its_secret(ring):
    for name, url in (("hook", f"no url {SECRET}"), ("a b", "json://x"), ("channels", "json://x")):
        with pytest.raises(UsageError) as raised:
            keep_channel(name, url)
        assert SECRET not in str(raised.value)
    assert ring.kept == {}


def test_a_keyring_that_fails_is_told_and_what_was_read_stays(ring):
    keep_channel("hook", "json://ring")
    assert keyring_channels().fault == ""

    def locked():
        raise keyring.errors.KeyringLocked(SECRET)

    ring.before = locked
    module._reader.forget()
    assert keyring_channels().fault == "the keyring failed with KeyringLocked; unlock it, or use the environment"
    assert "hook" in channel_places()


def test_a_keyring_that_hangs_is_waited_for_once(ring, monkeypatch):
    keep_channel("hook", "json://ring")
    assert "hook" in channel_places()
    ended = threading.Event()
    ring.before = ended.wait
    monkeypatch.setattr(module, "_PATIENCE", 0.01)
    module._reader.forget()
    assert "did not answer" in keyring_channels().fault
    monkeypatch.setattr(module, "_PATIENCE", 3600.0)
    for _ in range(3):
        module._reader.forget()
        assert "did not answer" in keyring_channels().fault
        assert module._reader._thread.is_alive()  # it came back before the keyring did
    ended.set()

    def answers():
        module._reader.forget()
        return keyring_channels().fault == ""

    until(answers)
    assert "hook" in channel_places()


def test_the_watcher_says_that_the_keyring_is_locked_once(ring, watcher, beat, rules):
    keep_channel("ring", "json://127.0.0.1:9/")

    def locked():
        raise keyring.errors.KeyringLocked

    ring.before = locked
    module._reader.forget()
    watcher.round()
    watcher.round()
    assert sum("keyring" in line for line in watcher.said) == 1


def test_without_a_keyring_the_environment_serves_and_commands_say_so(monkeypatch):
    from keyring.backends import fail

    monkeypatch.setattr(keyring, "get_keyring", fail.Keyring)
    monkeypatch.setattr(module, "_reader", module._Reader())
    monkeypatch.setenv("CQS_ALERT_HOOK", "json://environment")
    assert keyring_channels() == module.KeyringChannels()
    assert channel_places() == {"hook": "CQS_ALERT_HOOK, environment"}
    with pytest.raises(UsageError, match="no keyring; set CQS_ALERT_NAME"):
        keep_channel("hook", "json://ring")
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"install cqs-monitor\[keyring\]"):
        keep_channel("hook", "json://ring")


def test_commands_list_add_and_remove(tmp_path):
    backend = tmp_path / "file_ring.py"
    backend.write_text(FILE_RING)
    use = {"PYTHONPATH": str(tmp_path), "PYTHON_KEYRING_BACKEND": "file_ring.Ring", "RING": str(tmp_path / "ring")}
    assert "cannot name a channel" in refusal("monitor", "alerts", "channel", "add", "a b", **use)
    assert "no Apprise" in refusal("monitor", "alerts", "channel", "add", "hook", **use).replace("not an", "no")
    (tmp_path / "ring").write_text(json.dumps({"channels": "hook", "hook": "json://x"}))
    assert cqs_json("monitor", "alerts", "channel", "list", **use) == [{"channel": "hook", "place": "keyring"}]
    cqs_json("monitor", "alerts", "channel", "remove", "hook", **use)
    assert json.loads(Path(tmp_path / "ring").read_text()) == {"channels": ""}


FILE_RING = """
import json, os, pathlib
import keyring.backend

class Ring(keyring.backend.KeyringBackend):
    priority = 1
    file = pathlib.Path(os.environ["RING"])

    def _all(self):
        return json.loads(self.file.read_text()) if self.file.exists() else {}

    def get_password(self, service, username):
        return self._all().get(username)

    def set_password(self, service, username, password):
        self.file.write_text(json.dumps(self._all() | {username: password}))

    def delete_password(self, service, username):
        self.file.write_text(json.dumps({k: v for k, v in self._all().items() if k != username}))
"""
