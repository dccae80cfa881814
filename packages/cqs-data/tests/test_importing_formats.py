"""Files as they are published: recognized without options, every value where it belongs."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from cqs_core import FIELDS, UsageError
from cqs_core.lake import stamps
from cqs_data.importing import Options, recognize
from cqs_data.importing.archives import members

START = pd.Timestamp("2024-01-30T00:00", tz="UTC")  # over the end of a month, with days above twelve


def made(n: int = 60, freq: str = "h", base: float = 42_000.0) -> pd.DataFrame:
    """Candles whose five values all differ, index `ts` in UTC."""
    steps = np.arange(n)
    opened = np.round(base + 7.25 * steps + 31 * np.sin(steps), 2)
    close = np.round(opened + 9 * np.cos(steps), 2)
    high, low = np.maximum(opened, close) + 3.5, np.minimum(opened, close) - 2.25
    index = pd.date_range(START, periods=n, freq=freq, name="ts")
    return pd.DataFrame(
        {"open": opened, "high": high, "low": low, "close": close, "volume": np.round(10 + steps / 8, 3)}, index=index
    )


H, D = made(), made(freq="D")


def ms(frame: pd.DataFrame) -> list[int]:
    return (frame.index.as_unit("ms").astype("int64")).tolist()


def rows(frame: pd.DataFrame) -> list[list[float]]:
    return [[at, *values] for at, values in zip(ms(frame), frame.to_numpy().tolist(), strict=True)]


def csv(lines: list[list[object]], header: str = "", sep: str = ",", first: str = "") -> str:
    body = [sep.join(map(str, line)) for line in lines]
    return "\n".join([*([first] if first else []), *([header] if header else []), *body]) + "\n"


def day(frame: pd.DataFrame, pattern: str) -> list[str]:
    return frame.index.strftime(pattern).tolist()


def stamped(frame: pd.DataFrame, times: list[object], *extra: object) -> list[list[object]]:
    return [[at, *values, *extra] for at, values in zip(times, frame.to_numpy().tolist(), strict=True)]


def comma(lines: list[list[object]]) -> list[list[object]]:
    return [[line[0], *(f"{value:.3f}".replace(".", ",") for value in line[1:])] for line in lines]


def kline(frame: pd.DataFrame, unit: int = 1) -> list[list[object]]:
    step = 3_600_000
    return [[r[0] * unit, *r[1:], (r[0] + step) * unit - 1, 1.5, 7, 2.5, 3.5, 0] for r in rows(frame)]


KLINE_HEADER = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore"
)
BY_TICKER = "Ticker,BTC-USD,BTC-USD,BTC-USD,BTC-USD,BTC-USD\nPrice,Open,High,Low,Close,Volume\nDate,,,,,\n"
YFINANCE = "Price,Close,High,Low,Open,Volume\nTicker,BTC-USD,BTC-USD,BTC-USD,BTC-USD,BTC-USD\nDate,,,,,\n"
UPBIT = [
    {
        "market": "KRW-BTC",
        "candle_date_time_utc": f"{at:%Y-%m-%dT%H:%M:%S}",
        "candle_date_time_kst": f"{at + pd.Timedelta(9, 'h'):%Y-%m-%dT%H:%M:%S}",
        "opening_price": r.open,
        "high_price": r.high,
        "low_price": r.low,
        "trade_price": r.close,
        "timestamp": 1,
        "candle_acc_trade_price": 5.0,
        "candle_acc_trade_volume": r.volume,
        "unit": 60,
    }
    for at, r in H[::-1].iterrows()
]


def parquet(frame: pd.DataFrame) -> bytes:
    sink = io.BytesIO()
    frame.to_parquet(sink)
    return sink.getvalue()


def feather(frame: pd.DataFrame) -> bytes:
    sink = io.BytesIO()
    frame.to_feather(sink)
    return sink.getvalue()


def zipped(*files: tuple[str, str]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, text in files:
            archive.writestr(name, text)
    return sink.getvalue()


def cdd() -> str:
    header = "Unix,Date,Symbol,Open,High,Low,Close,Volume BTC,Volume USDT,tradecount"
    lines = [[r[0], "x", "BTCUSDT", *r[1:6], 9.5, 3] for r in rows(H)]
    return csv(lines[::-1], header, first="https://www.CryptoDataDownload.com")


def metatrader() -> str:
    header = "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>"
    lines = [
        [f"{at:%Y.%m.%d}", f"{at:%H:%M:%S}", *values[:4], 7, values[4], 1]
        for at, values in zip(H.index, H.to_numpy().tolist(), strict=True)
    ]
    return csv(lines, header, "\t")


def coinmarketcap() -> str:
    header = "timeOpen;timeClose;timeHigh;timeLow;name;open;high;low;close;volume;marketCap;timestamp"
    lines = [
        [f'"{at:%Y-%m-%d}T00:00:00.000Z"', f'"{at:%Y-%m-%d}T23:59:59.999Z"', '"x"', '"x"', '"2781"', *values, 5, '"x"']
        for at, values in zip(D.index, D.to_numpy().tolist(), strict=True)
    ]
    return csv(lines[::-1], header, ";")


def months() -> str:
    """Two archives put one after the other, each with its header; microseconds from the second one on."""
    half = len(H) // 2
    return csv(kline(H[:half]), KLINE_HEADER) + csv(kline(H[half:], 1000), KLINE_HEADER)


def excel() -> bytes:
    lines = comma(stamped(H, day(H, "%d.%m.%Y %H:%M")))
    return csv(lines, "Datum;Open;High;Low;Close;Volume", ";", "sep=;").replace("Datum", "date").encode("utf-16")


def stamped_by(frame: pd.DataFrame) -> list[tuple[pd.Timestamp, list[float]]]:
    return list(zip(frame.index, frame.to_numpy().tolist(), strict=True))


def seoul(frame: pd.DataFrame) -> list[tuple[pd.Timestamp, list[float]]]:
    return stamped_by(frame.tz_convert("Asia/Seoul"))


def continued(frame: pd.DataFrame) -> pd.DataFrame:
    """Bars that open where the ones before closed."""
    opened = frame["close"].shift(1, fill_value=frame["open"].iloc[0])
    high, low = np.maximum(opened, frame["close"]) + 1, np.minimum(opened, frame["close"]) - 1
    return frame.assign(open=opened, high=high, low=low)


def named(row: list[float]) -> dict[str, float]:
    return dict(zip(FIELDS[:4], row[1:5], strict=True))


def two_levels(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns as yfinance gives them: the price, and the ticker."""
    columns = pd.MultiIndex.from_product([[name.title() for name in FIELDS], ["BTC-USD"]], names=["Price", "Ticker"])
    return frame.set_axis(columns, axis=1).rename_axis("Date")


def arrow_stream(frame: pd.DataFrame) -> bytes:
    sink, table = io.BytesIO(), pa.Table.from_pandas(frame)
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


HOUR_FILES: dict[str, bytes | str] = {
    "BTCUSDT-1h-2024-01.csv": csv(kline(H)),
    "BTCUSDT-1h-2024-02.csv": csv(kline(H), KLINE_HEADER),
    "BTCUSDT-1h-2025-01.csv": months(),
    "BTCUSDT-1h-2024-03.zip": zipped(("BTCUSDT-1h-2024-03.csv", csv(kline(H))), ("BTCUSDT.CHECKSUM", "abc")),
    "Binance_BTCUSDT_1h.csv": cdd(),
    "XBTUSDT_60.csv": csv([[r[0] // 1000, *r[1:], 7] for r in rows(H)]),
    "BINANCE_BTCUSDT, 60.csv": csv([[r[0] // 1000, *r[1:], 1] for r in rows(H)], "time,open,high,low,close,Volume,MA"),
    "BINANCE_BTCUSDT, 1H.csv": csv(stamped(H, day(H, "%Y-%m-%dT%H:%M:%SZ")), "time,open,high,low,close,Volume"),
    "BTCUSDT_H1.csv": metatrader(),
    "BTC_USDT-1h.json": json.dumps(rows(H)),
    "BTC_USDT-1h.json.gz": gzip.compress(json.dumps(rows(H)).encode()),
    "BTC_USDT-1h.feather": feather(H.rename_axis("date").reset_index()),
    "BTC_USDT-1h.parquet": parquet(H.rename_axis("date").reset_index()),
    "to_csv.csv": H.rename_axis(None).to_csv(),
    "to_csv.csv.bz2": bz2.compress(H.to_csv().encode()),
    "to_csv.csv.xz": lzma.compress(H.to_csv().encode()),
    "index.parquet": parquet(H),
    "klines.json": json.dumps([[str(v) for v in line] for line in kline(H)]),
    "excel.csv": excel(),
    "semicolons.csv": csv(comma(stamped(H, day(H, "%Y-%m-%d %H:%M:%S"))), "date;open;high;low;close;volume", ";"),
    "thousands.csv": csv(
        [[at, *(f'"{value:,.3f}"' for value in values)] for at, *values in stamped(H, day(H, "%Y/%m/%d %H:%M"))],
        "date,open,high,low,close,volume",
    ),
    "pipes.txt": csv(stamped(H, day(H, "%Y%m%d %H:%M:%S")), "date|open|high|low|close|volume", "|"),
    "spaces.txt": csv([[*r] for r in rows(H)], "time open high low close volume", " "),
    "seconds.csv": csv([[r[0] // 1000, *r[1:]] for r in rows(H)], "Unix Timestamp,Open,High,Low,Close,Volume"),
    "nanoseconds.csv": csv([[r[0] * 10**6, *r[1:]] for r in rows(H)], "ts,o,h,l,c,v"),
    "american.csv": csv(stamped(H, day(H, "%m/%d/%Y %I:%M:%S %p")), "date,open,high,low,close,volume"),
    "+09.csv": csv([[f"{at:%Y-%m-%d %H:%M:%S}+09", *v] for at, v in seoul(H)], "ts,open,high,low,close,volume"),
    "KST.csv": csv([[f"{at:%Y-%m-%d %H:%M:%S} KST", *v] for at, v in seoul(H)], "ts,open,high,low,close,volume"),
    "dukascopy.csv": csv(
        [[f"{at:%d.%m.%Y %H:%M:%S}.000 GMT+0900", *v] for at, v in seoul(H)], "Local time,Open,High,Low,Close,Volume"
    ),
    "sheets.csv": csv(
        [
            [f"{at.year}. {at.month}. {at.day} {'오전' if at.hour < 12 else '오후'} {(at.hour - 1) % 12 + 1}:00:00", *v]
            for at, v in stamped_by(H)
        ],
        "시간,시가(원),고가(원),저가(원),종가(원),거래량(BTC)",
    ),
    "clock.csv": csv(stamped(H, day(H, "%Y-%m-%d,%H:%M:%S")), "date,time,open,high,low,close,volume"),
    "clock12.csv": csv(stamped(H, day(H, "%m/%d/%Y,%I:%M %p")), "Date,Time,Open,High,Low,Close,Volume"),
    "clock_digits.csv": csv(stamped(H, day(H, "%Y%m%d,%H%M")), "Date,Time,Open,High,Low,Close,Volume"),
    "clock_whole.csv": csv(
        [[f"{at:%Y-%m-%d}", f"{at:%Y-%m-%d %H:%M}", *v] for at, v in stamped_by(H)],
        "date,time,open,high,low,close,volume",
    ),
    "metastock.txt": csv(
        [["BTCUSDT", 60, f"{at:%Y%m%d}", f"{at:%H%M%S}", *v] for at, v in stamped_by(H)],
        "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>",
    ),
    "BTCUSDT60.csv": csv([[f"{at:%Y.%m.%d}", f"{at:%H:%M}", *v] for at, v in stamped_by(H)]),
    "digits.csv": csv(stamped(H, day(H, "%Y%m%d%H%M")), "date,open,high,low,close,volume"),
    "two_times.csv": csv([[r[0] + 3_600_000, *r] for r in rows(H)], "timestamp,open_time,open,high,low,close,volume"),
    "lines.jsonl": H.reset_index().to_json(orient="records", lines=True, date_format="iso"),
    "columns.json": H.to_json(date_format="iso"),
    "index.json": H.to_json(orient="index", date_format="iso"),
    "split.json": H[["close", "high", "low", "open", "volume"]].to_json(orient="split", date_format="iso"),
    "table.json": H.to_json(orient="table"),
    "udf.json": json.dumps({"s": "ok", "t": ms(H), **{name[0]: H[name].tolist() for name in FIELDS}}),
    "bitfinex.json": json.dumps([[r[0], r[1], r[4], r[2], r[3], r[5]] for r in rows(H)]),
    "bithumb.json": json.dumps(
        {"status": "0000", "data": [[r[0], *map(str, (r[1], r[4], r[2], r[3], r[5]))] for r in rows(H)]}
    ),
    "coinbase.json": json.dumps([[r[0] // 1000, r[3], r[2], r[1], r[4], r[5]] for r in rows(H)][::-1]),
    "kucoin.json": json.dumps(
        [[str(v) for v in (r[0] // 1000, r[1], r[4], r[2], r[3], r[5], r[5] * r[4])] for r in rows(H)]
    ),
    "bybit.json": json.dumps({"result": {"symbol": "BTCUSDT", "list": [[*map(str, r), "9.5"] for r in rows(H)][::-1]}}),
    "bitget.json": json.dumps([[*map(str, r), str(r[4] * r[5]), str(r[4] * r[5])] for r in rows(H)]),
    "mexc.json": json.dumps([[*r, r[0] + 3_600_000, str(r[4] * r[5])] for r in rows(H)]),
    "gate.json": json.dumps([[r[0], r[4] * r[5], r[4], r[2], r[3], r[1], r[5], "true"] for r in rows(H)]),
    "okx.json": json.dumps({"data": [[*map(str, r), str(r[4] * r[5]), str(r[4] * r[5]), "1"] for r in rows(H)]}),
    "okx_swap.json": json.dumps([[*r[:5], 777, r[5], r[4] * r[5], 1] for r in rows(H)]),
    "kraken.json": json.dumps({"result": {"XBTUSDT": [[*r[:5], r[4], r[5], 7] for r in rows(H)], "last": 1}}),
    "htx.json": json.dumps(
        {"data": [{"id": r[0] // 1000, **named(r), "amount": r[5], "vol": r[5] * r[4], "count": 7} for r in rows(H)]}
    ),
    "bitmex.json": json.dumps(
        [
            {"timestamp": r[0] + 3_600_000, **named(r), "volume": 777, "homeNotional": r[5], "foreignNotional": 8}
            for r in rows(H)
        ]
    ),
    "cryptocompare.json": json.dumps(
        {"Data": {"Data": [{"time": r[0] // 1000, **named(r), "volumefrom": r[5], "volumeto": 5} for r in rows(H)]}}
    ),
    "mac.csv": H.to_csv().replace("\n", "\r"),
    "short_lines.csv": "ts,open,high,low,close,volume,note\n"
    + "\n".join(",".join(map(str, [*r, "x"] if i % 9 else r)) for i, r in enumerate(rows(H))),
    "stream.arrows": arrow_stream(H),
    "bom.csv": b"\xef\xbb\xbf" + H.to_csv().encode(),
    "utf16.csv": H.to_csv(sep="\t").encode("utf-16"),
}


@pytest.mark.parametrize("name", HOUR_FILES)
def test_hours_are_read_exactly(name):
    assert_read(name, HOUR_FILES[name], H, Options("binance", market="BTC/USDT"), "1h")


DAY_FILES: dict[str, bytes | str] = {
    "BTC-USD.csv": csv(
        [[f"{at:%Y-%m-%d}", *v[:4], v[3], v[4]] for at, v in zip(D.index, D.to_numpy().tolist(), strict=True)],
        "Date,Open,High,Low,Close,Adj Close,Volume",
    ),
    "yfinance.csv": YFINANCE
    + csv(
        [[f"{at:%Y-%m-%d}", v[3], v[1], v[2], v[0], v[4]] for at, v in zip(D.index, D.to_numpy().tolist(), strict=True)]
    ),
    "yfinance_by_ticker.csv": BY_TICKER + csv([[f"{at:%Y-%m-%d}", *v] for at, v in stamped_by(D)]),
    "yfinance.parquet": parquet(two_levels(D)),
    "history.csv": csv(
        [[f"{at:%Y-%m-%d} 00:00:00+00:00", *v, 0.0, 0.0] for at, v in stamped_by(D)],
        "Date,Open,High,Low,Close,Volume,Dividends,Stock Splits",
    ),
    "investing.csv": csv(
        [
            [f'"{at:%m/%d/%Y}"', *(f'"{v[i]:,.2f}"' for i in (3, 0, 1, 2)), f"{v[4] / 1000:.6f}K", '"0.52%"']
            for at, v in stamped_by(D)
        ],
        '"Date","Price","Open","High","Low","Vol.","Change %"',
    ),
    "investing_kr.csv": csv(
        [
            [f'"{at:%Y- %m- %d}"', *(f'"{v[i]:,.2f}"' for i in (3, 0, 1, 2)), f"{v[4] / 1000:.6f}K", '"0.52%"']
            for at, v in stamped_by(D)
        ],
        '"날짜","종가","시가","고가","저가","거래량","변동 %"',
    ),
    "sheets.csv": csv(
        [[f"{at.year}. {at.month}. {at.day}.", *v] for at, v in stamped_by(D)], "날짜,시가,고가,저가,현재가,거래량"
    ),
    "chinese.csv": csv(
        [[f"{at.year}年{at.month}月{at.day}日", *v] for at, v in stamped_by(D)],
        "日期,開盤價,最高價,最低價,收盤價,成交量",
    ),
    "Bitcoin_2024.csv": coinmarketcap(),
    "korean.csv": csv(stamped(D, day(D, "%Y-%m-%d")), "일자,시가,고가,저가,종가,거래량").encode("cp949"),
    "written.csv": csv(stamped(D, day(D, "%Y%m%d")), "date,open,high,low,close,volume"),
    "names.csv": csv(
        [[f'"{at}"', *v] for at, *v in stamped(D, day(D, "%b %d, %Y"))], "date,open,high,low,close,volume"
    ),
    "serials.csv": csv(
        stamped(D, [(at - pd.Timestamp("1899-12-30", tz="UTC")).days for at in D.index]), "date,open,high,low,close,vol"
    ),
}


@pytest.mark.parametrize("name", DAY_FILES)
def test_days_are_read_exactly(name):
    assert_read(name, DAY_FILES[name], D, Options("binance", market="BTC/USD"), "1d")


KOREAN: dict[str, bytes | str] = {
    "upbit.json": json.dumps(UPBIT),
    "KRW-BTC_minute60.parquet": parquet(H.tz_convert("Asia/Seoul").tz_localize(None).rename_axis(None).assign(value=1)),
    "KRW-BTC_minute60.csv": H.tz_convert("Asia/Seoul").tz_localize(None).to_csv(),
    "anything.feather": feather(H.tz_convert("Asia/Seoul").tz_localize(None).reset_index()),
}


@pytest.mark.parametrize("name", KOREAN)
def test_korean_clocks_are_read_alike_under_any_name_and_suffix(name):
    found = assert_read(name, KOREAN[name], H, Options("upbit", market="BTC/KRW"), "1h")
    assert found.zone.name in {"Asia/Seoul", "UTC"}
    assert name == "upbit.json" or "Korean time" in found.zone.why


def test_korean_days_as_dates_are_utc_days():
    text = csv(stamped(D, day(D, "%Y-%m-%d")), "date,open,high,low,close,volume")
    assert_read("days.csv", text, D, Options("upbit", market="BTC/KRW"), "1d")
    nine = csv(stamped(D, [f"{at:%Y-%m-%d} 09:00:00" for at in D.index]), "datetime,open,high,low,close,volume")
    assert_read("days.csv", nine, D, Options("upbit", market="BTC/KRW"), "1d")


def test_empty_bars_are_counted_and_are_not_bad_rows():
    frame = H.copy()
    frame.iloc[5:20] = np.nan
    lines = [[r[0] // 1000, *("" if np.isnan(v) else v for v in r[1:])] for r in rows(frame)]
    header = "Timestamp,Open,High,Low,Close,Volume_(BTC)"
    found = assert_read("bitstamp.csv", csv(lines, header), H.drop(H.index[5:20]), Options("bitstamp", "BTC/USD"), "1h")
    assert (found.format, found.empty, len(found.checked.rejects)) == ("kaggle-bitstamp", 15, 0)


def test_naive_rows_take_the_zone_and_others_keep_their_offset():
    seoul = [f"{at + pd.Timedelta(9, 'h'):%Y-%m-%d %H:%M:%S}" for at in H.index]
    times = [*day(H[:30], "%Y-%m-%d %H:%M:%S+00:00"), *seoul[30:]]
    text = csv(stamped(H, times), "timestamp,open,high,low,close,volume")
    assert_read("mixed.csv", text, H, Options("binance", "BTC/USDT", zone="Asia/Seoul"), "1h")


def test_bars_stamped_at_their_end():
    ends = [at + 3_600_000 for at in ms(H)]
    text = csv(stamped(H, ends), "ts,open,high,low,close,volume")
    assert_read("ends.csv", text, H, Options("binance", "BTC/USDT", stamp="close"), "1h")
    named = csv(stamped(H, [at - 1 for at in ends]), "close_time,open,high,low,close,volume")
    assert_read("named.csv", named, H, Options("binance", "BTC/USDT"), "1h")


def test_columns_may_be_named_or_numbered():
    lines = [["x", *r[:5], 1.0, r[5]] for r in rows(H)]
    given = {"time": "when", "open": "2", "high": "3", "low": "4", "close": "5", "volume": "size"}
    text = csv(lines, "id,when,a,b,c,d,e,size")
    assert_read("odd.csv", text, H, Options("binance", "BTC/USDT", columns=given), "1h")


def assert_read(name: str, data: bytes | str, frame: pd.DataFrame, options: Options, interval: str):
    [(inner, raw)] = members(name, data if isinstance(data, bytes) else data.encode())
    found = recognize(inner, raw, options)
    assert found.series == (options.exchange, options.market, interval)
    assert stamps(found.checked.table).tolist() == ms(frame)
    for field in FIELDS:
        assert found.checked.table.column(field).to_pylist() == frame[field].tolist(), field
    assert not found.checked.rejects
    return found


REFUSED: dict[str, tuple[bytes | str, str]] = {
    "many.csv": (
        csv(
            [[r[0], s, *r[1:]] for r in rows(H) for s in ("ADAUSDT", "BTCUSDT")], "ts,symbol,open,high,low,close,volume"
        ),
        r"candles of 2 symbols \(ADAUSDT, BTCUSDT\); choose one: --where symbol=ADAUSDT",
    ),
    "another.csv": (
        csv([[r[0], "ETHUSDT", *r[1:]] for r in rows(H)], "ts,symbol,open,high,low,close,volume"),
        "is of 'ETHUSDT', which is ETH/USDT, not BTC/USDT",
    ),
    "ambiguous.csv": (
        csv(stamped(D[3:10], day(D[3:10], "%d/%m/%Y")), "date,open,high,low,close,volume"),
        r"can be read in two ways; say --date-format '%d/%m/%Y' or '%m/%d/%Y'",
    ),
    "swapped.csv": (
        csv([[r[0], r[1], r[3], r[2], *r[4:]] for r in rows(H)], "ts,open,high,low,close,volume"),
        "no row .* the high is below another price",
    ),
    "units.csv": (csv([[i, *r[1:]] for i, r in enumerate(rows(H))], "ts,open,high,low,close,volume"), "not Unix times"),
    "old.csv": (
        csv([[r[0] - 150_000 * 3_600_000, *r[1:]] for r in rows(H)], "ts,open,high,low,close,volume"),
        "before 2009",
    ),
    "future.csv": (
        csv([[r[0] + 10**6 * 3_600_000, *r[1:]] for r in rows(H)], "ts,open,high,low,close,volume"),
        "in the future",
    ),
    "commas.csv": (
        csv(
            [[r[0], *(f'"{int(v)},123"' for v in (42, 43, 41, 42, 7))] for r in rows(H)],
            "ts,open,high,low,close,volume",
        ),
        "may mean thousands or decimals; say --decimal",
    ),
    "two_tickers.parquet": (
        parquet(pd.concat([two_levels(D), two_levels(D).rename(columns={"BTC-USD": "ETH-USD"}, level=1)], axis=1)),
        r"columns of 2 symbols \(BTC-USD, ETH-USD\); choose one: --where ticker=BTC-USD",
    ),
    "two_tables.json": (json.dumps({"KRW-BTC": rows(H), "KRW-ETH": rows(H)}), r"holds 2 tables \(KRW-BTC, KRW-ETH\)"),
    "two_intervals.csv": (pd.concat([H, D]).sort_index().to_csv(), "two intervals, 1h and 1d"),
    "two_exchanges.csv": (
        pd.concat([H.assign(exchange="binance"), H.assign(exchange="okx")]).to_csv(),
        r"candles of 2 exchanges \(binance, okx\); choose one: --where exchange=binance",
    ),
    "quote_volume.csv": (
        csv([[r[0], "BTC/USDT", *r[1:]] for r in rows(H)], "unix,symbol,open,high,low,close,Volume USDT"),
        "no column that is known as volume",
    ),
    "money.csv": (csv(rows(H), "ts,시가,고가,저가,종가,거래량(원)"), "no column that is known as volume"),
    "points.csv": (
        csv(
            [[r[0], "42.000", "43.000", "41.000", "42.000", "1.500"] for r in rows(H)],
            "ts;open;high;low;close;volume",
            ";",
        ),
        "'42.000' in 'points.csv' may mean thousands or decimals",
    ),
    "unordered.csv": (
        csv([[r[0], 5, 4, 3, 2, 1] for r in rows(H)]),
        "has no header line, and its 6 columns are in no known order",
    ),
    "long_lines.csv": (csv([r if i != 30 else [*r, 1, 2] for i, r in enumerate(rows(H))]), "cannot be read as a table"),
    "long_first.csv": (csv([r if i else [*r, 1, 2] for i, r in enumerate(rows(H))]), "first row has more than 6 cells"),
    "twice.csv": (
        csv([[*r, 9] for r in rows(H)], "ts,open,high,low,close,volume,volume"),
        "more than one column 'volume', numbers 5, 6 from 0: say which, as --columns volume=5",
    ),
    "closes_first.json": (
        json.dumps([[r[0], r[4], r[2], r[3], r[1], r[5]] for r in rows(continued(H))]),
        "open and close of 'closes_first.json' look swapped",
    ),
    "weeks.csv": (
        made(20, "W-THU").to_csv(),
        "weeks open on Thursday 00:00 UTC .* Monday 00:00; import shorter candles",
    ),
    "days.csv": (
        made(20, "D").shift(15, "h").to_csv(),
        "days open at 15:00 UTC .* import shorter candles",
    ),
    "ends.csv": (csv([[r[0] + 3_599_999, *r[1:]] for r in rows(H)], "ts,open,high,low,close,volume"), "--stamp close"),
    "lacks_volume.csv": (H.assign(volume=np.nan).to_csv(), "rows have no volume: .* --columns volume=none"),
    "no_volume.csv": (csv([r[:5] for r in rows(H)], "ts,open,high,low,close"), "no column that is known as volume"),
    "text.csv": ("nothing to see here\n", "is not a table of candles"),
    "empty.csv": ("", "is empty"),
    "cut.csv.gz": (gzip.compress(H.to_csv().encode())[:-40], "cannot be decompressed"),
    "broken.parquet": (parquet(H)[:-9], "cannot be read as parquet"),
    "broken.json": ("[[1, 2, 3], [4", "cannot be read as JSON"),
    "book.xlsx": (zipped(("[Content_Types].xml", "x")), "Excel workbook"),
    "bytes.bin": (bytes(range(256)) * 8, "is not text"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_certain_is_refused_with_the_remedy(name):
    data, message = REFUSED[name]
    with pytest.raises(UsageError, match=message):
        [
            recognize(n, d, Options("binance", "BTC/USDT"))
            for n, d in members(name, data if isinstance(data, bytes) else data.encode())
        ]


@pytest.mark.parametrize(
    ("minutes", "given", "told"),
    [(30, "1h", "--interval 30m"), (60, "30m", "--interval 1h"), (60, "1d", "--interval 1h"), (20, None, "20m apart")],
)
def test_another_interval_is_named(minutes, given, told):
    text = made(100, f"{minutes}min").to_csv()
    with pytest.raises(UsageError, match=told):
        recognize("x.csv", text.encode(), Options("binance", "BTC/USDT", interval=given))


def test_where_takes_the_rows_of_one_symbol():
    lines = [
        [r[0], s, *(v * (2 if s == "ADAUSDT" else 1) for v in r[1:])] for r in rows(H) for s in ("ADAUSDT", "BTCUSDT")
    ]
    text = csv(lines, "ts,symbol,open,high,low,close,volume")
    assert_read("many.csv", text, H, Options("binance", "BTC/USDT", where={"symbol": "BTCUSDT"}), "1h")
    with pytest.raises(UsageError, match=r"no row .* has 'DOGEUSDT' in 'symbol'; it has ADAUSDT, BTCUSDT"):
        recognize("many.csv", text.encode(), Options("binance", "BTC/USDT", where={"symbol": "DOGEUSDT"}))


@pytest.mark.parametrize(
    ("name", "market"),
    [
        ("BINANCE_BTCUSDT.P, 60.csv", "BTC/USDT:USDT"),
        ("BTCUSDT_240329-1h-2024-01.csv", "BTC/USDT:USDT-240329"),
        ("BTCUSDT-1h-2024-01.csv", "BTC/USDT"),
        ("BTCUSDT_202401.csv", "BTC/USDT"),
        ("BTC-USDT-SWAP.csv", "BTC/USDT:USDT"),
        ("BTC_USDT_USDT-1h-futures.csv", "BTC/USDT:USDT"),
    ],
)
def test_futures_are_told_by_the_files_name(name, market):
    assert recognize(name, H.to_csv().encode(), Options("binance")).series.market == market


def test_volumes_of_futures_settled_in_the_coin_are_coins():
    lines = [[*r[:5], 777, r[0] + 3_599_999, r[5], 7, 1, 2, 0] for r in rows(H)]
    for text in (csv(lines), csv(lines, KLINE_HEADER)):
        found = recognize("BTCUSD_PERP-1h-2024-01.csv", text.encode(), Options("binancecoinm"))
        assert found.series.market == "BTC/USD:BTC"
        assert found.checked.table.column("volume").to_pylist() == H["volume"].tolist()


def test_on_an_exchange_of_futures_every_pair_is_one():
    found = recognize("BTCUSDT-1h-2024-01.csv", csv(kline(H), KLINE_HEADER).encode(), Options("binanceusdm"))
    assert (found.series.market, found.notes) == ("BTC/USDT:USDT", [])
    spot = recognize("BTCUSDT-1h-2024-01.csv", csv(kline(H), KLINE_HEADER).encode(), Options("binance"))
    assert "are of futures" in spot.notes[0]


def test_decimal_commas_are_read_where_they_are_said():
    lines = [
        [day(H[i : i + 1], "%Y-%m-%d %H:%M")[0], "42.000", "43.000", "41.000", "42.500", "1.500"] for i in range(60)
    ]
    text = csv(lines, "date;open;high;low;close;volume", ";").encode()
    whole = recognize("x.csv", text, Options("binance", "BTC/USDT", decimal=",")).checked.table
    assert whole.slice(0, 1).to_pylist()[0]["close"] == 42_500
    small = recognize("x.csv", text, Options("binance", "BTC/USDT", decimal=".")).checked.table
    assert small.slice(0, 1).to_pylist()[0]["close"] == 42.5


def test_the_first_decimal_comma_may_come_late():
    whole = [[r[0], 42_000, 43_000, 41_000, 42_500, "1" if i < 900 else "1,5"] for i, r in enumerate(rows(made(1000)))]
    grouped = [[r[0], "42.000", "43.000", "41.000", "42.500", r[5]] for r in whole]
    for lines in (whole, grouped):
        text = csv(lines, "ts;open;high;low;close;volume", ";")
        table = recognize("x.csv", text.encode(), Options("binance", "BTC/USDT")).checked.table
        assert set(table.column("close").to_pylist()) == {42_500.0}
        assert set(table.column("volume").to_pylist()) == {1.0, 1.5}


def test_a_market_that_seldom_trades_is_one_of_minutes():
    minutes = made(20_000, "min")[np.random.default_rng(3).random(20_000) < 0.01]
    assert_read("x.csv", minutes.to_csv(), minutes, Options("binance", "BTC/USDT"), "1m")


def test_columns_of_one_name_are_told_by_their_numbers():
    text = csv([[*r, 9] for r in rows(H)], "ts,open,high,low,close,volume,volume")
    assert_read("x.csv", text, H, Options("binance", "BTC/USDT", columns={"volume": "5"}), "1h")


def test_columns_of_a_format_give_way_to_those_that_are_said():
    text = csv([[1, *r] for r in rows(H)])
    given = {name: str(i + 1) for i, name in enumerate(("time", *FIELDS))}
    assert_read("x.csv", text, H, Options("binance", "BTC/USDT", columns=given), "1h")


def test_days_of_bithumb_are_those_of_seoul():
    text = csv(stamped(D, day(D, "%Y-%m-%d")), "date,open,high,low,close,volume").encode()
    with pytest.raises(UsageError, match="days open at 15:00 UTC"):
        recognize("days.csv", text, Options("bithumb", "BTC/KRW"))


def test_one_ticker_of_several_is_taken():
    both = pd.concat([two_levels(D), two_levels(D * 2).rename(columns={"BTC-USD": "ETH-USD"}, level=1)], axis=1)
    options = Options("binance", "ETH/USD", where={"ticker": "ETH-USD"})
    assert_read("both.parquet", parquet(both), D * 2, options, "1d")
    assert_read("both.csv", both.to_csv(), D * 2, options, "1d")


def test_one_row_is_what_its_files_name_says():
    month = made(1).set_axis(pd.DatetimeIndex(["2024-01-01"], tz="UTC"))
    assert_read("BTCUSDT-1mo-2024-01.csv", csv(kline(month)), month, Options("binance", "BTC/USDT"), "1M")
