"""A bot is connected by its log files: known names alone, below the account's folder, never over what is there."""

from __future__ import annotations

import pytest

pytest.importorskip("cqs_panel", reason="needs the extra: cqs-monitor[panel]")

from logfiles import BUY, day

from cqs_core import UsageError
from cqs_monitor.views.connect_bot import attempt, step, store

NAME = "trades_2025-10-20.csv"


def test_stored_logs_make_an_account(bucket):
    assert not step(bucket).done
    assert store(bucket, " Main ", {NAME: day(BUY)}) == 1
    assert step(bucket).done
    with pytest.raises(UsageError, match="there already"):
        store(bucket, "Main", {NAME: day(BUY)})


@pytest.mark.parametrize("account", ["", "..", "a/b", "a..b", "/etc", "a\nb", "x" * 65])
def test_an_account_that_is_no_folder_is_refused(bucket, account):
    with pytest.raises(UsageError, match="cannot be a folder"):
        store(bucket, account, {NAME: b""})


@pytest.mark.parametrize("name", ["notes.txt", f"../{NAME}", f"a\\{NAME}", ""])
def test_nothing_is_stored_where_one_file_is_not_a_log(bucket, name):
    assert "is not a log that is known" in attempt(bucket, "Main", {NAME: b"", name: b""})
    assert list(bucket.list("logs")) == []
