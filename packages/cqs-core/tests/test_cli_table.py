"""Plain tables: aligned, whole, and harmless to a terminal."""

from __future__ import annotations

import io

from cqs_core.cli import Table, print_table, say, table_lines
from cqs_core.files import SafeConsole, safe


def test_numbers_stand_right_and_korean_takes_two_cells():
    lines = table_lines(["Series", "Candles"], [False, True], [["비트코인", "1,234"], ["BTC/KRW", "7"], ["", "-"]])
    assert lines == ["Series    Candles", "비트코인    1,234", "BTC/KRW         7", "                -"]


def test_nothing_is_cut_and_no_line_ends_in_spaces():
    lines = table_lines(["A", "B"], [False, False], [["x" * 500, "y"], ["z", ""]])
    assert lines[1] == "x" * 500 + "  y"
    assert lines[2] == "z"


def test_columns_grow_where_later_rows_need_it():
    table = Table(["A", "B"], [False, True])
    assert table.lines([["1"], ["2"]]) == ["A  B", "1  2"]
    assert table.lines([["long"], ["333"]]) == ["long  333"]
    assert table.lines([["1"], ["2"]]) == ["1       2"]


def test_a_table_without_rows_has_its_titles():
    assert table_lines(["A", "B"], [False, True], []) == ["A  B"]


def test_nothing_that_commands_a_terminal_gets_through():
    assert safe("\x1b[31m메인\n\u202e\udcff\u3000") == "\\x1b[31m메인\\n\\u202e\\udcff\u3000"
    assert table_lines(["\x07"], [False], [["\x1b]0;title\x07"]]) == ["\\x07", "\\x1b]0;title\\x07"]


def test_what_is_said_is_harmless_too(capsys):
    say(["upbit X\x1b[31m/KRW: 1 new candle", "메인"])
    assert capsys.readouterr().out == "upbit X\\x1b[31m/KRW: 1 new candle\n메인\n"


def test_a_table_without_titles_has_only_its_rows():
    assert table_lines(["", ""], [False, True], [["CAGR", "9"], ["Sharpe", "12"]]) == ["CAGR     9", "Sharpe  12"]


def test_a_colored_table_has_the_columns_of_a_plain_one(capsys):
    rows = [["비트코인", "1,234"], ["\x1b[2J[red]x[/]", "7"]]
    print_table(["Series", "Candles"], [False, True], rows, lambda row, _: "red" if row else "")
    assert capsys.readouterr().out.splitlines() == table_lines(["Series", "Candles"], [False, True], rows)


def test_colors_are_those_of_the_cell():
    terminal = SafeConsole(file=io.StringIO(), force_terminal=True, color_system="standard", width=20)
    print_table(["A", "B"], [False, False], [["x" * 40, "good"], ["y", "bad"]], _red_if_bad, terminal)
    lines = terminal.file.getvalue().splitlines()
    assert [("\x1b[31m" in line) for line in lines] == [False, False, True]
    assert "\x1b[31mbad\x1b[0m" in lines[2]


def _red_if_bad(row, column):
    return "red" if (row, column) == (1, 1) else ""
