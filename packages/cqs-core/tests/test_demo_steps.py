"""The steps of a demo, and where it says how other commands find its bucket."""

from __future__ import annotations

import contextlib
import io
from types import SimpleNamespace

import pytest
from rich.console import Console

from cqs_core import Bucket
from cqs_core.cli import demo as module
from cqs_core.host.demo import Demo, DemoStep

WHERE = "export CQS_BUCKET="


@pytest.mark.parametrize(
    ("once", "lines"), [(False, ["made", WHERE, "bots", "pages"]), (True, ["made", WHERE])], ids=["goes on", "once"]
)
def test_the_bucket_is_said_once_before_the_steps_that_go_on(tmp_path, monkeypatch, once, lines):
    stays = [("made", True), ("bots", False), ("pages", False)]
    steps = [DemoStep(name, name, i, lambda demo: None, once=made) for i, (name, made) in enumerate(stays)]
    host = SimpleNamespace(demo_steps=lambda: steps, owner=lambda hook, name: "core", is_own=lambda owner: True)
    monkeypatch.setattr(module, "plugins", lambda: host)
    text = io.StringIO()
    module.run(Demo(Bucket(tmp_path), Console(file=text), contextlib.ExitStack()), once=once)
    said = [line for line in text.getvalue().splitlines() if "▸" in line]
    assert [next(word for word in ("made", WHERE, "bots", "pages") if word in line) for line in said] == lines
