"""What cannot be read or written is refused by name, with what to do about it; the lake stays as it is."""

from __future__ import annotations

import io
import socket
import zipfile
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cqs_core import UnknownName, UsageError
from cqs_core.cli import run_command
from cqs_core.time import clock
from cqs_data import OHLCVFetcher, load
from cqs_data.bars import Bars
from cqs_data.importing import Options, import_files
from cqs_data.sandbox import CandleFolder, Sandbox, Synthetic
from cqs_data.sandbox.habits import Habits

HEAD = "time,open,high,low,close,volume\n"
OPTIONS = Options("upbit", "BTC/KRW")


def workbook() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
    return data.getvalue()


def rows(*times: str, price: str = "100") -> str:
    return HEAD + "".join(f"{time},{price},{price},{price},{price},1\n" for time in times)


DAYS = rows("2024-01-01", "2024-01-02", "2024-01-03")
PAIRS = "".join(f"{line},{'pair' if n == 0 else 'ETH'}\n" for n, line in enumerate(DAYS.splitlines()))
SYMBOLS = "".join(f"{line},{'symbol' if n == 0 else 'KRW-ETH'}\n" for n, line in enumerate(DAYS.splitlines()))
MARKS = HEAD.replace(",", ";") + "".join(
    f"2024-01-0{n};{p};{p};{p};{p};1\n" for n, p in enumerate(("1,5", "1.5", "1.5"), 1)
)


@pytest.mark.parametrize(
    ("name", "data", "options", "told"),
    [
        ("a.xlsx", workbook(), OPTIONS, "'a.xlsx' is an Excel workbook; save it as CSV and import that"),
        ("a.csv", b"no,price\n", Options("upbit", delimiter=","), "'a.csv' has no line with prices; it begins with"),
        ("a.csv", DAYS.encode(), Options("upbit"), "the market of 'a.csv' is not known: nothing in it says so"),
        ("a.csv", rows("2024-01-01").encode(), OPTIONS, "the interval of 'a.csv' is not known: it has too few rows"),
        (
            "a.csv",
            DAYS.encode(),
            Options("upbit", "BTC/KRW", pattern="%d.%m.%Y"),
            r"no time of 'a.csv' is written as '%d.%m.%Y'",
        ),
        (
            "a.csv",
            DAYS.encode(),
            Options("upbit", "BTC/KRW", where={"pair": "BTC"}),
            "'a.csv' has no column 'pair' for --where; it has",
        ),
        (
            "a.csv",
            PAIRS.encode(),
            Options("upbit", "BTC/KRW", where={"pair": "BTC"}),
            "no row of 'a.csv' has 'BTC' in 'pair'; it has ETH",
        ),
        ("a.csv", b" \n\n", OPTIONS, "'a.csv' is empty"),
        ("a.json", b'{"code": 0}', OPTIONS, "'a.json' has no rows of candles: JSON needs a list of lists"),
        ("a.csv", DAYS.encode(), Options("upbit", "BTC/KRW", "1h"), "'a.csv' is not of interval '1h': its rows are"),
        (
            "a.csv",
            SYMBOLS.encode(),
            OPTIONS,
            "'a.csv' is of 'KRW-ETH', which is ETH/KRW, not BTC/KRW; say --market ETH/KRW",
        ),
        ("a.csv", b"", OPTIONS, "'a.csv' is empty"),
        ("a.csv", MARKS.encode(), OPTIONS, "numbers of 'a.csv' have decimal commas and decimal points; write them in"),
    ],
    ids=[
        "workbook",
        "text",
        "market",
        "interval",
        "date format",
        "where",
        "value",
        "empty",
        "json",
        "rows",
        "other",
        "nothing",
        "marks",
    ],
)
def test_a_file_that_cannot_be_read_is_refused(lake, tmp_path, name, data, options, told):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UsageError, match=told):
        import_files(lake, [tmp_path / name], options)
    assert lake.series() == []


def test_a_bar_that_is_open_is_not_imported_alone(lake, tmp_path, monkeypatch):
    noon = int(datetime(2024, 1, 3, 12, tzinfo=UTC).timestamp() * 1000)
    monkeypatch.setattr(clock, "now", lambda: noon)
    (tmp_path / "a.csv").write_text(rows("2024-01-03"))
    with pytest.raises(UsageError, match=r"'a\.csv' has no closed candle of '1d': their times are in the future"):
        import_files(lake, [tmp_path / "a.csv"], Options("upbit", "BTC/KRW", "1d"))
    assert lake.series() == []


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda: Bars({}, "1d").wide("price"), "field 'price'.*close"),
        (lambda: load("BTC", fill="bfill"), "fill 'bfill'.*ffill"),
    ],
    ids=["field", "fill"],
)
def test_python_callers_hear_which_words_there_are(ask, told):
    with pytest.raises(UnknownName, match=told):
        ask()


def test_gaps_are_mended_by_causes_that_can_be_mended(lake, capsys):
    assert run_command(["data", "repair", "--cause", "bad_luck", "--bucket", lake.bucket.url]) == 2
    assert "cause 'bad_luck'" in " ".join(capsys.readouterr().err.split())


def test_a_week_of_the_sandbox_starts_on_a_weekday():
    with pytest.raises(UsageError, match=r"week_start is 'someday'; give one of .*Monday"):
        Habits(week_start="someday")


def test_columns_are_named_by_field(lake, tmp_path, capsys):
    (tmp_path / "a.csv").write_text(DAYS)
    words = ["data", "import", str(tmp_path / "a.csv"), "--market", "BTC/KRW", "--exchange", "upbit"]
    assert run_command([*words, "--columns", "price=close", "--bucket", lake.bucket.url]) == 2
    assert "--columns 'price=close' is not FIELD=COLUMN; fields are" in " ".join(capsys.readouterr().err.split())
    assert lake.series() == []


def test_nothing_is_saved_before_something_is_downloaded(tmp_path):
    with pytest.raises(UsageError, match=r"nothing to save; call download\(symbols=…\) first"):
        OHLCVFetcher(bucket=str(tmp_path)).save_to_csv(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_delimiter_is_one_character():
    with pytest.raises(UsageError, match="--delimiter '::' is not one character; for tabs say tab"):
        Options("upbit", "BTC/KRW", delimiter="::")


@pytest.mark.parametrize("new", ["BTC/KRW", "BTC"])
def test_a_market_is_renamed_to_another_one(lake, capsys, new):
    assert run_command(["data", "rename", "BTC/KRW", new, "--bucket", lake.bucket.url]) == 2
    assert f"'{new}' is not another market; write NEW as BASE/QUOTE" in " ".join(capsys.readouterr().err.split())


def test_a_sandbox_needs_a_port_of_its_own():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port} of 127.0.0.1 is taken; choose another with --port"):
            Sandbox(Synthetic(), port=port).__enter__()


def test_a_sandbox_on_files_needs_candles(tmp_path):
    with pytest.raises(UsageError, match="put files there as upbit/BTC-KRW_1d"):
        CandleFolder(tmp_path)
    (tmp_path / "upbit").mkdir()
    pq.write_table(pa.table({"ts": [1], "price": [2.0]}), tmp_path / "upbit" / "BTC-KRW_1d.parquet")
    with pytest.raises(UsageError, match="holds no candles; it needs ts, open"):
        CandleFolder(tmp_path).first("upbit", "BTC/KRW")
