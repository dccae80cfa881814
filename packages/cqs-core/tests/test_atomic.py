"""Files that are replaced whole."""

from __future__ import annotations

import json

import pytest

from cqs_core.files import replacing, write_json


def test_the_file_is_there_after_the_block_and_nothing_else(tmp_path):
    target = tmp_path / "made" / "a.json"
    with replacing(target) as temporary:
        temporary.write_text("new")
        assert not target.exists()
    assert target.read_text() == "new"
    assert [path.name for path in target.parent.iterdir()] == ["a.json"]


def test_a_block_that_fails_leaves_the_old_file_and_no_other(tmp_path):
    target = tmp_path / "a.json"
    target.write_text("old")

    def interrupted():
        with replacing(target) as temporary:
            temporary.write_text("ne")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk"):
        interrupted()
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_name_as_long_as_the_file_system_permits_can_be_written(tmp_path):
    write_json(tmp_path / ("a" * 255), [1])
    assert json.loads((tmp_path / ("a" * 255)).read_text()) == [1]


def test_json_with_a_secret_is_never_readable_by_others(tmp_path):
    write_json(tmp_path / "secret.json", {"a": 1}, mode=0o600)
    assert (tmp_path / "secret.json").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_is_gone_stays_gone_where_that_is_asked(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_json(tmp_path / "gone" / "a.json", 1, make_folder=False)
    assert not (tmp_path / "gone").exists()
