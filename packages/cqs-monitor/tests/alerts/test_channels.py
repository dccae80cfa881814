"""Channels: told through Apprise, and nothing of a secret gets out."""

from __future__ import annotations

import logging
import sys
import threading

import pytest

from cqs_core import CqsError, UsageError
from cqs_monitor.alerts.channels import AppriseChannel, configured, deliver

SECRETS = ("s3cr3t-pass", "t0ken-in-path", "someone")


def test_a_message_arrives(hook):
    AppriseChannel("hook", hook.url).send("title <b>", "text 메인")
    assert (hook.got[0]["title"], hook.got[0]["message"]) == ("title <b>", "text 메인")


@pytest.mark.parametrize("status", [401, 500])
def test_a_refusal_tells_its_status_and_no_secret(hook, status, caplog, capfd):
    hook.status = status
    caplog.set_level(logging.DEBUG)
    channel = AppriseChannel("hook", hook.url)
    with pytest.raises(CqsError, match=f"HTTP {status}") as raised:
        channel.send("t", "x")
    told = [str(raised.value), repr(channel), caplog.text, *capfd.readouterr()]
    assert not any(secret in text for secret in SECRETS for text in told)


def test_nobody_there_and_no_url_tell_no_secret(capfd):
    for url in ("json://someone:s3cr3t-pass@127.0.0.1:9/t0ken-in-path", "no url s3cr3t-pass"):
        with pytest.raises(CqsError) as raised:
            AppriseChannel("x", url).send("t", "x")
        assert "CQS_ALERT_X" in str(raised.value)
        assert not any(secret in text for secret in SECRETS for text in (str(raised.value), *capfd.readouterr()))
    assert isinstance(raised.value, UsageError)


def test_channels_come_from_the_environment_and_from_dotenv(monkeypatch, tmp_path):
    (tmp_path / "here" / ".env").write_text("CQS_ALERT_MAIL=json://one\nCQS_ALERT_HOOK=json://two\n")
    monkeypatch.setenv("CQS_ALERT_HOOK", "json://environment")
    found = {channel.name: channel for channel in configured()}
    assert sorted(found) == ["hook", "mail"]
    assert found["hook"]._url == "json://environment"


class Plain:
    """A channel of a plugin."""

    def __init__(self, name, does):
        self.name = name
        self._does = does

    def send(self, title, text):
        self._does()


def _raise():
    raise ValueError("s3cr3t-pass")


@pytest.mark.once
def test_no_channel_waits_for_another_nor_falls_with_it():
    got, ended = [], threading.Event()
    channels = {
        "slow": Plain("slow", ended.wait),
        "broken": Plain("broken", _raise),
        "leaves": Plain("leaves", lambda: sys.exit(3)),
        "good": Plain("good", lambda: got.append(1)),
    }
    told = deliver(channels, "t", "x", patience=2)
    ended.set()
    assert told["good"] is None
    assert got == [1]
    assert "did not answer" in told["slow"]
    assert told["broken"] == "channel 'broken' failed with ValueError"
    assert told["leaves"] == "channel 'leaves' failed with SystemExit"
