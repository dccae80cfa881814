"""Every way in which trades CSVs were seen to break: complete rows are kept, the rest is told."""

from __future__ import annotations

import io

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from logfiles import BUY, HEAD, SELL

from cqs_monitor.logs.bot.parse import parse, read_block
from cqs_monitor.logs.bot.row import DamagedRow, row_of, split
from cqs_monitor.logs.problems import MOST, Findings, Problem
from cqs_monitor.logs.table import SCHEMA


def read(*files: bytes) -> tuple[pa.Table, list[Problem]]:
    findings = Findings()
    tables = parse(((str(i), io.BytesIO(data)) for i, data in enumerate(files)), findings)
    return pa.concat_tables([SCHEMA.empty_table(), *tables]), findings.problems()


def test_rows_as_the_bot_writes_them_come_through():
    table, problems = read(HEAD + BUY + SELL)
    assert problems == []
    first, second = table.to_pylist()
    assert first["timestamp"].isoformat() == "2025-10-20T14:59:59.525006+00:00"
    assert (first["sell"], first["symbol"], first["profit"], first["line"]) == (False, "DOGE", None, 2)
    assert (second["sell"], second["profit"], second["profit_pct"]) == (True, 105263.15789472, 2.1052631578947434)
    assert str(second["date"]) == "2025-10-21"


def test_the_fraction_of_a_second_may_be_missing_and_quantities_may_have_exponents():
    small = BUY.replace(b".525006", b"").replace(b"17543.85964912", b"3.333e-05").replace(b"285.0", b"1.5e11")
    table, problems = read(HEAD + small)
    assert problems == []
    assert table["quantity"].to_pylist() == [3.333e-05]


LAST = "no line end, but the row agrees with itself; counted"
TORN = "no line end, and the row does not agree with itself; not counted"
BREAKS = {
    "0 bytes": (b"", 0, [(None, "empty file, not even a header")]),
    "header only": (HEAD, 0, []),
    "header without its end": (HEAD[:-2], 0, []),
    "torn header": (HEAD[:30], 0, [(1, "torn header")]),
    "torn header, then rows": (HEAD[:30] + BUY + SELL, 2, [(1, "torn header")]),
    "no header": (BUY + SELL, 2, [(1, "no header; the columns are taken to be the bot's")]),
    "header twice": (HEAD + BUY + HEAD + SELL, 2, [(3, "the header again")]),
    "BOM": (b"\xef\xbb\xbf" + HEAD + BUY, 1, []),
    "LF": ((HEAD + BUY + SELL).replace(b"\r", b""), 2, []),
    "extra column in the header": (HEAD.replace(b"\r", b",fee\r") + BUY.replace(b"\r", b",2500\r"), 1, []),
    "extra column in a row": (
        HEAD + BUY.replace(b"\r", b",2500\r") + SELL,
        2,
        [(2, "10 columns where 9 are expected; the first 9 are counted")],
    ),
    "NUL tail": (HEAD + BUY + b"\0" * 512, 1, [(3, "NUL bytes, as a crash leaves them; left out")]),
    "NULs, then a row": (HEAD + BUY + b"\0" * 90_000 + SELL, 2, [(3, "NUL bytes, as a crash leaves them; left out")]),
    "no final newline": (HEAD + BUY + SELL[:-2], 2, [(3, LAST)]),
    "no final line feed": (HEAD + BUY + SELL[:-1], 2, [(3, LAST)]),
    "torn last row": (HEAD + BUY + SELL[:60], 1, [(3, "6 columns where 9 are needed; not counted")]),
    "torn inside the last number": (HEAD + BUY + SELL[:-12], 1, [(3, TORN)]),
    "torn in the last digits": (HEAD + BUY + SELL[:-5], 2, [(3, LAST)]),
    "torn BUY that agrees": (HEAD + BUY[:-2], 1, [(2, LAST)]),
    "torn BUY that does not": (HEAD + BUY[:-2].replace(b"5000000", b"500000"), 0, [(2, TORN)]),
    "torn row, next one glued on": (HEAD + SELL[:-12] + BUY + SELL, 2, [(2, TORN)]),
    "torn mid-row, next one glued on": (HEAD + SELL[:45] + SELL, 1, [(2, "3 columns where 9 are needed; not counted")]),
    "torn row, then a second header": (HEAD + SELL[:-12] + HEAD + BUY, 1, [(2, TORN), (2, "the header again")]),
    "empty line": (HEAD + BUY + b"\r\n" + SELL, 2, [(3, "empty line")]),
    "not UTF-8": (HEAD + BUY.replace(b"DOGE", b"D\xff") + SELL, 1, [(2, "symbol is not UTF-8; not counted")]),
    "impossible day": (
        HEAD + BUY.replace(b",2025-10-20", b",2025-10-32"),
        0,
        [(2, "date is '2025-10-32', no day; not counted")],
    ),
    "no offset": (
        HEAD + BUY.replace(b"+09:00", b""),
        1,
        [(None, "1 timestamps without an offset from UTC; read as KST")],
    ),
    "NaN": (HEAD + BUY.replace(b"285.0", b"nan"), 0, [(2, "price is 'nan', no number; not counted")]),
    "SELL without profit": (HEAD + BUY.replace(b"BUY", b"SELL"), 0, [(2, "no profit_pct; not counted")]),
    "one bad row among good ones": (
        HEAD + BUY + b"x,y\r\n" + SELL,
        2,
        [(3, "2 columns where 9 are needed; not counted")],
    ),
}


@pytest.mark.parametrize(("data", "rows", "told"), BREAKS.values(), ids=BREAKS.keys())
def test_a_broken_file_gives_its_complete_rows_and_says_what_is_damaged(data, rows, told):
    table, problems = read(data)
    assert table.num_rows == rows
    assert problems == [Problem("0", line, reason) for line, reason in told]


@pytest.mark.parametrize("data", [case[0] for case in BREAKS.values()], ids=BREAKS.keys())
def test_a_broken_file_leaves_the_files_around_it_alone(data):
    table, _ = read(HEAD + BUY + SELL, data, HEAD + SELL)
    assert table.filter(pa.compute.equal(table["file"], 0)).num_rows == 2
    assert table.filter(pa.compute.equal(table["file"], 2))["line"].to_pylist() == [2]


CONTRADICTIONS = {
    "profit": (
        SELL.replace(b",105263.15789472", b",5"),
        "profit_krw is 5.0, but amount and profit_pct make it 105263.16",
    ),
    "sign": (SELL.replace(b",105263.15789472", b",-105263.15"), "profit_krw is -105263.15, but"),
    "a loss of more than all": (SELL.replace(b"2.1052631578947434", b"-102.0"), "amount and profit_pct make it nan"),
    "amount": (BUY.replace(b"5000000", b"500000"), "amount is 500000.0, but price x quantity is 4999999"),
    "day": (BUY.replace(b",2025-10-20", b",2025-10-28"), "date and timestamp are days apart"),
}


@pytest.mark.parametrize(("row", "why"), CONTRADICTIONS.values(), ids=CONTRADICTIONS.keys())
def test_a_whole_row_that_contradicts_itself_is_counted_and_told(row, why):
    table, problems = read(HEAD + BUY + row + SELL)
    assert table.num_rows == 3
    ((_, line, reason),) = problems
    assert (line, reason.startswith("the row contradicts itself: ")) == (3, True)
    assert why in reason


def test_rounding_is_no_contradiction():
    rounded = SELL.replace(b"2.1052631578947434", b"2.11").replace(b"105263.15789472", b"105263.2")
    assert read(HEAD + rounded)[1] == []


def test_local_times_of_the_first_versions_are_kst_and_told_once_a_file():
    first = BUY.replace(b"+09:00", b"")
    table, problems = read(HEAD + first + SELL + first.replace(b"T23", b" 22"), HEAD + SELL)
    assert [at.isoformat() for at in table["timestamp"].to_pylist()][:3:2] == [
        "2025-10-20T14:59:59.525006+00:00",
        "2025-10-20T13:59:59.525006+00:00",
    ]
    assert problems == [Problem("0", None, "2 timestamps without an offset from UTC; read as KST")]


CONTENTS = {
    "text": "hello",
    "nothing": "",
    "commas in quotes": '"a, b, c"',
    "bare commas": "a,b,c",
    "a time": "2025-10-21T09:00:00+09:00",
    "a header": '"timestamp,date,action"',
    "a row": '"2025-10-20T23:59:59.5+09:00,2025-10-20,BUY,XRP,1.0,1.0,1.0,,"',
    "a quote in quotes": '"he said ""no"""',
    "a quote alone": '5" x',
    "an open quote": '"never closed',
    "two lines": '"Traceback:\n  File, line 3\n"',
    "JSON": '"{""a"": [1, 2]}"',
    "not ASCII": "메모",
}


@pytest.mark.parametrize("at", range(10))
@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS.keys())
def test_an_additional_column_anywhere_with_any_content_breaks_no_line(content, at):
    rows = [HEAD, BUY, SELL, BUY.replace(b"DOGE", b"BTC")]
    lines = [line.decode().rstrip("\r\n").split(",") for line in rows]
    written = [",".join([*f[:at], content if i else "note", *f[at:]]) for i, f in enumerate(lines)]
    table, problems = read("".join(f"{line}\r\n" for line in written).encode())
    plain, _ = read(b"".join(rows))
    assert table.drop_columns("line").equals(plain.drop_columns("line"))
    assert problems == []


def test_a_row_glued_on_is_not_taken_for_an_additional_column():
    header = HEAD.replace(b"profit_krw", b"profit_krw,note")
    table, problems = read(header + SELL[:-2] + b",x" + BUY[:-2] + b",y\r\n" + SELL[:-2] + b",z\r\n")
    assert table["sell"].to_pylist() == [True, False, True]
    assert len(problems) == 1


def test_a_header_that_changes_in_the_middle_is_followed():
    longer = HEAD.replace(b"action", b"action,strategy")
    changed = SELL.replace(b"SELL,", b"SELL,vbo,")
    table, problems = read(HEAD + BUY + longer + changed + longer + changed)
    assert table.num_rows == 3
    assert [reason for *_, reason in problems] == [
        "another header; the lines after it are read by it",
        "the header again",
    ]


FOREIGN = {
    "another bot's": (
        b"time,side,pair,price,qty\n1,2,3,4,5\n" * 2,
        "timestamp, date, action, symbol, quantity, amount,",
    ),
    "a column short": (HEAD.replace(b",profit_krw", b"") + SELL.rpartition(b",")[0] + b"\r\n", "profit_krw is missing"),
    "a column twice": (
        HEAD.replace(b"action", b"action,action") + SELL.replace(b"SELL", b"SELL,SELL"),
        "action is there twice",
    ),
}


@pytest.mark.parametrize(("data", "why"), FOREIGN.values(), ids=FOREIGN.keys())
def test_a_foreign_header_is_named_with_what_is_missing(data, why):
    table, problems = read(data, HEAD + SELL)
    assert table["file"].to_pylist() == [1]
    ((file, line, reason),) = problems
    assert (file, line) == ("0", 1)
    assert reason.startswith("a foreign header: ")
    assert why in reason


def test_quoted_symbols_are_read_as_csv():
    table, problems = read(HEAD + BUY.replace(b"DOGE", b'"A,""B"'))
    assert (table["symbol"].to_pylist(), problems) == (['A,"B'], [])


def test_a_file_of_garbage_is_counted_rather_than_told_line_by_line():
    table, problems = read(HEAD + b"garbage\r\n" * (MOST + 7) + BUY)
    assert table.num_rows == 1
    assert len(problems) == MOST + 1
    assert problems[-1] == Problem("0", None, "7 more damaged lines")


def test_line_numbers_are_right_after_any_number_of_blocks():
    rows = (BUY + SELL) * 10_000
    table, problems = read(HEAD + rows + b"bad\r\n" + rows + BUY)
    assert table.num_rows == 40_001
    assert [p.line for p in problems] == [20_002]
    assert table["line"].to_pylist()[20_000] == 20_003


def test_a_line_without_end_does_not_fill_the_memory():
    table, problems = read(HEAD + BUY + b"y" * 5_000_000 + b"\r\n" + SELL)
    assert table.num_rows == 2
    assert [p.line for p in problems] == [3]


CELLS = st.one_of(
    st.sampled_from(
        ["", "1", "1.5", "-2", "3.333e-05", "1e400", "nan", "inf", " 1", "1_0", "0x1", "+7", "٣", "-0", ".5", "5."]
    ),
    st.text(alphabet="0123456789.eE+-_ n", max_size=6),
)
TIMES = st.one_of(
    st.sampled_from(
        [
            "2025-10-20T23:59:59+09:00",
            "2025-10-20T23:59:59.5+09:00",
            "2025-10-20 23:59+0900",
            "2025-10-20T23Z",
            "2025-10-20",
        ]
    ),
    st.datetimes().map(lambda at: at.isoformat() + "+09:00"),
)
DATES = st.sampled_from(["2025-10-20", "2025-02-29", "20251020", "2025-1-2", "2025-10-20 ", ""])


@given(
    TIMES,
    DATES,
    st.sampled_from(["BUY", "SELL", "buy", "", "HOLD"]),
    st.text("AB= \t'", max_size=3),
    st.tuples(*[CELLS] * 5),
)
def test_what_is_accepted_together_is_accepted_alone_with_the_same_values(when, date, action, symbol, numbers):
    line = ",".join([when, date, action, symbol, *numbers])
    table = read_block(line.encode() + b"\r\n", 1)
    if table is None:
        return
    row = row_of(split(line))
    values = [column.to_pylist()[0] for column in table.columns]
    assert table["timestamp"].cast(pa.int64()).to_pylist() == [row.timestamp]
    assert table["date"].cast(pa.int32()).to_pylist() == [row.date]
    assert values[2:] == list(row[2:])


@given(st.lists(st.sampled_from([BUY, SELL, b"torn\r\n", b"\r\n", HEAD]), max_size=12), st.binary(max_size=40))
def test_nothing_raises_and_complete_rows_before_a_torn_tail_are_kept(lines, tail):
    table, _ = read(HEAD + b"".join(lines) + tail)
    assert table.num_rows >= sum(line in (BUY, SELL) for line in lines)


@given(st.integers(1, len(BUY + SELL) - 1))
def test_a_copy_cut_anywhere_never_counts_a_wrong_profit(cut):
    table, _ = read(HEAD + (BUY + SELL)[:cut])
    profits = [value for value in table["profit"].to_pylist() if value is not None]
    assert all(abs(value - 105263.15789472) <= 0.02 for value in profits)


def test_a_row_says_why_it_is_damaged():
    with pytest.raises(DamagedRow, match="neither BUY nor SELL"):
        row_of(split("2025-10-20T23:59:59+09:00,2025-10-20,HOLD,DOGE,1,1,1,,"))
