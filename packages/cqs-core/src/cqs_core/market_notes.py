"""Notes on markets: a text at a time and a price, drawn on every candle chart of that market.

A note is a folder of the bucket, `notes/{exchange}/{market}/{id}/`, and each edit of it one more object there. So two
windows never lose each other's notes or edits, and a deleted note can be restored.
"""

from __future__ import annotations

import contextlib
import math
import re
import secrets
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from cqs_core.bucket.edits import edited, edits_by_folder, edits_in, keep_edit, newest_edit, parsed_edit
from cqs_core.errors import CqsError, DataError, UsageError
from cqs_core.files.formats import format_fields
from cqs_core.files.plaintext import harmless, one_line, whole
from cqs_core.lake.object_names import escape, unescape
from cqs_core.time.clock import BEYOND, iso, now, parse_moment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cqs_core.bucket.bucket import Bucket
    from cqs_core.time.clock import Time

FOLDER = "notes"
FORMAT = 1
LONGEST_TEXT = 500
"""Characters of a note."""
MOST = 500
"""Notes of a market, without deleted ones."""
_ID = re.compile(r"\d{8}T\d{6}-[0-9a-f]{8}")


@dataclass(frozen=True)
class Note:
    """One note.

    Attributes:
        id: names its folder; ids sort by the time at which notes were made.
        exchange: of the market.
        market: unified name.
        ts: the time that it is at, ms UTC.
        price: the price that it is at.
        text: at most 500 characters, several lines.
        deleted: whether it was deleted, and can be restored.
        fault: why the newest edit cannot be read; empty if it can. The other fields are then those of the edit before.
    """

    id: str
    exchange: str
    market: str
    ts: int
    price: float
    text: str
    deleted: bool = False
    fault: str = field(default="", compare=False)

    @property
    def folder(self) -> str:
        """Where its edits are."""
        return f"{_folder(self.exchange, self.market)}/{self.id}"


@dataclass(frozen=True)
class MarketNotes:
    """The notes of one market.

    Attributes:
        notes: by the time that they are at.
        deleted: those that can be restored, the same way.
        faults: by id: why a note cannot be read at all; a `NewerFormat` where a newer version wrote it.
    """

    notes: Sequence[Note] = ()
    deleted: Sequence[Note] = ()
    faults: Mapping[str, CqsError] = field(default_factory=dict)


class _Shape(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)
    ts: int
    price: float
    text: str
    deleted: bool = False


def note_keys(bucket: Bucket, exchange: str, market: str) -> Sequence[str]:
    """Keys of all edits of a market's notes: they are others whenever a note is another."""
    return [entry.key for entry in bucket.list(_folder(exchange, market))]


def notes_of(bucket: Bucket, exchange: str, market: str, keys: Sequence[str] | None = None) -> MarketNotes:
    """The notes of a market.

    Args:
        bucket: that keeps them.
        exchange: of the market.
        market: unified name.
        keys: what `note_keys` gave, if it was asked already.

    >>> from cqs_core import Bucket
    >>> bucket = Bucket("memory://docs-notes")
    >>> note = add_note(bucket, "upbit", "BTC/KRW", "2026-01-02", 150_000_000, "first try")
    >>> note = edit_note(bucket, note, text="sold half")
    >>> [(note.text, note.price) for note in notes_of(bucket, "upbit", "BTC/KRW").notes]
    [('sold half', 150000000.0)]
    """
    edits = edits_by_folder(note_keys(bucket, exchange, market) if keys is None else keys)
    edits = {folder: found for folder, found in edits.items() if _ID.fullmatch(folder.rpartition("/")[2])}
    read = bucket.read_many([max(found) for found in edits.values()]) if edits else {}
    found: list[Note] = []
    faults: dict[str, CqsError] = {}
    for folder, own in edits.items():
        id_ = folder.rpartition("/")[2]
        note, fault = newest_edit(bucket, own, _parser(id_, exchange, market), read)
        if note is not None:
            found.append(replace(note, fault=str(fault or "")))
        elif fault is not None:
            faults[id_] = fault
    found.sort(key=lambda note: (note.ts, note.id))
    notes, deleted = ([note for note in found if note.deleted is gone] for gone in (False, True))
    return MarketNotes(notes, deleted, faults)


def markets_with_notes(bucket: Bucket) -> Sequence[tuple[str, str]]:
    """Exchange and market of all notes, deleted ones too; sorted."""
    parts = [entry.key.split("/") for entry in bucket.list(FOLDER)]
    return sorted({(unescape(part[1]), unescape(part[2])) for part in parts if len(part) == 5})


def add_note(bucket: Bucket, exchange: str, market: str, at: Time | int, price: float, text: str) -> Note:
    """Keep a note.

    Args:
        bucket: that keeps it.
        exchange: of the market.
        market: unified name.
        at: ms UTC, or a time as text; naive means UTC.
        price: the price that it is at.
        text: at most 500 characters.

    Raises:
        UsageError: a value cannot be kept, or the market has 500 notes.
        NotPermitted: the user of a dashboard may only look; so do the other functions that change something.
    """
    keys = note_keys(bucket, exchange, market)
    may_be_full = len(edits_by_folder(keys)) >= MOST  # else no note has to be read
    if may_be_full and len(notes_of(bucket, exchange, market, keys).notes) >= MOST:
        raise UsageError(f"{market} has {MOST:,} notes, as many as a market may have; delete some first")
    id_ = f"{re.sub('[^0-9T]', '', iso(now())[:19])}-{secrets.token_hex(4)}"
    note = _checked(Note(id_, exchange, market, _time(at), price, text))
    keep_edit(bucket, note.folder, 1, _fields(note))
    return note


def edit_note(
    bucket: Bucket, seen: Note, *, at: Time | int | None = None, price: float | None = None, text: str | None = None
) -> Note:
    """Change a note; what is not given stays as it is.

    Args:
        bucket: that keeps it.
        seen: the note as the user saw it. A field that another window changed since is not overwritten.
        at: as for `add_note`.
        price: the price that it is at.
        text: at most 500 characters.

    Returns:
        The note as it is kept now.

    Raises:
        UsageError: a value cannot be kept, or another window changed it, or deleted the note.
        NewerFormat: a newer version wrote the note.
    """
    given: dict[str, Any] = {"ts": None if at is None else _time(at), "price": price, "text": text}
    wanted = _checked(replace(seen, **{name: value for name, value in given.items() if value is not None}))
    changes = {name: getattr(wanted, name) for name in given if getattr(wanted, name) != getattr(seen, name)}

    def change(current: Note) -> Note:
        if current.deleted:
            raise UsageError("the note was deleted in another window; restore it there, or add it again")
        for name, value in changes.items():
            other = getattr(current, name)
            if other not in (getattr(seen, name), value):
                word = "time" if name == "ts" else name
                raise UsageError(
                    f"the {word} was changed in another window, to {one_line(str(other), 80)!r}; look again"
                )
        return replace(current, **changes)

    return _edited(bucket, seen, change)


def delete_note(bucket: Bucket, note: Note) -> Note:
    """Take a note off all charts; `restore_note` brings it back."""
    return _edited(bucket, note, lambda current: replace(current, deleted=True))


def restore_note(bucket: Bucket, note: Note) -> Note:
    """Bring a deleted note back."""
    return _edited(bucket, note, lambda current: replace(current, deleted=False))


def remove_note(bucket: Bucket, exchange: str, market: str, id_: str) -> None:
    """Remove all edits of a note for good, also of one that cannot be read.

    Raises:
        UsageError: no note has such an id.
        NewerFormat: a newer version wrote the note.
    """
    if not _ID.fullmatch(id_):
        raise UsageError(f"{one_line(id_, 60)!r} is not the id of a note; `notes_of` has the ids")
    folder = f"{_folder(exchange, market)}/{id_}"
    newest_edit(bucket, edits_in(bucket, folder), _parser(id_, exchange, market), refuse_newer=True)
    bucket.delete(entry.key for entry in bucket.list(folder))


def _folder(exchange: str, market: str) -> str:
    return f"{FOLDER}/{escape(exchange)}/{escape(market)}"


def _edited(bucket: Bucket, seen: Note, change: Callable[[Note], Note]) -> Note:
    """A note whose edits cannot be read, or are gone, is written as it was seen."""
    return edited(bucket, seen.folder, _parser(seen.id, seen.exchange, seen.market), seen, change, _fields)


def _parser(id_: str, exchange: str, market: str) -> Callable[[str, bytes], Note]:
    def parse(key: str, data: bytes) -> Note:
        found = parsed_edit(key, data, _Shape, FORMAT, "cqs-core", "remove the note, or delete this object")
        try:
            return _checked(Note(id_, exchange, market, found.ts, found.price, found.text, found.deleted))
        except UsageError as error:
            raise DataError(f"{key} is damaged: {error}") from None

    return parse


def _fields(note: Note) -> dict[str, Any]:
    about = {**format_fields("cqs-core", FORMAT), "changed": iso(now()), **asdict(note)}
    return {name: value for name, value in about.items() if name not in ("id", "fault")}


def _time(at: Time | int) -> int:
    return at if isinstance(at, int) else parse_moment(at)[0]


def _checked(note: Note) -> Note:
    """The note as it is kept.

    Raises:
        UsageError: a value cannot be kept.
    """
    text = harmless(whole(note.text.replace("\r\n", "\n"))).strip()
    if not text:
        raise UsageError("the note has no text; write some")
    if len(text) > LONGEST_TEXT:
        raise UsageError(f"the note has {len(text):,} characters; {LONGEST_TEXT:,} are allowed")
    if not 0 <= note.ts < BEYOND:
        raise UsageError(f"{note.ts} ms is outside the years 1970 to 2199; give ms UTC")
    return replace(note, price=_price(note.price), text=text)


def _price(given: float) -> float:
    with contextlib.suppress(OverflowError):  # of an int
        if math.isfinite(price := float(given)):
            return price
    raise UsageError("the price is not a number, or too large; give another one")
