"""What changes something asks who may; commands run for the owner, who may do all."""

from __future__ import annotations

import contextvars
import threading

import pytest

from cqs_core import Bucket, CqsError, NotPermitted, jobs, permission, require_operator
from cqs_core.host import disabled


@pytest.fixture
def nobody(monkeypatch):
    """A process in which every change is refused; gives what was asked."""
    asked = []

    def refusal(action):
        asked.append(action)
        return f"nobody may {action}"

    monkeypatch.setattr(permission, "_refusals", [refusal])
    return asked


CHANGES = {
    "write": lambda bucket: bucket.write("a", b""),
    "create": lambda bucket: bucket.create("a", b""),
    "delete": lambda bucket: bucket.delete(["kept"]),
    "sweep": lambda bucket: bucket.sweep("data"),
    "mark": lambda bucket: bucket.mark_demo(),
    "start": lambda _: jobs.start("Fetch", ["jobs"]),
    "cancel": lambda _: jobs.cancel("20260101T000000-00000000"),
    "give up": lambda _: jobs.give_up("20260101T000000-00000000", "part"),
    "forget": lambda _: jobs.forget([]),
    "disable": lambda _: disabled.disable("data"),
    "enable": lambda _: disabled.enable("data"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("remote", [False, True])
def test_every_change_is_refused_before_anything_is_done(nobody, own_folders, change, remote):
    bucket = Bucket("memory://permission" if remote else own_folders / "bucket")
    with permission.as_owner():
        bucket.write("kept", b"1")
    with pytest.raises(NotPermitted, match=r"^nobody may "):
        change(bucket)
    assert [entry.key for entry in bucket.list()] == ["kept"]
    assert not (own_folders / "state").exists()


def test_without_a_guard_everything_is_permitted(own_folders):
    require_operator("do anything")
    Bucket(own_folders / "bucket").write("a", b"")


def test_the_owner_may_and_only_in_the_block(nobody):
    with permission.as_owner():
        require_operator("place an order")
        assert permission.refusal("place an order") is None
    with pytest.raises(NotPermitted, match="nobody may place an order"):
        require_operator("place an order")
    assert nobody == ["place an order"]


def test_a_thread_is_nobodys_unless_it_is_told(nobody):
    told = []
    with permission.as_owner():
        context = contextvars.copy_context()
        asks = lambda: told.append(permission.refusal("x"))  # noqa: E731
        for run in (asks, lambda: context.run(asks)):
            thread = threading.Thread(target=run)
            thread.start()
            thread.join()
    assert told == ["nobody may x", None]


def test_it_is_an_error_of_cqs_with_an_exit_code():
    assert issubclass(NotPermitted, CqsError)
    assert NotPermitted.exit_code == 1
