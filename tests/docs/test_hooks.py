"""Every hook has a page, and the plugins on these pages work."""

from __future__ import annotations

import importlib
import inspect
import json
import re
import sys
import threading
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import Distribution
from operator import attrgetter
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

import documents
from cqs_core import Bucket, Demo, DemoStep, Lake, Orders, Plugins, Series
from cqs_core.cli import run_command
from cqs_core.host import GROUP, hookspecs
from cqs_core.testing.candles import flat_table, random_candles
from cqs_core.testing.exchange import ExchangeContract
from cqs_core.testing.log_format import LogFormatContract
from cqs_core.testing.strategy import StrategyContract
from cqs_core.time import clock, intervals

HOOKS = [name for name in vars(hookspecs) if name.startswith("register_")]
PAGES = [page for page in documents.pages() if re.fullmatch(r"guides/hooks/register_\w+", page)]
PLUGINS = [
    (page.rpartition("/")[2], block.title.removesuffix(".py"), block.text)
    for page in PAGES
    for block in documents.blocks(page, "python")
    if block.title
]
DAY = intervals.DAY


def install(folder, module, code):
    """A plugin as `uv pip install` leaves it: a module, and the metadata of its distribution."""
    (folder / f"{module}.py").write_text(code)
    about = folder / f"{module}-1.0.dist-info"
    about.mkdir(exist_ok=True)
    name = module.replace("_", "-")
    (about / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nRequires-Dist: cqs-core>=0.1\n"
    )
    (about / "entry_points.txt").write_text(f"[{GROUP}]\n{module.removeprefix('cqs_')} = {module}\n")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """All plugins of the pages, installed in one folder on the path."""
    folder = tmp_path_factory.mktemp("site")
    for _, module, code in PLUGINS:
        install(folder, module, code)
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    yield folder
    sys.path.remove(str(folder))


@pytest.fixture(scope="module")
def host(site):
    """A host with these plugins, and nothing else."""
    host = Plugins()
    found = Distribution.discover(path=[str(site)])
    host.load([(entry, dist) for dist in found for entry in dist.entry_points if entry.group == GROUP])
    return host


@pytest.fixture
def installed(site, monkeypatch):
    """The host of this process finds these plugins besides those of cqs, as a new process would."""
    from cqs_core.host import plugin_registry

    monkeypatch.setattr(plugin_registry, "_hosts", [])


def printed(capsys, *words):
    """What a command prints with `--json`."""
    capsys.readouterr()
    code = run_command([*map(str, words), "--json"])
    out, err = capsys.readouterr()
    assert code == 0, err
    return json.loads(out)


def test_every_hook_has_a_page_and_every_page_a_hook():
    assert sorted(PAGES) == sorted(f"guides/hooks/{name}" for name in HOOKS)
    assert {hook for hook, _, _ in PLUGINS} == set(HOOKS)


@pytest.mark.parametrize("hook", HOOKS)
def test_a_page_says_when_its_hook_is_called_and_what_it_returns(hook):
    said = re.findall(r"Called [^.]+\.|Returns [^.]+\.", " ".join(inspect.getdoc(vars(hookspecs)[hook]).split()))
    table = {cells[0]: cells[1:] for cells in documents.rows("guides/hooks/index", "Hooks")}
    called, returns = table[f"[`{hook}`]({hook}.md)"]
    assert said[0] == f"Called {called}."
    text = " ".join(documents.text(f"guides/hooks/{hook}").split())
    assert said[0] in text
    assert f"Returns {returns.split(',')[0]}"[:40] in text


def test_all_plugins_are_loaded_without_a_problem(host):
    rows = host.describe()
    assert host.problems == []
    hooks = {row["name"]: row["hooks"] for row in rows}
    assert hooks == {module.removeprefix("cqs_"): [hook] for hook, module, _ in PLUGINS}


@pytest.mark.parametrize("page", PAGES)
def test_the_tests_on_a_page_can_be_collected(site, page):
    """Blocks without a title are tests of the plugin above them; the contracts themselves are run below."""
    for block in documents.blocks(page, "python"):
        if block.title:
            names = dict(vars(importlib.import_module(block.title.removesuffix(".py"))))
        else:
            exec(block.text, names)
    if any(not block.title for block in documents.blocks(page, "python")):
        assert [name for name in names if name.startswith(("Test", "test_"))]


def test_the_strategy_runs_and_does_not_peek(host):
    from cqs_backtest import BacktestFacade

    candles = random_candles(("BTC/KRW",), rows=400)
    result = BacktestFacade().run_backtest(host.strategy("golden_cross"), ["BTC/KRW"], {"BTC/KRW": frame(candles)})
    assert result["performance"]["num_trades"] > 2
    assert result["badges"]["lookahead"] == "ok"


def frame(candles):
    import pandas as pd

    index = pd.to_datetime(candles.ts, unit="ms", utc=True)
    return pd.DataFrame({n: getattr(candles, n)[:, 0] for n in ("open", "high", "low", "close", "volume")}, index)


class TestGoldenCross(StrategyContract):
    @pytest.fixture(autouse=True)
    def _its_class(self, host):
        type(self).strategy = host.strategy("golden_cross")


def test_the_engine_takes_its_fee(host):
    from cqs_core import Costs, plugins

    candles = random_candles(rows=60)
    enter = np.arange(60)[:, None] % 10 == 1
    orders = Orders(enter=enter, exit=np.roll(enter, 5)).aligned(candles)
    ours = host.engine("flat_fee").execute(candles, orders, Costs())
    theirs = plugins().engine("fast").execute(candles, orders, Costs())
    assert len(ours.fills) == len(theirs.fills) > 5
    assert theirs.equity[-1] - ours.equity[-1] == pytest.approx(100.0 * len(ours.fills))
    assert (ours.fills["fee"] == theirs.fills["fee"] + 100.0).all()


@pytest.fixture
def lake(tmp_path):
    """Ten days of two markets in a folder."""
    lake = Lake(str(tmp_path))
    for market, price in (("BTC/KRW", 100.0), ("ETH/KRW", 10.0)):
        lake.append(Series("upbit", market, "1d"), flat_table(10, 0, price), 0, 10 * DAY)
    return lake


def test_the_command_lists_series(installed, lake, tmp_path, capsys):
    rows = printed(capsys, "biggest", "--count", 1, "--bucket", tmp_path)
    [biggest] = sorted(lake.status(), key=lambda one: -one.bytes)[:1]
    assert rows == [{"series": str(biggest.series), "bytes": biggest.bytes}]


class Shell:
    """A shell without a browser: what is loaded is shown at once."""

    settings, demo = None, False

    def __init__(self, bucket):
        self.bucket = bucket

    def spawn(self, page, work, show, *, quiet):
        show(work())


@pytest.fixture
def page(lake):
    from cqs_panel import PageState

    return PageState(Shell(lake.bucket), "x")


def text_of(component):
    """All text that a component and its parts hold."""
    import panel as pn

    parts = component.select(pn.pane.HTML) if hasattr(component, "select") else []
    return " ".join(str(part.object) for part in parts)


def test_the_page_shows_what_the_lake_has(host, page):
    [view] = host.views().values()
    assert "upbit ETH/KRW 1d" in text_of(view.build(page))


def test_the_card_counts_candles(host, page):
    [card] = host.cards().values()
    shown = card.build(page)
    assert "20" in shown.object


def untitled(page, first):
    """What a block of a page defines, by the comment in its first line."""
    [text] = [one.text for one in documents.blocks(f"guides/hooks/{page}", "python") if one.text.startswith(first)]
    names = {}
    exec(text, names)
    return names


def test_the_orders_of_the_built_in_cards_are_told():
    from cqs_core import plugins

    rows = documents.rows("guides/hooks/register_cards", "register_cards")
    told = {cells[0].strip("`"): int(cells[1]) for cells in rows if "." in cells[0]}
    host = plugins()
    ours = {name for name in host.cards() if host.is_own(host.owner("register_cards", name))}
    assert told == {name: host.cards()[name].order for name in ours}


def test_the_overlay_draws_weekends(host):
    [overlay] = host.overlays().values()
    start, end = clock.parse_range("2024-01-01", "2024-01-14")
    days = [clock.iso(band.start)[:10] for band in overlay.layers(Series("upbit", "BTC/KRW", "1d"), start, end)]
    assert days == ["2024-01-06", "2024-01-07", "2024-01-13", "2024-01-14"]


def test_the_indicator_is_drawn(host):
    import pandas as pd

    from cqs_panel import FrameCandles
    from cqs_panel.charts.chosen_indicators import from_address, indicator_lines

    ys = attrgetter("values")
    close = [100.0 * 1.1**i for i in range(40)]
    index = pd.date_range("2024-01-01", periods=40, tz="UTC")
    frame = pd.DataFrame(dict.fromkeys(("open", "high", "low", "close", "volume"), close), index=index)
    source = FrameCandles(frame, "1d")
    first, last = source.span()
    chosen = from_address("momentum:3", host.indicators())
    [line, level], faults = indicator_lines(source, (first, last + 1), 86_400_000, chosen)
    assert not faults
    assert ys(line)[3:] == pytest.approx([33.1] * 37)
    assert ys(level).tolist() == [0, 0]


def test_the_feed_is_followed(host, lake, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    [feed] = host.feeds().values()
    series, file = Series("desk", "BTC/KRW", "1m"), tmp_path / "desk" / "BTC-KRW-1m.csv"
    assert "exchange desk only" in feed.obstacle(lake.bucket, series._replace(exchange="upbit"), None)
    assert "start it for this market" in feed.obstacle(lake.bucket, series, None)
    joined = feed.join(series, None)
    assert joined.news is joined.news
    assert joined.news.state == "reconnecting"
    file.parent.mkdir()
    file.write_text("60000,1,2,0.5,1.5,7\n120000,1.5,2,1,1,3\n")
    assert feed.obstacle(lake.bucket, series, None) == ""
    assert (joined.news.state, [candle.close for candle in joined.news.candles]) == ("live", [1.5, 1.0])


def test_the_format_is_recognized_and_imported(installed, tmp_path, capsys):
    file, bucket = tmp_path / "BTC-USDT_1h.csv", tmp_path / "lake"
    bucket.mkdir()
    lines = [f"2024-01-{day:02d} {hour:02d}:00:00,10,12,9,11,5" for day in (1, 2, 3) for hour in range(24)]
    file.write_text("bar_begin,px_o,px_h,px_l,px_c,lots\n" + "\n".join(lines) + "\n")
    told = printed(capsys, "data", "import", file, "--exchange", "binance", "--bucket", bucket)
    assert "acme-bars" in json.dumps(told)
    [status] = Lake(str(bucket)).status()
    assert (str(status.series), status.rows) == ("binance BTC/USDT 1h", 72)


def test_the_log_format_is_read_in_its_own_currency(installed, tmp_path, capsys):
    home = tmp_path / "logs" / "Grid"
    home.mkdir(parents=True)
    line = "BTC/USDT,2025-10-20 23:00:00,2025-10-21 01:00:00,100.0,110.0,2.0,20.0\n"
    (home / "grid-2025-10.csv").write_text("pair,opened,closed,bought_at,sold_at,size,profit\n" + line)
    told = printed(capsys, "monitor", "pnl", "--bucket", tmp_path)
    assert told["total"]["pnl"] == {"2025-10-21": 20.0}
    assert run_command(["monitor", "pnl", "--net", "--bucket", str(tmp_path)]) == 0
    assert "USDT by day, net of estimated fees (0.1 %); UTC calendar days" in capsys.readouterr().out


class TestGridLogs(LogFormatContract):
    name = "grid-2025-10.csv"
    data = b"pair,opened,closed,bought_at,sold_at,size,profit\nBTC/USDT,2025-10-20,2025-10-21,100,110,2,20\n"

    @pytest.fixture(autouse=True)
    def _its_class(self, host):
        type(self).format = host.log_formats()["grid-bot"]


def test_the_kind_of_alert_is_a_rule_like_any_other(installed, tmp_path, capsys):
    held = {s: {"quantity": q, "entry_price": 10.0} for s, q in (("BTC", 3.0), ("ETH", 1.0))}
    (tmp_path / "logs" / "Main").mkdir(parents=True)
    (tmp_path / "logs" / "Main" / "positions.json").write_text(json.dumps(held))
    [rule] = [block.text for block in documents.blocks("guides/hooks/register_alert_kinds", "toml")]
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "alerts.toml").write_text(rule)
    [alert] = printed(capsys, "monitor", "alerts", "--bucket", tmp_path)
    assert (alert["state"], alert["value"], alert["threshold"], alert["note"]) == ("firing", 75.0, 60.0, "BTC")
    (tmp_path / "config" / "alerts.toml").write_text(rule.replace("60 %", "most"))
    assert run_command(["monitor", "alerts", "check", "--bucket", str(tmp_path)]) == 2
    assert "config/alerts.toml:3: over is 'most'; write a percentage" in capsys.readouterr().err


def test_the_channel_delivers_or_says_what_is_missing(host, tmp_path, monkeypatch):
    from cqs_monitor.alerts.channels import deliver

    monkeypatch.delenv("ALERT_FILE", raising=False)
    assert "set ALERT_FILE" in deliver(host.channels(), "Title", "Text")["file"]
    monkeypatch.setenv("ALERT_FILE", str(tmp_path / "alerts.txt"))
    assert deliver(host.channels(), "Title", "Text") == {"file": None}
    assert (tmp_path / "alerts.txt").read_text() == "Title\nText\n\n"


def test_the_step_of_the_demo_runs(host, tmp_path):
    from rich.console import Console

    [step] = host.demo_steps()
    assert isinstance(step, DemoStep)
    bucket = Bucket(tmp_path)
    with ExitStack() as closing:
        assert json.dumps(step.run(Demo(bucket, Console(quiet=True), closing))) == '{"notes": 1}'
    assert bucket.read("notes/hello.txt")


def test_the_refined_exchange_takes_the_place_of_the_generic_one(installed, capsys):
    [kraken] = [row for row in printed(capsys, "exchanges") if row["id"] == "kraken"]
    assert (kraken["title"], kraken["history"]) == ("Kraken", 720)


@pytest.fixture(scope="module")
def kraken(site):
    """The test of Kraken on its page."""
    return untitled("register_exchanges", "# test_kraken.py")


@pytest.fixture(scope="module")
def kraken_url(kraken):
    with kraken["sandbox"]() as running:
        yield running.url


class TestKraken(ExchangeContract):
    @pytest.fixture(autouse=True)
    def _as_on_its_page(self, kraken):
        for name in ("exchange", "market", "interval", "start", "end"):
            setattr(type(self), name, getattr(kraken["TestKraken"], name))

    @pytest.fixture
    def endpoint(self, kraken_url):
        return kraken_url


class Answers(BaseHTTPRequestHandler):
    """The REST API of Acme: two markets, every candle alike, 500 an answer."""

    def do_GET(self):
        asked = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(asked.query).items()}
        data = json.dumps(self._candles(**query) if asked.path == "/candles" else self._markets()).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _markets(self):
        return [{"id": name, "active": True, "volume": 5.0, "last": 100.0} for name in ("BTC-USD", "ETH-USD")]

    def _candles(self, interval, start, end, **_):
        opens = intervals.opens(interval, int(start), min(int(end), clock.now())).tolist()
        return [[ts, 100.0, 101.0, 99.0, 100.5, 3.0] for ts in opens[:500]]

    def log_message(self, *args):
        """Silent."""


@pytest.fixture(scope="module")
def acme():
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


class TestAcme(ExchangeContract):
    market, interval = "BTC/USD", "1d"
    start, end = 1_704_067_200_000, 1_735_689_600_000

    @pytest.fixture(autouse=True)
    def _its_class(self, host):
        type(self).exchange = host.exchange("acme")

    @pytest.fixture
    def endpoint(self, acme):
        return acme


def test_the_exchange_is_fetched_from(installed, acme, tmp_path, capsys):
    days = ["--start", "2022-01-01", "--end", "2024-06-30"]
    printed(capsys, "fetch", "--exchange", "acme", "--symbols", "BTC", *days, "--endpoint", acme, "--bucket", tmp_path)
    [status] = Lake(str(tmp_path)).status()
    assert (str(status.series), status.rows, status.gaps) == ("acme BTC/USD 1d", 912, 0)
