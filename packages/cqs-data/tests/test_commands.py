"""What the commands of cqs-data refuse, say and print."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import pty
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from aiohttp import web

from cqs_core import Lake, Series, UsageError
from cqs_core.cli import run_command
from cqs_core.lake import candle_table
from cqs_core.testing.command import cqs, cqs_json, refusal, started
from cqs_core.testing.waiting import until
from cqs_core.time import clock
from cqs_core.time.intervals import DAY, HOUR, MINUTE, floor, length
from cqs_data import fetch, load_processed_data, select
from cqs_data.sandbox import Faults, Sandbox, Synthetic

pytestmark = pytest.mark.once

CQS = str(Path(sys.executable).with_name("cqs"))
NOW = clock.now()
EMPTY = "the lake has no series yet; fill it with `cqs fetch --symbols BTC --interval 1d`"
TENTH = 1_704_844_800_000  # 2024-01-10
BTC = Series("upbit", "BTC/KRW", "1h")


def fill(lake: Lake, series: Series, n: int = 10, start: int = TENTH, source: str = "exchange"):
    step = length(series.interval)
    ts = floor(series.interval, start) + np.arange(n, dtype=np.int64) * step
    lake.append(series, candle_table(ts, np.full((n, 5), 2.5)), int(ts[0]), int(ts[-1]) + step, source)


def punch(lake: Lake, series: Series, hole: int = 5):
    """Two runs of candles with a hole between that nobody asked for."""
    fill(lake, series, 10)
    fill(lake, series, 10, TENTH + (10 + hole) * length(series.interval))


@pytest.fixture
def bucket(lake, monkeypatch) -> Lake:
    """The lake, configured."""
    monkeypatch.setenv("CQS_BUCKET", str(lake.bucket.folder))
    return lake


@pytest.fixture
def told(capsys):
    """Run a command in this process; its output's lines."""

    def run(*args: object, code: int = 0) -> list[str]:
        assert run_command(list(map(str, args))) == code, capsys.readouterr().err
        out = capsys.readouterr()
        return (out.err if code == 2 else out.out).splitlines()

    return run


class TestStatus:
    @pytest.fixture(autouse=True)
    def _series(self, bucket):
        for interval in ("1M", "1d", "1w", "1h"):
            fill(bucket, BTC._replace(interval=interval), 1)
        fill(bucket, Series("binance", "PEPE/USDT:USDT", "15m"), 1500)
        fill(bucket, Series("upbit", "비트\x1b[31m/KRW", "1h"), 1)

    def test_objects_that_are_not_understood_are_counted(self, bucket, capsys):
        bucket.bucket.write(f"{BTC.folder}/notes.txt", b"")
        assert run_command(["data", "status", "--json"]) == 0
        assert "1 object of the lake has a name that cqs does not know, and is not read" in capsys.readouterr().err

    def test_a_lake_of_a_newer_format_is_refused(self, bucket, capsys):
        bucket.bucket.write("data/candles/_format_2", b'{"written_by": "cqs-core 9"}')
        for words in (["data", "status"], ["update"], ["sql", "select 1 from candles"], ["data", "verify"]):
            assert run_command(words) == 1
            assert (
                "of format 2, written by cqs-core 9; this version reads 1: upgrade cqs-core" in capsys.readouterr().err
            )

    def test_it_is_plain_text_that_is_never_cut(self):
        lines = cqs("data", "status", COLUMNS="20").stdout.splitlines()
        assert lines[0].split("  ")[0] == "Series"
        assert lines[0].split()[1:] == ["First", "(UTC)", "Last", "(UTC)", "Candles", "Missing", "Behind", "Source"]
        assert lines[1].startswith("binance PEPE/USDT:USDT 15m  2024-01-10 00:00  2024-01-25 14:45    1,500")
        assert [line.split()[2] for line in lines[2:6]] == ["1h", "1d", "1w", "1M"]
        assert "  2024-01-10  " in lines[3]
        assert "비트\\x1b[31m/KRW" in lines[6]
        assert all(line.endswith("exchange") for line in lines[1:])

    def test_a_narrow_terminal_loses_the_source_and_nothing_else(self):
        [head, first, *_] = on_terminal(70, "data", "status")
        assert "Source" not in head
        assert first.split()[-4:-2] == ["14:45", "1,500"]
        assert "Source" in on_terminal(200, "data", "status")[0]

    def test_json_has_the_same_order_and_its_old_keys(self):
        rows = cqs_json("data", "status")
        assert [row["interval"] for row in rows] == ["15m", "1h", "1d", "1w", "1M", "1h"]
        assert set(rows[0]) >= {"first", "last", "rows", "gaps", "stale", "bytes", "objects", "sources", "history"}


def on_terminal(columns: int, *args: str) -> list[str]:
    """What a command prints on a terminal of so many columns."""
    ours, its = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns)}
    with subprocess.Popen([CQS, *args], stdout=its, stderr=subprocess.DEVNULL, env=environment):
        os.close(its)
        text = b""
        try:
            while part := os.read(ours, 65536):
                text += part
        except OSError:  # Linux's end of a terminal
            pass
    os.close(ours)
    return text.decode().splitlines()


class TestMissingAndEmpty:
    WORK = (("data", "repair"), ("data", "verify"), ("data", "compact"), ("data", "publish"))

    @pytest.mark.parametrize("words", [*WORK, ("update",), ("fetch", "--update")], ids=" ".join)
    def test_a_missing_folder_is_refused_and_not_made(self, tmp_path, words):
        assert "does not exist; check the name" in refusal(*words, "--bucket", tmp_path / "typo")
        assert not (tmp_path / "typo").exists()

    @pytest.mark.parametrize("words", [*WORK, ("data", "gaps"), ("data", "status")], ids=" ".join)
    def test_an_empty_lake_says_what_to_do(self, bucket, told, words):
        assert told(*words) == [EMPTY]

    @pytest.mark.parametrize("words", [("update",), ("update", "--every", "1h"), ("fetch", "--update")], ids=" ".join)
    def test_damage_an_empty_folder_is_no_bucket_that_could_be_updated(self, bucket, told, words):
        line = f"cqs: bucket {bucket.bucket.url!r} has no series to update; check its name, or `cqs fetch` some"
        assert told(*words, code=2)[-1] == line  # a service has said before that it starts

    def test_nothing_to_publish_names_what_was_looked_for(self, bucket, told):
        fill(bucket, BTC)
        assert told("data", "publish") == [
            "nothing to publish: the lake has no upbit */KRW 1d (by CQS_EXCHANGE, CQS_QUOTE and CQS_PUBLISH)"
        ]


class TestRefusals:
    @pytest.mark.parametrize(
        ("words", "line"),
        [
            (("fetch", "--symbols", "BTC", "--interval", ""), "no interval; name one"),
            (("fetch", "--symbols", "BTC", "--start", "2199-01-01"), "start '2199-01-01' is in the future"),
            (("fetch", "--symbols", "BTC", "--interval", "1D"), "unknown interval '1D'; did you mean '1d'?"),
            (("data", "export", "x.csv", "--market", "BTC", "--interval", "1H"), "unknown interval '1H'; did you mean"),
            (
                ("fetch", "--symbols", "BTC", "--endpoint", "http://127.0.0.1:99999"),
                "endpoint 'http://127.0.0.1:99999'",
            ),
            (("update", "--endpoint", "http://127.0.0.1:abc"), "endpoint 'http://127.0.0.1:abc' is not a base URL"),
            (("data", "repair", "--endpoint", "http://[::1"), "endpoint 'http://[::1' is not a base URL"),
            (("update", "--every", "99999999999h"), "--every is '99999999999h'"),
            (("update", "--every", "9" * 5000 + "h"), "--every is '999"),
            (("data", "export", ".", "--market", "BTC", "--interval", "1d"), "'.' is a folder; name a file"),
            (("data", "import", "x" * 300, "--market", "BTC", "--interval", "1d"), "'xxx"),
            (("data", "export", "x" * 300 + ".csv", "--market", "BTC", "--interval", "1d"), "'xxx"),
            (("data", "export", "x" * 245 + ".csv", "--market", "BTC", "--interval", "1d"), "'xxx"),
            (
                ("data", "import", "x.csv", "--market", "BTC", "--interval", "1d", "--zone", "Asia/Seul"),
                "--zone is 'Asia/Seul'; write an IANA name such as Asia/Seoul",
            ),
            (("data", "gaps", "--symbols", "BTX"), "unknown market in the lake 'BTX/KRW'; did you mean 'BTC/KRW'?"),
            (("data", "gaps", "--symbols", "*/EUR"), "unknown market in the lake '*/EUR'"),
            (("data", "gaps", "--symbols", ""), "--symbols is empty"),
            (("data", "verify", "--exchange", "upbti"), "unknown exchange 'upbti'; did you mean 'upbit'?"),
            (("data", "verify", "--exchange", "bybit"), "the lake has no series of bybit"),
            (("data", "repair", "--interval", "1w"), "the lake has no series of 1w"),
        ],
        ids=lambda value: " ".join(value)[:60] if isinstance(value, tuple) else "",
    )
    def test_what_cannot_be_is_one_line_and_code_2(self, bucket, told, words, line):
        fill(bucket, BTC)
        [said] = told(*words, code=2)
        assert said.startswith(f"cqs: {line}")

    def test_an_export_of_other_dates_names_those_that_there_are(self, bucket, told, tmp_path):
        fill(bucket, BTC, 24)
        for interval in ("1h", "4h"):
            words = ("data", "export", tmp_path / "x.csv", "--market", "BTC", "--interval", interval)
            [line] = told(*words, "--start", "2030-01-01", code=2)
            assert f"no candles of upbit BTC/KRW {interval} in these dates" in line
            assert "the lake has upbit BTC/KRW 1h from 2024-01-10T00:00 to 2024-01-10T23:00 UTC" in line

    def test_a_file_of_the_longest_name_is_imported(self, bucket, told, tmp_path):
        file = tmp_path / ("x" * 250 + ".csv")
        file.write_text("timestamp,open,high,low,close,volume\n2024-01-10,1,1,1,1,1\n")
        words = ("data", "import", file, "--market", "BTC", "--interval", "1d")
        assert told(*words)[0] == f"upbit BTC/KRW 1d: 1 candle imported from {file.name}"


class TestFilters:
    @pytest.fixture(autouse=True)
    def _series(self, bucket):
        for market in ("BTC/KRW", "ETH/KRW"):
            for interval in ("1h", "1d"):
                punch(bucket, Series("upbit", market, interval))
        punch(bucket, Series("binance", "BTC/USDT", "1h"))

    @pytest.mark.parametrize(
        ("words", "left"),
        [
            ((), 5),
            (("--exchange", "upbit"), 4),
            (("--interval", "1d"), 2),
            (("--interval", "1d,1h"), 5),
            (("--symbols", "BTC"), 3),
            (("--symbols", "KRW-BTC"), 2),
            (("--symbols", "ETH,BTC/USDT"), 3),
            (("--symbols", "*/krw", "--interval", "minute60"), 2),
            (("--symbols", "BTC", "--exchange", "upbit", "--interval", "1d"), 1),
        ],
        ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
    )
    def test_every_command_looks_at_what_fits(self, told, words, left):
        assert len(json.loads(told("data", "status", *words, "--json")[0])) == left
        assert len(json.loads(told("data", "verify", *words, "--json")[0])) == left
        assert len(json.loads(told("data", "gaps", *words, "--json")[0])) == left
        lines = told("data", "gaps", *words)
        holes = "1 hole" if left == 1 else f"{left} holes"
        assert lines[-1] == f"{5 * left} bars missing in {holes}"
        assert len(lines) == left + 1

    def test_repair_says_what_is_left_of_what_it_looked_at(self, bucket, told):
        words = ("data", "repair", "--symbols", "BTC", "--exchange", "upbit", "--cause", "no_trade")
        assert told(*words) == ["0 new candles in 0 series", "0 bars still missing in the 2 series checked"]


class TestUpdate:
    def test_series_of_another_source_are_told_apart(self, bucket, sandbox, told):
        fill(bucket, BTC, source="endpoint")
        fill(bucket, BTC._replace(market="ETH/KRW"), source="endpoint")
        [line] = told("update", code=2)
        assert line == "cqs: nothing was asked for: all 2 series are of an endpoint; name it with --endpoint"
        fill(bucket, BTC._replace(market="XRP/KRW"), start=floor("1h", NOW) - 12 * HOUR)
        lines = told("update", "--endpoint", sandbox.url)
        assert lines[2] == "upbit XRP/KRW 1h: left alone, it is of the real exchange; not asked for at an endpoint"
        assert lines[-1].endswith("new candles in 3 series")

    def test_the_first_round_ends_what_can_never_be(self, bucket, told):
        fill(bucket, BTC, source="endpoint")
        before = signal.getsignal(signal.SIGTERM)
        try:
            assert "all 2" not in told("update", "--every", "1h", code=2)[0]
        finally:
            signal.signal(signal.SIGTERM, before)

    def test_one_candle_is_one(self, bucket, sandbox, told):
        fetch(bucket, select("BTC", "1d", "upbit", end=clock.iso(floor("1d", NOW) - DAY)), sandbox.url)
        lines = told("update", "--endpoint", sandbox.url)
        assert lines == ["upbit BTC/KRW 1d: 1 new candle from an endpoint", "1 new candle in 1 series"]

    @pytest.mark.parametrize("form", ["text", "json"])
    def test_rounds_log_a_line_each_and_print_json(self, bucket, sandbox, form):
        for market in ("BTC", "ETH"):
            fetch(bucket, select(market, "1d", "upbit", "2024-01-01"), sandbox.url)
        fetch(bucket, select("XRP", "1d", "upbit", "2024-01-01", clock.iso(floor("1d", NOW) - DAY)), sandbox.url)
        options = ["--json", "-q"] if form == "json" else ["--verbose"]
        with started("update", "--every", "1s", "--endpoint", sandbox.url, *options) as running:
            stream = running.stdout if form == "json" else running.stderr
            lines = list(itertools.islice((line for line in stream if form == "json" or "cqs.update" in line), 4))
            running.send_signal(signal.SIGTERM)
            rest = running.communicate()
            assert running.returncode == 0
        if form == "json":
            assert [len(json.loads(line)) for line in lines] == [3, 3, 3, 3]
            assert rest[1] == ""
            return
        said = [line.split("cqs.update: ")[1] for line in lines]
        assert said[0].startswith(f"cqs update {version('cqs-core')} of {bucket.bucket.url}, every 1 s; settings: CQS_")
        assert said[1] == "upbit XRP/KRW 1d: 1 new candle from an endpoint\n"
        assert said[2].startswith("new candles 1, series 3, failed 0, doubtful 0, in ")
        assert said[3].startswith("new candles 0, series 3, failed 0, doubtful 0, in ")
        assert abs(clock.parse_start(lines[0].split()[0]) - clock.now()) < MINUTE
        assert (rest[0], rest[1].splitlines()[-1].split("cqs.update: ")[1]) == ("", "ends")


class Slow(Faults):
    """Answers after a while."""

    @web.middleware
    async def middleware(self, request, handler):
        await asyncio.sleep(0.2)
        return await handler(request)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("work", ["fetch", "update", "data repair"])
def test_who_stops_it_hears_that_what_came_is_stored(bucket, work, number, code):
    punch(bucket, BTC)
    series = Series("upbit", "ETH/KRW", "1m")
    fill(bucket, series, source="endpoint")
    fill(bucket, series, 1, NOW - 10 * DAY, source="endpoint")
    words = [*work.split(), *(["--symbols", "ETH", "--interval", "1m"] if work != "update" else [])]
    with Sandbox(Synthetic(), faults=Slow(0)) as slow, started(*words, "--endpoint", slow.url) as running:
        until(lambda: running.poll() is not None or sum(status.rows for status in bucket.status()) > 31)
        assert running.poll() is None, running.stderr.read()
        running.send_signal(number)
        out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (code, "")
    assert err == "cqs: stopped; all answers so far are stored, and the same command continues\n"
    assert sum(status.rows for status in bucket.status()) > 31


class TestLists:
    def test_exchanges_have_a_header_and_words(self, told):
        lines = told("exchanges")
        assert lines[0].split("  ")[0] == "Exchange"
        [kraken] = [line for line in lines if line.startswith("kraken ")]
        assert kraken.endswith(" its last 720")
        assert "through ccxt alone; not tried with cqs" in kraken
        [upbit] = [line for line in lines if line.startswith("upbit ")]
        assert upbit.split()[:2] == ["upbit", "KRW"]

    def test_help_is_not_cut(self, told, monkeypatch):
        monkeypatch.setenv("COLUMNS", "80")
        assert not [line for line in cqs("data", "--help").stdout.splitlines()[1:] if line.endswith("...")]

    def test_top_says_that_it_adds(self, told):
        assert "Also the N markets" in cqs("fetch", "--help").stdout


class TestLoading:
    def test_a_list_in_one_text(self, bucket):
        for market in ("BTC/KRW", "ETH/KRW"):
            fill(bucket, Series("upbit", market, "1d"))
        assert list(load_processed_data("ETH, BTC")) == ["ETH", "BTC"]

    def test_an_unknown_market_names_the_nearest(self, bucket):
        fill(bucket, Series("upbit", "DOGE/KRW", "1d"))
        with pytest.raises(UsageError, match="did you mean 'DOGE/KRW'"):
            load_processed_data("DOGGE")

    def test_days_of_ones_own_are_not_those_of_the_published_file(self, bucket, monkeypatch):
        index = pd.DatetimeIndex(pd.to_datetime(["2024-01-10"]), name="timestamp")
        frame = pd.DataFrame(np.ones((1, 5)), index, ["open", "high", "low", "close", "volume"])
        (bucket.bucket.folder / "data" / "processed").mkdir(parents=True)
        frame.to_parquet(bucket.bucket.folder / "data" / "processed" / "BTC_1d.parquet")
        assert len(load_processed_data("BTC")["BTC"]) == 1
        monkeypatch.setenv("CQS_DAY_START", "15:00")
        with pytest.raises(UsageError, match=r"data/processed begin at 00:00 UTC.*--interval 1h"):
            load_processed_data("BTC")


class TestDamage:
    @pytest.fixture(autouse=True)
    def _spoiled(self, bucket):
        fill(bucket, BTC, 10)
        fill(bucket, BTC, 10, TENTH + 5 * HOUR)
        fill(bucket, Series("upbit", "ETH/KRW", "1h"), 10)
        path = bucket.bucket.folder / bucket.objects(BTC)[0].key
        path.write_bytes(b"spoiled")

    def test_status_tells_it_and_the_other_series(self, told):
        lines = told("data", "status")
        assert [line.split("  ")[0] for line in lines[1:3]] == ["upbit BTC/KRW 1h", "upbit ETH/KRW 1h"]
        assert lines[3].startswith("upbit BTC/KRW 1h: counted by names alone, ")
        assert [bool(row["problem"]) for row in cqs_json("data", "status")] == [True, False]

    def test_gaps_of_the_others_are_told_and_the_exit_code_fails(self, told):
        assert told("data", "gaps", code=1) == ["0 bars missing in 0 holes"]

    def test_verify_tells_also_files_that_nobody_reads(self, bucket, told):
        stray = bucket.bucket.folder / Series("upbit", "XRP/KRW", "1h").folder / "renamed.parquet"
        stray.parent.mkdir(parents=True)
        stray.write_bytes(b"x")
        told_ = told("data", "verify", code=1)
        assert any("is damaged" in line for line in told_)
        assert any("renamed.parquet: is not an object of the lake" in line for line in told_)
