"""`cqs sql`: JSON that stays plain, text that stays whole, and an end when it is told to end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest

from cqs_core import Lake, Series
from cqs_core.lake import candle_table
from cqs_core.testing.command import cqs, cqs_json, refusal
from cqs_core.testing.waiting import until
from cqs_core.time.intervals import MINUTE
from cqs_data.commands.json_rows import json_rows

pytestmark = pytest.mark.once

CQS = str(Path(sys.executable).with_name("cqs"))
N = 60_000


@pytest.fixture
def folder(lake):
    for market in ("BTC/KRW", "메인/KRW"):
        table = candle_table(np.arange(N, dtype=np.int64) * MINUTE, np.full((N, 5), 1.5))
        lake.append(Series("upbit", market, "1m"), table, 0, N * MINUTE)
    return str(lake.bucket.folder)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("sum(1)", 2 * N),
        ("170141183460469231731687303715884105727::hugeint", 2**127 - 1),
        ("1.5", 1.5),
        ("2.0", 2),
        ("12345678901234567.1234567890123456::decimal(38, 16)", "12345678901234567.1234567890123456"),
        ("'a'::blob", "61"),
        ("max(ts) - min(ts)", (N - 1) * 60),
        ("interval '1 month 90 minutes 500 milliseconds'", 30 * 86400 + 5400.5),
        ("interval '-13 months'", -34_149_600),
        ("min(ts)", "1970-01-01T00:00:00+00:00"),
        ("min(ts)::timestamp", "1970-01-01T00:00:00+00:00"),
        ("timestamp '2024-01-02 03:04:05.5'", "2024-01-02T03:04:05.500000+00:00"),
        ("timestamp_ns '2024-01-02 03:04:05.123456789'", "2024-01-02 03:04:05.123456789"),
        ("'infinity'::timestamp", "infinity"),
        ("'-infinity'::timestamptz", "-infinity"),
        ("'infinity'::date", "infinity"),
        ("'290000-01-01'::timestamp", "290000-01-01 00:00:00"),
        ("date '2024-01-02'", "2024-01-02"),
        ("time '24:00:00'", "24:00:00"),
        ("[min(ts), null]", ["1970-01-01T00:00:00+00:00", None]),
        ("{'a': min(ts), 'b': [1.5, 'nan'::double]}", {"a": "1970-01-01T00:00:00+00:00", "b": [1.5, None]}),
        ("map {'k': 1.5}", {"k": 1.5}),
        ("map {[1]: 2}", "{[1]=2}"),
        ("['infinity'::date]", "[infinity]"),
        ("'nan'::double", None),
        ("'-inf'::double", None),
        ("null", None),
        ("true", True),
        ("'메인' || chr(27)", "메인\x1b"),
        ("'a'::enum('a', 'b')", "a"),
    ],
)
def test_json_is_plain(folder, expression, value):
    found = Lake(folder).sql(f'select {expression} as "100% x" from candles limit 1')
    [[row]] = [list(map(json.loads, part)) for part in json_rows(found)]
    assert row == {"100% x": value}
    assert type(row["100% x"]) is type(value)


def test_json_of_many_rows_is_one_array(folder):
    query = "select * from candles order by market, ts"
    rows = cqs_json("sql", query, "--bucket", folder)
    assert len(rows) == 2 * N
    assert rows[-1] == {
        **Series("upbit", "메인/KRW", "1m")._asdict(),
        "ts": "1970-02-11T15:59:00+00:00",
        **dict.fromkeys(("open", "high", "low", "close", "volume"), 1.5),
    }
    assert cqs("sql", "select 1 where false", "--bucket", folder, "--json").stdout == "[]\n"


def test_columns_of_one_name_both_show(folder):
    assert cqs_json("sql", "select 1 ts, 2 ts", "--bucket", folder) == [{"ts": 1, "ts_1": 2}]
    assert cqs("sql", "select 1 ts, 2 ts", "--bucket", folder).stdout == "ts  ts_1\n 1     2\n"


def test_text_is_whole_aligned_and_harmless(folder):
    query = "select '메인' || chr(27) || '[31m' || repeat('x', 200) name, 1 n union all select null, 22222 order by n"
    wide = f"메인\\x1b[31m{'x' * 200}"  # 212 cells: the two syllables take two each
    assert cqs("sql", query, "--bucket", folder).stdout.splitlines() == [
        f"{'name':<212}      n",
        f"{wide}      1",
        f"{'-':<212}  22222",
    ]


def test_many_rows_of_text_come_at_once(folder):
    lines = cqs("sql", "select * from candles", "--bucket", folder, timeout=90).stdout.splitlines()  # it took minutes
    assert len(lines) == 2 * N + 1
    assert lines[1].split()[3:6] == ["1970-01-01", "00:00:00+00", "1.5"]


def test_head_ends_it(folder):
    query = "select * from candles a, (select * from range(20)) order by 1"
    ran = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"'{CQS}' sql '{query}' --bucket '{folder}' | head -3"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ran.returncode, ran.stderr, len(ran.stdout.splitlines())) == (0, "", 3)


def test_bytes_that_are_no_text_are_refused(folder):
    assert refusal("sql", "select '\udcff'", "--bucket", folder).startswith("cqs: the query is not valid UTF-8")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize(
    "query",
    [
        "select count(*) from candles a, candles b, candles c",
        "select count(*) from candles a, candles b where a.ts < b.ts and a.close <= b.open",
    ],
    ids=["product", "inequality"],
)
def test_it_ends_when_it_is_told_to(folder, query, number, code):
    with subprocess.Popen([CQS, "sql", query, "--bucket", folder], stderr=subprocess.PIPE, text=True) as running:
        works = psutil.Process(running.pid)
        until(lambda: sum(works.cpu_times()[:2]) >= 1.5)  # a start takes half a second of it
        assert running.poll() is None
        running.send_signal(number)
        assert running.wait(30) == code  # the query would take hours
        assert running.stderr.read().strip() == ""
