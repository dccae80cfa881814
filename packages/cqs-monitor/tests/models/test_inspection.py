"""Static inspection: what is found, what is never run."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import struct
import time
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from modelfiles import CLASSES, FEATURES, portable

from cqs_monitor.models.inspection import inspect_file

pytestmark = pytest.mark.once

VERDICTS = {"nothing unusual found", "imports code", "dangerous", None}


@pytest.mark.parametrize("protocol", range(6))
def test_a_malicious_pickle_of_any_protocol_is_dangerous(look, touching, protocol):
    found = look(pickle.dumps({"model": [1, 2], "extra": touching}, protocol))
    assert found.verdict == "dangerous"
    assert list(found.dangerous) == ["posix.system"]
    assert found.protocol == protocol if protocol > 1 else found.protocol == 0


def test_plain_data_is_nothing_unusual(look):
    found = look(pickle.dumps({"a": [1, 2.5, None, "x", b"y", {3}], "b": np.arange(4), "c": np.float64(2)}))
    assert (found.verdict, found.problem, list(found.oddities)) == ("nothing unusual found", None, [])


def test_a_model_imports_code_and_says_what_it_is(look, rows):
    found = look(pickle.dumps(portable(rows)))
    assert found.verdict == "imports code"
    assert "cqs_monitor.models.softmax.Softmax" in found.imports
    assert found.about.portable
    assert list(found.about.feature_names) == FEATURES
    assert list(found.about.classes) == CLASSES
    assert found.about.model == "cqs_monitor.models.softmax.Softmax"
    assert found.about.performance["accuracy_mean"] == 0.8


@pytest.mark.parametrize("protocol", range(6))
def test_names_are_read_from_numpy_texts_too(look, rows, protocol):
    classes = list(np.array(CLASSES))
    found = look(pickle.dumps(portable(rows, classes=classes, feature_names=np.array(FEATURES)), protocol))
    assert list(found.about.classes) == CLASSES
    assert list(found.about.feature_names) == FEATURES


WRITTEN_BY_HAND = {
    "global": b"cos\nsystem\n(S'true'\ntR.",
    "python 2's name": b"c__builtin__\neval\n(S'1'\ntR.",
    "inst": b"(S'true'\nios\nsystem\n.",
    "obj": b"(cos\nsystem\nS'true'\no.",
    "stack global": b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85R.",
    "names from the memo": b"\x80\x04\x8c\x05posix\x94\x8c\x06system\x94000h\x00h\x01\x93\x8c\x04true\x85R.".replace(
        b"000", b"00"
    ),
    "through another module": b"\x80\x04\x8c\x13sklearn.utils.fixes\x8c\x09os.system\x93\x8c\x04true\x85R.",
    "the interpreter": b"\x80\x04\x8c\x08builtins\x8c\x07getattr\x93.",
    "hidden names": b"\x80\x04\x8c\x05numpy\x8c\x18ndarray.__class__.__call\x93.".replace(
        b"\x18ndarray.__class__.__call", b"\x11ndarray.__class__"
    ),
    "behind a truncation": b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85R",
    "a nested loader": b"\x80\x04\x8c\x06pickle\x8c\x05loads\x93C\x03N..\x85R.",
}


@pytest.mark.parametrize("data", WRITTEN_BY_HAND.values(), ids=WRITTEN_BY_HAND.keys())
def test_every_way_to_name_an_import_is_followed(look, data):
    assert look(data).verdict == "dangerous"


def test_a_name_that_only_loading_would_tell_is_no_clean_bill(look):
    found = look(b"\x80\x04N\x8c\x06system\x93.")
    assert found.verdict != "nothing unusual found"
    assert any("known only after loading" in oddity for oddity in found.oddities)


def test_the_extension_registry_is_odd(look):
    assert look(b"\x80\x02\x82\x01.").verdict is None


@pytest.mark.parametrize(
    "pack", [gzip.compress, zlib.compress, bz2.compress, lzma.compress], ids=["gzip", "zlib", "bz2", "xz"]
)
def test_compressions_are_looked_into(look, touching, pack):
    found = look(pack(pickle.dumps([touching])))
    assert found.verdict == "dangerous"


def test_a_torch_zip_is_looked_into(look, touching):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(touching))
        archive.writestr("archive/data/0", bytes(1000))
    found = look(file.getvalue())
    assert (found.verdict, found.format) == ("dangerous", "torch zip")


def test_a_pickle_with_another_name_in_a_zip_is_looked_into(look, touching):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({}))
        archive.writestr("readme.txt", pickle.dumps(touching))
    assert look(file.getvalue()).verdict == "dangerous"


@pytest.mark.parametrize(
    "data", [b"", b"hello\n", b"\x00" * 100, b"PK\x03\x04junk", b"\x1f\x8bjunk", bytes(range(256))]
)
def test_what_is_no_model_says_so_and_is_no_clean_bill(look, data):
    found = look(data)
    assert found.verdict is None
    assert found.problem


def test_a_truncated_model_is_shown_as_truncated(look, rows):
    whole = pickle.dumps(portable(rows))
    found = look(whole[: len(whole) // 2])
    assert found.truncated
    assert "truncated" in found.problem
    assert look(pickle.dumps(list(range(5000)))[:4000]).verdict is None


def test_bytes_after_the_end_are_no_clean_bill(look):
    found = look(pickle.dumps([1]) + b"and more")
    assert found.verdict is None
    assert "after the end" in found.oddities[0]


def test_a_second_pickle_in_the_file_is_looked_into(look, touching):
    assert look(pickle.dumps([1]) + pickle.dumps(touching)).verdict == "dangerous"


def test_a_bomb_is_given_up_within_limits(look):
    bomb = gzip.compress(bytes(1 << 20) * 1100, 1)
    tracemalloc.start()
    started = time.process_time()
    found = look(bomb)
    spent, (_, peak) = time.process_time() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "given up" in found.problem
    assert spent < 40
    assert peak < 100 << 20


def test_a_zip_bomb_is_given_up(look):
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("archive/data.pkl", "w", force_zip64=True) as entry,
    ):
        for _ in range(1100):
            entry.write(bytes(1 << 20))
    found = look(file.getvalue())
    assert "given up" in found.problem


@pytest.mark.parametrize(
    "header", [b"", b"\x80\x04\x8e" + struct.pack("<Q", (4 << 30) - 100)], ids=["zeros", "one long byte string"]
)
def test_a_model_of_4_gb_is_looked_at_within_limits(tmp_path, header):
    path = tmp_path / "big"
    with path.open("wb") as file:
        file.write(header)
        file.truncate(4 << 30)
    tracemalloc.start()
    started = time.process_time()
    with path.open("rb") as file:
        found = inspect_file(file)
    spent, (_, peak) = time.process_time() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.verdict is None
    assert spent < 40
    assert peak < 100 << 20


@pytest.mark.parametrize(
    "data", [b"\x80\x04\x8e" + b"\xff" * 8, b"\x80\x04T\xff\xff\xff\xff", b"\x80\x04\x8b\xff\xff\xff\x7f"]
)
def test_lengths_that_lie_are_not_believed(look, data):
    assert look(data + bytes(10)).verdict is None


def test_endless_opcodes_end_by_the_clock(look):
    found = look(b"\x80\x04" + b"N" * 8_000_000, seconds=0.2)
    assert "took too long" in found.problem


def test_values_that_hold_themselves_are_read(look):
    loop: list = []
    loop.append(loop)
    assert look(pickle.dumps({"classes_": loop})).verdict == "nothing unusual found"


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_break_the_inspection(data):
    import tempfile

    with tempfile.TemporaryFile() as file:
        file.write(b"\x80\x04" + data)
        file.flush()
        found = inspect_file(file)
    assert found.verdict in VERDICTS
    assert found.verdict != "nothing unusual found" or found.problem is None


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_changed_byte_never_hides_a_system_call(data):
    import tempfile

    whole = bytearray(pickle.dumps({"a": list(range(20)), "b": WRITTEN_BY_HAND["global"]}, 4))[:-1] + b"cos\nsystem\n."
    at = data.draw(st.integers(2, 40))
    whole[at] = data.draw(st.integers(0, 255))
    with tempfile.TemporaryFile() as file:
        file.write(whole)
        file.flush()
        assert inspect_file(file).verdict != "nothing unusual found"
