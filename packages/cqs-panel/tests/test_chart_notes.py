"""Notes on a chart: what the browser sends is checked, two windows see each other's, and viewers change nothing."""

from __future__ import annotations

import pytest

from cqs_core import Bucket, BucketUnavailable, Series, permission
from cqs_core.market_notes import add_note, delete_note, notes_of
from cqs_panel.charts.buckets import MINUTE
from cqs_panel.charts.chart_controls import ChartControls
from cqs_panel.charts.chart_notes import ChartNotes
from cqs_panel.state import PageState

SERIES = Series("upbit", "BTC/KRW", "1m")
AT = 1_700_000_000_000


class Shell:
    """One whose threads are done at once."""

    def __init__(self, bucket):
        self.bucket, self.said, self.updates = bucket, [], []

    def spawn(self, page, work, show, *, quiet):
        if self.held is None:
            show(work())
        else:
            self.held.append((show, work))

    held = None

    def release(self):
        """The last that was asked for is done first."""
        while self.held:
            show, work = self.held.pop()
            show(work())

    def every(self, page, seconds, update):
        self.updates.append(update)

    def say(self, text):
        self.said.append(text)


class Window:
    """One chart of one session."""

    def __init__(self, bucket):
        self.shell, self.focused = Shell(bucket), []
        self.page = PageState(self.shell, "x")
        self.controls = ChartControls(self.page, "p1", print)
        self.notes = ChartNotes(self.page, self.controls, lambda *where: self.focused.append(where))
        self.notes.open(SERIES)

    def ask(self, what, **about):
        self.notes.answer({"do": what, "asked": 7, **about})
        return self.shown["answer"].get("error")

    @property
    def shown(self):
        return self.controls.bar.state["notes"]

    @property
    def texts(self):
        return [note["text"] for note in self.shown["kept"]]


@pytest.fixture
def bucket(tmp_path):
    return Bucket(str(tmp_path))


def test_a_note_is_written_moved_deleted_and_restored(bucket):
    window = Window(bucket)
    assert (window.shown["may"], window.texts) == (True, [])
    assert window.ask("add", ts=AT, price=100, text="here") == ""
    [note] = window.shown["kept"]
    assert (note["ts"], note["price"], note["text"]) == (AT, 100.0, "here")
    assert window.ask("edit", id=note["id"], ts=AT + MINUTE, price=101.5) == ""
    assert window.ask("edit", id=note["id"], text="there") == ""
    assert [(n.ts, n.price, n.text) for n in notes_of(bucket, *SERIES[:2]).notes] == [(AT + MINUTE, 101.5, "there")]
    window.ask("show", id=note["id"])
    assert window.focused == [(AT + MINUTE, AT + MINUTE)]
    assert window.ask("delete", id=note["id"]) == ""
    assert "unknown" in window.ask("drop", id=note["id"])
    assert (window.texts, len(window.shown["deleted"])) == ([], 1)
    assert window.ask("restore", id=note["id"]) == ""
    assert window.texts == ["there"]
    assert window.ask("remove", id=note["id"]) == ""
    assert (window.texts, bucket.list("notes")) == ([], [])


def test_windows_see_what_others_wrote_and_lose_nothing(bucket):
    one, other = Window(bucket), Window(bucket)
    one.ask("add", ts=AT, price=1, text="first")
    [update] = other.shell.updates
    update()
    assert other.texts == ["first"]
    [note] = other.shown["kept"]
    one.ask("edit", id=note["id"], text="second")
    assert "changed in another window, to 'second'" in other.ask("edit", id=note["id"], text="third")
    assert other.texts == ["second"]
    one.notes.open(Series("upbit", "ETH/KRW", "1m"))
    assert one.texts == []
    one.notes.open(None)
    assert (one.shown["offered"], one.shown["may"]) == (False, False)


@pytest.mark.parametrize(
    "asked",
    [
        *(None, [], "add", {}, {"do": "add"}, {"do": ["add"]}, {"do": "drop", "id": 1}),
        {"do": "add", "ts": "1", "price": 1, "text": "x"},
        {"do": "add", "ts": True, "price": 1, "text": "x"},
        {"do": "add", "ts": 1.5, "price": 1, "text": "x"},
        {"do": "add", "ts": AT, "price": float("nan"), "text": "x"},
        {"do": "add", "ts": AT, "price": 10**400, "text": "x"},
        {"do": "add", "ts": AT, "price": 1, "text": "x" * 501},
        {"do": "add", "ts": AT, "price": 1, "text": ["x"]},
        {"do": "edit", "id": {}, "text": "x"},
        {"do": "remove", "id": "../../runs"},
        *({"do": what, "id": "nowhere"} for what in ("edit", "delete", "restore", "show", "remove")),
    ],
)
def test_what_no_page_would_send_changes_nothing(bucket, asked):
    window = Window(bucket)
    bucket.write("runs/x", b"mine")
    window.notes.answer(asked)
    assert [entry.key for entry in bucket.list()] == ["runs/x"]


def test_a_viewer_sees_notes_and_changes_none(bucket, monkeypatch):
    kept, gone = (add_note(bucket, *SERIES[:2], AT, 1, text) for text in ("kept", "gone"))
    delete_note(bucket, gone)
    monkeypatch.setattr(permission, "_refusals", [lambda action: f"'eve' is a viewer, and may not {action}"])
    window = Window(bucket)
    assert (window.shown["offered"], window.shown["may"], window.texts) == (True, False, ["kept"])  # it says why
    asked = [("add", {"ts": AT, "price": 1, "text": "x"}), ("edit", {"id": kept.id, "text": "x"})]
    asked += [("delete", {"id": kept.id}), ("restore", {"id": gone.id}), ("remove", {"id": kept.id})]
    for what, about in asked:
        assert "'eve' is a viewer" in window.ask(what, **about)
    assert window.texts == ["kept"]


def test_a_note_that_cannot_be_read_can_be_removed_unless_a_newer_version_wrote_it(bucket):
    bad, newer = (add_note(bucket, *SERIES[:2], AT, 1, text) for text in ("bad", "newer"))
    bucket.write(f"{bad.folder}/000001.json", b"{")
    bucket.write(f"{newer.folder}/000001.json", b'{"format": 2}')
    window = Window(bucket)
    assert {id_: removable for id_, _, removable in window.shown["faults"]} == {bad.id: True, newer.id: False}
    assert window.ask("remove", id=bad.id) == ""
    assert [id_ for id_, *_ in window.shown["faults"]] == [newer.id]


def test_a_bucket_that_is_gone_takes_no_note_away(bucket, monkeypatch):
    add_note(bucket, *SERIES[:2], AT, 1, "kept")
    window = Window(bucket)

    def gone(*_, **__):
        raise BucketUnavailable("it is gone")

    monkeypatch.setattr(Bucket, "list", gone)
    window.notes.refresh()
    assert window.texts == ["kept"]
    assert window.ask("edit", id=window.shown["kept"][0]["id"], text="lost") == "it is gone"
    monkeypatch.undo()
    assert window.ask("edit", id=window.shown["kept"][0]["id"], text="found") == ""
    assert window.texts == ["found"]


def test_a_page_has_one_timer_however_many_charts_it_makes(bucket):
    window = Window(bucket)
    charts = [ChartNotes(window.page, window.controls, print) for _ in range(3)]
    for chart in charts:
        chart.open(SERIES)
    assert len(window.shell.updates) == 1


def test_an_undo_does_not_overtake_what_it_undoes(bucket):
    note = add_note(bucket, *SERIES[:2], AT, 1, "kept")
    window = Window(bucket)
    window.shell.held = []
    window.ask("delete", id=note.id)
    window.ask("restore", id=note.id)
    window.ask("edit", id=note.id, text="edited")
    window.shell.release()
    assert [(one.text, one.deleted) for one in notes_of(bucket, *SERIES[:2]).notes] == [("edited", False)]
    assert window.texts == ["edited"]


def test_what_fails_in_any_way_stops_nothing_else(bucket, monkeypatch):
    window = Window(bucket)
    monkeypatch.setattr(Bucket, "create", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        window.ask("add", ts=AT, price=1, text="lost")
    monkeypatch.undo()
    assert window.ask("add", ts=AT, price=1, text="kept") == ""
    assert window.texts == ["kept"]
