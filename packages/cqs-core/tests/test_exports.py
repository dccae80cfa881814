from __future__ import annotations

import csv
import io

import pandas as pd
import pytest

from cqs_core.files.spreadsheet import to_csv


@pytest.mark.parametrize(
    "cell", ['=HYPERLINK("http://x")', "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "a,b", 'say "x"', "메인"]
)
def test_text_stays_text_in_a_spreadsheet(cell):
    data = to_csv(pd.DataFrame({"symbol": [cell], "profit": [-1.5]}))
    assert data.startswith(b"\xef\xbb\xbf")
    _, row = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert row[0].removeprefix("'") == cell
    assert not row[0].startswith(("=", "+", "-", "@", "\t", "\r"))
    assert row[1] == "-1.5"
