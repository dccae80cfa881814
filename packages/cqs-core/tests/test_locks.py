"""Locks between processes."""

from __future__ import annotations

import stat

import pytest

from cqs_core.files.locks import has_locks, hold


@pytest.mark.skipif(not has_locks(), reason="this system has no such locks")
def test_a_lock_is_held_until_its_file_is_closed(tmp_path):
    first = hold(tmp_path / "lock", mode=0o600)
    assert hold(tmp_path / "lock", wait=False) is None
    first.close()
    again = hold(tmp_path / "lock")
    assert again is not None
    again.close()
    assert stat.S_IMODE((tmp_path / "lock").stat().st_mode) == 0o600


def test_a_lock_that_cannot_be_made_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        hold(tmp_path / "absent" / "lock")
