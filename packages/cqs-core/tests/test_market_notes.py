"""Notes on markets: no window loses what another one wrote, and a damaged note hides no other."""

from __future__ import annotations

import json
import threading

import pytest

from cqs_core import Bucket, NotPermitted, UsageError, permission
from cqs_core.files import NewerFormat
from cqs_core.market_notes import (
    add_note,
    delete_note,
    edit_note,
    notes_of,
    remove_note,
    restore_note,
)

MARKET = ("upbit", "BTC/KRW")
AT = 1_700_000_000_000


@pytest.fixture
def bucket(tmp_path):
    return Bucket(str(tmp_path))


def add(bucket, text="one", at=AT, price=100.0):
    return add_note(bucket, *MARKET, at, price, text)


def texts(bucket):
    return [note.text for note in notes_of(bucket, *MARKET).notes]


def test_a_note_is_kept_by_market_in_the_order_of_its_time(bucket):
    later = add(bucket, "  later\r\nline\n", "2030-01-02T09:00")
    add(bucket, "early")
    assert texts(bucket) == ["early", "later\nline"]
    assert notes_of(bucket, *MARKET).notes[1] == later
    assert notes_of(bucket, "binance", "BTC/KRW") == notes_of(bucket, "upbit", "ETH/KRW")
    stored = json.loads(bucket.read(f"{later.folder}/000001.json"))
    assert set(stored) == {
        *("format", "written_by", "changed"),
        *("exchange", "market", "ts", "price", "text", "deleted"),
    }


def test_edits_of_two_windows_are_both_kept(bucket):
    seen = add(bucket)
    edit_note(bucket, seen, text="first window")
    assert edit_note(bucket, seen, price=7).text == "first window"
    with pytest.raises(UsageError, match="the text was changed in another window, to 'first window'"):
        edit_note(bucket, seen, text="second window")
    [kept] = notes_of(bucket, *MARKET).notes
    assert (kept.text, kept.price) == ("first window", 7.0)


def test_what_is_added_and_edited_at_the_same_time_is_all_kept(bucket):
    seen = add(bucket, "0", price=1.0)

    def work(n):
        edit_note(Bucket(bucket.url), seen, **({"price": 2.0} if n % 2 else {"at": AT + 5}))
        add(Bucket(bucket.url), str(n), AT + 10 + n)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = notes_of(bucket, *MARKET).notes
    assert [note.text for note in found] == ["0", *map(str, range(8))]
    assert (found[0].ts, found[0].price) == (AT + 5, 2.0)


def test_a_deleted_note_comes_back_as_it_was(bucket):
    note = add(bucket)
    delete_note(bucket, note)
    found = notes_of(bucket, *MARKET)
    assert (found.notes, [one.text for one in found.deleted]) == ([], ["one"])
    with pytest.raises(UsageError, match="deleted in another window"):
        edit_note(bucket, note, text="mine")
    assert restore_note(bucket, found.deleted[0]) == note
    assert notes_of(bucket, *MARKET).notes == [note]
    remove_note(bucket, *MARKET, note.id)
    assert not bucket.list("notes")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"text": " \n "}, "no text"),
        ({"text": "x" * 501}, "the note has 501 characters; 500 are allowed"),
        ({"price": float("nan")}, "not a number"),
        ({"price": float("inf")}, "not a number"),
        ({"price": 10**400}, "too large"),
        ({"at": -1}, "outside the years"),
        ({"at": 1 << 60}, "outside the years"),
        ({"at": "yesterday"}, "is not a date"),
    ],
)
def test_what_cannot_be_kept_is_refused(bucket, change, said):
    with pytest.raises(UsageError, match=said):
        add(bucket, **change)
    assert not bucket.list("notes")
    note = add(bucket)
    with pytest.raises(UsageError, match=said):
        edit_note(bucket, note, **change)


def test_a_market_has_a_limited_number_of_notes(bucket, monkeypatch):
    from cqs_core import market_notes

    monkeypatch.setattr(market_notes, "MOST", 2)
    delete_note(bucket, add(bucket, "gone"))
    add(bucket)
    add(bucket)
    with pytest.raises(UsageError, match="has 2 notes"):
        add(bucket)


def test_hostile_names_and_texts_stay_names_and_texts(bucket):
    note = add_note(bucket, "../x", "a/../../b|<b>", AT, 1, "\x1b[31m<script>\ud800")
    assert note.text == "\\x1b[31m<script>?"
    assert notes_of(bucket, "../x", "a/../../b|<b>").notes == [note]
    assert all(entry.key.startswith("notes/") for entry in bucket.list())
    with pytest.raises(UsageError, match="is not the id of a note"):
        remove_note(bucket, *MARKET, "../..")


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"{", b"[" * 100_000, b"null", b"[]", b"{}", b'{"format": "x"}'),
        b'{"ts": 1, "price": "2", "text": "x"}',
        b'{"ts": 1, "price": NaN, "text": "x"}',
        b'{"ts": 1, "price": 2, "text": ""}',
        b'{"ts": -1, "price": 2, "text": "x"}',
        b'{"ts": 99999999999999999999, "price": 2, "text": "x"}',
    ],
)
def test_a_damaged_note_names_itself_and_hides_nothing(bucket, data):
    good, bad = add(bucket, "good"), add(bucket, "bad", AT + 1)
    bucket.write(f"{good.folder}/000002.json", data)
    bucket.write(f"{bad.folder}/000001.json", data)
    bucket.write("notes/upbit/BTC-KRW/other/000001.json", b"{}")
    bucket.write("notes/upbit/BTC-KRW/readme.txt", b"mine")
    found = notes_of(bucket, *MARKET)
    assert texts(bucket) == ["good"]
    assert "000002.json" in found.notes[0].fault
    assert "damaged" in found.notes[0].fault
    assert list(found.faults) == [bad.id]
    assert f"{bad.folder}/000001.json" in str(found.faults[bad.id])
    assert edit_note(bucket, found.notes[0], text="better").text == "better"
    assert notes_of(bucket, *MARKET).notes[0].fault == ""
    remove_note(bucket, *MARKET, bad.id)
    assert notes_of(bucket, *MARKET).faults == {}


def test_a_note_of_a_newer_version_is_not_written_over(bucket):
    note = add(bucket)
    newer = {"format": 2, "written_by": "cqs-core 7", "shape": "arrow"}
    bucket.write(f"{note.folder}/000002.json", json.dumps(newer).encode())
    bucket.write(f"{note.folder[:-1]}g/000001.json", b"not one of ours")
    other = add(bucket, "other")
    bucket.write(f"{other.folder}/000001.json", json.dumps(newer).encode())
    assert isinstance(notes_of(bucket, *MARKET).faults[other.id], NewerFormat)
    assert "upgrade cqs-core" in notes_of(bucket, *MARKET).notes[0].fault
    changes = (
        lambda: edit_note(bucket, note, text="mine"),
        lambda: delete_note(bucket, note),
        lambda: remove_note(bucket, *MARKET, note.id),
    )
    for change in changes:
        with pytest.raises(NewerFormat):
            change()


def test_who_may_only_look_changes_no_note(bucket, monkeypatch):
    note = add(bucket)
    monkeypatch.setattr(permission, "_refusals", [lambda action: f"'eve' is a viewer, and may not {action}"])
    changes = (
        lambda: add(bucket, "two"),
        lambda: edit_note(bucket, note, text="two"),
        lambda: delete_note(bucket, note),
        lambda: remove_note(bucket, *MARKET, note.id),
    )
    for change in changes:
        with pytest.raises(NotPermitted, match="viewer"):
            change()
    assert texts(bucket) == ["one"]
