"""From the sandbox exchange into the lake, through stock ccxt."""

from __future__ import annotations

import asyncio
import email.utils
import json
import shutil
import socket
import threading

import numpy as np
import pytest

from cqs_core import FIELDS, ExchangeBusy, ExchangeError, Listing, Series, UnknownName, UsageError
from cqs_core.lake import stamps
from cqs_core.time import clock, intervals
from cqs_core.time.intervals import DAY, HOUR
from cqs_data import OHLCVFetcher, Synthetic, fetch, load_processed_data, select
from cqs_data.exchanges import Binance, CcxtExchange
from cqs_data.exchanges.connection import check_endpoint, retry_after
from cqs_data.fetching.retry import RetryPolicy
from cqs_data.sandbox import Sandbox

NOW = clock.now()
RECENT = clock.iso(NOW // DAY * DAY - 40 * DAY)
BTC_HOURS = Series("upbit", "BTC/KRW", "1h")


def test_what_the_exchange_has_is_in_the_lake_bit_for_bit(lake, sandbox):
    done = fetch(lake, select("BTC,SOL", "1h,1d", "upbit", RECENT), sandbox.url)
    assert [one.error for one in done] == [None] * 4
    source = Synthetic()
    for one in done:
        table = lake.read(one.series)
        bars = source.bars("upbit", one.series.market, one.series.interval, NOW // DAY * DAY - 40 * DAY, NOW)
        have = np.column_stack([table[name].to_numpy() for name in FIELDS])
        assert len(table) == one.rows >= len(bars.ts) - 1
        assert (stamps(table)[: len(bars.ts) - 1] == bars.ts[:-1]).all()
        assert have[: len(bars.ts) - 1].tobytes() == bars.values[:-1].tobytes()
        assert {o.source for o in lake.objects(one.series)} == {"endpoint"}


def test_binance_pages_forwards_and_skips_to_the_first_candle(lake, sandbox):
    done = fetch(lake, select("BTC", "1d", "binance", "2015-01-01"), sandbox.url)
    assert done[0].series.market == "BTC/USDT"
    assert done[0].rows == len(lake.read(done[0].series)) > 1800


def test_a_series_that_is_given_up_is_left_and_the_others_are_fetched(lake, sandbox, tmp_path, monkeypatch):
    (tmp_path / "given-up.json").write_text(json.dumps({"parts": ["upbit BTC/KRW 1d"]}))
    monkeypatch.setenv("CQS_JOB", str(tmp_path))
    left, whole = fetch(lake, select("BTC,SOL", "1d", "upbit", RECENT), sandbox.url)
    assert (left.rows, left.error, left.note) == (0, None, "canceled; stored candles are kept")
    assert whole.rows >= 39
    assert list(json.loads((tmp_path / "progress.json").read_text())["parts"]) == ["upbit SOL/KRW 1d"]


def test_the_unfinished_candle_is_never_stored(lake, sandbox):
    fetch(lake, select("ETH", "1h,1d,1M", "upbit", RECENT), sandbox.url)
    for status in lake.status():
        assert intervals.next_open(status.series.interval, status.last) <= clock.now()


def test_fetching_again_asks_only_for_what_is_missing(lake, sandbox):
    later = clock.iso(NOW // DAY * DAY - 20 * DAY)
    first = fetch(lake, select("BTC", "1h", "upbit", later), sandbox.url)
    prepended = fetch(lake, select("BTC", "1h", "upbit", RECENT), sandbox.url)
    again = fetch(lake, select("BTC", "1h", "upbit", RECENT), sandbox.url)
    assert first[0].rows > 470
    assert prepended[0].rows > 470
    assert again[0].rows <= 1
    assert lake.status()[0].rows == first[0].rows + prepended[0].rows + again[0].rows


def test_a_market_with_all_its_history_is_not_searched_before_it_again(lake, sandbox):
    fetch(lake, select("BTC", "1w", "upbit"), sandbox.url)
    before = lake.objects(Series("upbit", "BTC/KRW", "1w"))
    assert before[0].start < clock.parse_start("2010-02-01")
    fetch(lake, select("BTC", "1w", "upbit"), sandbox.url)
    assert lake.objects(Series("upbit", "BTC/KRW", "1w")) == before


def test_a_range_is_by_the_open_and_a_date_as_end_is_included(lake, sandbox):
    fetch(lake, select("BTC", "1h", "upbit", "2024-03-01", "2024-03-02"), sandbox.url)
    ts = stamps(lake.read(BTC_HOURS))
    assert clock.iso(int(ts[0])) == "2024-03-01T00:00:00+00:00"
    assert clock.iso(int(ts[-1])) == "2024-03-02T23:00:00+00:00"


def test_an_unknown_market_is_refused_before_anything_is_written(lake, sandbox):
    with pytest.raises(UnknownName, match="did you mean 'BTC/KRW'"):
        fetch(lake, select("BTC,BTX", "1d", "upbit"), sandbox.url)
    assert lake.bucket.list() == []


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"exchange": "upbti"}, "did you mean 'upbit'"),
        ({"interval": "2d"}, "unknown interval '2d'"),
        ({"symbols": "A//B"}, "'A//B'"),
        ({"symbols": ""}, "no symbols"),
        ({"start": "2024-02-01", "end": "2024-01-01"}, "is not before"),
    ],
)
def test_wrong_names_are_refused_without_network(names, message):
    with pytest.raises(UsageError, match=message):
        select(**({"symbols": "BTC", "exchange": "upbit"} | names))


@pytest.mark.parametrize(
    "endpoint",
    [
        "localhost",
        "http://",
        "ftp://127.0.0.1",
        "http://127.0.0.1:0",
        "http://127.0.0.1:99999",
        "http://user:hidden@127.0.0.1:8000",
        "http://user@127.0.0.1",
        "http://127.0.0.1\\@evil.example",
        "http://127.0.0.1/#fragment",
        "http://127.0.0.1/#",
        "http://127.0.0.1/?key=hidden",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/\x1b[31m",
        "http://127.0.0.1\n",
        " http://127.0.0.1",
        "http://[::1",
        "http://a,b/",
    ],
)
def test_hostile_endpoints_are_no_base_urls(lake, endpoint):
    with pytest.raises(UsageError, match="not a base URL") as refused:
        fetch(lake, select("BTC"), endpoint)
    assert "hidden@" not in str(refused.value), "a password is not repeated"


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:8000", "https://sandbox.example/v1/", "http://[::1]:8000"])
def test_base_urls_are_endpoints(endpoint):
    assert check_endpoint(endpoint) == endpoint


def test_the_fetcher_downloads_and_saves(tmp_path, sandbox, monkeypatch):
    monkeypatch.setenv("CQS_BUCKET", str(tmp_path / "bucket"))
    fetcher = OHLCVFetcher(exchange="upbit", endpoint=sandbox.url)
    frames = fetcher.download(symbols=["BTC", "ETH"], interval="1d", start=RECENT)
    assert list(frames) == ["BTC", "ETH"]
    assert [path.name for path in fetcher.save_to_csv(tmp_path / "out")] == ["BTC_1d.csv", "ETH_1d.csv"]
    first = (tmp_path / "out" / "BTC_1d.csv").read_text().splitlines()
    assert first[0] == "timestamp,open,high,low,close,volume"
    assert first[1].startswith(f"{RECENT[:10]}T00:00:00+00:00,")
    data = load_processed_data(["BTC", "KRW-ETH"], RECENT[:10])
    assert list(data) == ["BTC", "KRW-ETH"]
    assert data["BTC"].equals(frames["BTC"])
    assert data["BTC"].index.name == "timestamp"
    assert str(data["BTC"].index.tz) == "UTC"


def test_the_fetcher_gives_each_symbol_its_own_candles(tmp_path, sandbox):
    fetcher = OHLCVFetcher("upbit", str(tmp_path), endpoint=sandbox.url)
    now = clock.now()  # of this test: the file may have been read before midnight
    truth = {m: Synthetic().bars("upbit", f"{m}/KRW", "1d", 0, now).values[-2, 3] for m in ("BTC", "ETH", "XRP", "SOL")}

    def last(*symbols):
        return {name: frame["close"].iloc[-1] for name, frame in fetcher.download(*symbols, "1d", RECENT).items()}

    assert last(["BTC", "KRW-BTC", "ETH"]) == {"BTC": truth["BTC"], "KRW-BTC": truth["BTC"], "ETH": truth["ETH"]}
    assert last("ETH,BTC") == {"ETH": truth["ETH"], "BTC": truth["BTC"]}
    every = {"BTC": truth["BTC"], "XRP": truth["XRP"], "ETH/KRW": truth["ETH"], "SOL/KRW": truth["SOL"]}
    assert last(["*/KRW", "BTC", "XRP"]) == every


def test_processed_files_serve_where_the_lake_has_none(tmp_path, sandbox, monkeypatch):
    monkeypatch.setenv("CQS_BUCKET", str(tmp_path / "bucket"))
    frames = OHLCVFetcher("upbit", endpoint=sandbox.url).download(["BTC"], "1d", RECENT)
    shutil.rmtree(tmp_path / "bucket" / "data" / "candles")
    data = load_processed_data("BTC")
    assert data["BTC"].equals(frames["BTC"])
    with pytest.raises(UsageError, match="cqs fetch --exchange upbit --symbols ETH/KRW"):
        load_processed_data(["ETH"])


class Flaky:
    """Fails a few times, then answers."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)

    async def __call__(self) -> str:
        if self.errors:
            raise self.errors.pop(0)
        return "candles"


def test_a_busy_exchange_is_asked_again():
    retry = RetryPolicy(tries=4, pause=0.001)
    assert asyncio.run(retry.ask(Flaky(ExchangeBusy("429"), ExchangeBusy("reset", wait=0.01)))) == "candles"
    assert retry.retries == 2


def test_patience_ends():
    with pytest.raises(ExchangeBusy):
        asyncio.run(RetryPolicy(tries=2, pause=0.001).ask(Flaky(ExchangeBusy("1"), ExchangeBusy("2"))))
    with pytest.raises(ExchangeError, match="120 minutes"):
        asyncio.run(RetryPolicy().ask(Flaky(ExchangeBusy("banned", wait=7200))))


def test_what_is_waited_for_is_told():
    retry, told = RetryPolicy(tries=3, pause=0.001), []
    retry.report = told.append
    asyncio.run(retry.ask(Flaky(ExchangeBusy("upbit: 429", wait=0.01), ExchangeBusy("upbit: reset"))))
    assert told == ["asking again in 0 s, upbit: 429", "asking again in 0 s, upbit: reset"]


class Answered:
    """A ccxt client after an answer with these headers."""

    def __init__(self, **headers: str) -> None:
        self.last_response_headers = {name.replace("_", "-"): value for name, value in headers.items()}


def test_how_long_to_wait_is_said_in_seconds_or_as_a_date():
    assert retry_after(Answered(Retry_After="7")) == 7
    soon = email.utils.formatdate(clock.now() / 1000 + 30, usegmt=True)
    assert retry_after(Answered(Retry_After=soon)) == pytest.approx(30, abs=2)
    assert retry_after(Answered(Retry_After=email.utils.formatdate(0))) == 0
    assert retry_after(Answered(Retry_After="soon")) is None
    assert retry_after(Answered()) is None


@pytest.mark.parametrize("exchange", ["upbit", "binance"])
def test_a_long_fetch_knows_how_much_there_is(lake, sandbox, monkeypatch, tmp_path, exchange):
    (tmp_path / "job").mkdir()
    monkeypatch.setenv("CQS_JOB", str(tmp_path / "job"))
    [done] = fetch(lake, select("BTC", "4h", exchange), sandbox.url)
    told = json.loads((tmp_path / "job" / "progress.json").read_text())
    [part] = told["parts"].values()
    assert part["done"] == part["total"] == pytest.approx(done.rows, rel=0.05)
    assert part["rate"] > 0


@pytest.mark.parametrize("fact", ["refused", "lost"])
def test_a_dead_endpoint_is_told_with_cause_and_remedy(lake, fact):
    with socket.create_server(("127.0.0.1", 0)) as server:
        endpoint = f"http://127.0.0.1:{server.getsockname()[1]}"
        if fact == "refused":
            server.close()
        else:
            threading.Thread(target=hang_up, args=[server], daemon=True).start()
        with pytest.raises(ExchangeBusy) as caught:
            fetch(lake, select("BTC", "1d", "upbit", RECENT), endpoint, RetryPolicy(tries=1))
    told = str(caught.value)
    assert told.startswith(f"upbit GET {endpoint}/")
    assert told.endswith(f"connection {fact}; check the endpoint and the network, then try again")
    assert "\n" not in told


def hang_up(server: socket.socket) -> None:
    """On whoever calls, twice: clients ask again."""
    for _ in range(2):
        server.accept()[0].close()


def test_a_refusal_is_not_asked_again():
    flaky = Flaky(ExchangeError("no such market"), ExchangeError("again"))
    with pytest.raises(ExchangeError, match="no such market"):
        asyncio.run(RetryPolicy().ask(flaky))
    assert len(flaky.errors) == 1


def test_the_generic_exchange_finds_the_first_candle_before_it_pages(lake, sandbox, monkeypatch):
    class Plain(CcxtExchange):
        id = "binance"
        ccxt_options = Binance.ccxt_options

    from cqs_data.fetching import Selection

    start = clock.parse_start("2012-01-01")
    end = clock.parse_start("2021-01-03")
    done = fetch(lake, Selection(Plain, ["BTC/USDT"], ["1h"], start, end), sandbox.url)
    assert done[0].rows > 40
    assert stamps(lake.read(done[0].series))[0] >= clock.parse_start("2021-01-01")
    assert (np.diff(stamps(lake.read(done[0].series))) % HOUR == 0).all()


def test_an_interval_that_is_not_stored_is_put_together(tmp_path, sandbox, monkeypatch):
    monkeypatch.setenv("CQS_BUCKET", str(tmp_path / "bucket"))
    start, end = "2023-09-25", "2023-10-10"  # with an outage of a whole day
    OHLCVFetcher("upbit", endpoint=sandbox.url).download(["BTC"], "1h", start, end)
    days = load_processed_data("BTC", start, end)["BTC"]
    bars = Synthetic().bars("upbit", "BTC/KRW", "1d", clock.parse_start(start), clock.parse_end(end))
    assert days["close"].tolist() == bars.values[:, 3].tolist()
    assert len(days) == 15
    filled = load_processed_data("BTC", start, end, fill="ffill")["BTC"]
    assert len(filled) == 16
    [hole] = filled[filled["filled"]].index
    assert str(hole) == "2023-10-03 00:00:00+00:00"
    assert filled.loc[hole, "close"] == days.loc["2023-10-02", "close"].item() == filled.loc[hole, "high"]
    assert filled.loc[hole, "volume"] == 0
    with pytest.raises(UsageError, match="unknown fill 'bfill'"):
        load_processed_data("BTC", fill="bfill")


def test_days_begin_where_the_house_says(tmp_path, sandbox, monkeypatch):
    monkeypatch.setenv("CQS_BUCKET", str(tmp_path / "bucket"))
    OHLCVFetcher("upbit", endpoint=sandbox.url).download(["BTC"], "1h", "2024-03-01", "2024-03-05")
    monkeypatch.setenv("CQS_DAY_START", "15:00")
    days = load_processed_data("BTC")["BTC"]
    assert [str(at) for at in days.index[:2]] == ["2024-03-01 15:00:00+00:00", "2024-03-02 15:00:00+00:00"]
    assert len(days) == 4


def test_old_files_of_the_neighbours_are_read_where_they_lie(tmp_path, monkeypatch):
    import pandas as pd

    folder = tmp_path / "data" / "processed"
    folder.mkdir(parents=True)
    index = pd.date_range("2024-01-01 09:00", periods=3, freq="D", name="datetime")
    columns = {"open": 1.0, "high": 3.0, "low": 0.5, "close": 2.0, "volume": 9.0, "value": 0.0}
    pd.DataFrame(columns, index=index).to_parquet(folder / "KRW-BTC_day.parquet")
    monkeypatch.setenv("CQS_BUCKET", str(tmp_path))
    frame = load_processed_data(["BTC"])["BTC"]
    assert [str(at) for at in frame.index] == [f"2024-01-0{n} 00:00:00+00:00" for n in (1, 2, 3)]
    assert list(frame.columns) == ["open", "high", "low", "close", "volume"]


class TestNames:
    """Names as exchanges use them: spaces, apostrophes, leading digits, Korean, Chinese, ids of their own."""

    NAMES = ("TOKAMAK NETWORK/KRW", "1INCH/KRW", "DON'T PANIC/KRW", "비트코인/KRW", "币安人生/KRW")

    @pytest.fixture
    def odd(self, tmp_path):
        class Odd(Synthetic):
            def markets(self, exchange):
                return TestNames.NAMES if exchange == "upbit" else ()

            def bars(self, exchange, market, *args):
                return super().bars(exchange, "BTC/KRW", *args)

        with Sandbox(Odd()) as running:
            yield running

    def test_what_a_pattern_downloads_can_be_named_afterwards(self, lake, odd, monkeypatch, tmp_path):
        monkeypatch.setenv("CQS_BUCKET", str(lake.bucket.folder))
        done = fetch(lake, select("*/KRW", "1d", "upbit", RECENT), odd.url)
        assert sorted(one.series.market for one in done) == sorted(self.NAMES)
        for name in self.NAMES:
            data = load_processed_data(name, RECENT)
            assert len(data[name])
            assert lake.export(tmp_path / "x.csv", Series("upbit", name, "1d")) == len(data[name])
            table = lake.sql("select count(*) n from candles where market = $name", name=name)
            assert table["n"][0].as_py() == len(data[name])

    def test_ids_of_the_exchange_are_looked_up_in_its_listing(self):
        selection = select("KRW-TON,TON", "1d", "upbit")
        known = {
            "Tokamak Network/KRW": Listing("Tokamak Network/KRW", "KRW-TON"),
            "BTC/KRW": Listing("BTC/KRW", "KRW-BTC"),
        }
        assert selection.markets(known) == ["Tokamak Network/KRW"]
