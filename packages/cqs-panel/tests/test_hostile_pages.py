"""What a page, or a link to it, sends: no value that was not offered, and no file, starts work."""

from __future__ import annotations

import gc
import weakref

import param
import pytest

from cqs_core import UsageError, jobs, plugins
from cqs_panel.address_form import from_text
from cqs_panel.checks import checked, offered
from cqs_panel.shell.dashboard import Dashboard, _weakly


class Form(param.Parameterized):
    exchange: param.Selector = param.Selector(doc="Offered later, so that param takes any value.")
    intervals = param.ListSelector(default=["1d"], objects=["1d", "1h"])


@pytest.fixture
def form():
    form = Form()
    form.param.exchange.objects = ["upbit", "binance"]
    form.exchange = "upbit"
    return form


def test_what_is_offered_passes(form):
    offered(form, "exchange", "intervals")


@pytest.mark.parametrize("value", ["./evil.py:Rule", "", None, "--help", "UPBIT"])
def test_hostile_selections_are_refused_by_name(form, value):
    form.param.exchange.check_on_set = False
    form.exchange = value
    form.param.exchange.objects = ["upbit", "binance"]
    with pytest.raises(UsageError, match=r"exchange .* is not offered"):
        offered(form, "exchange")


def test_a_hostile_link_selects_nothing(form):
    with pytest.raises(ValueError, match="not offered"):
        from_text(form.param.exchange, "/tmp/evil.py:Rule")
    assert from_text(form.param.exchange, "binance") == "binance"


@pytest.mark.parametrize(
    "argument",
    [
        "./evil.py:Rule",
        "evil.py:Rule",
        "/tmp/evil.py:Rule",
        "../evil",
        "~/evil",
        "C:\\evil",
        "file:///etc/passwd",
        "a\x00b",
        "a\nb",
        "\x1b[31m",
        "x" * 50_000,
    ],
)
def test_hostile_arguments_start_no_job(argument, tmp_path, monkeypatch):
    monkeypatch.setenv("CQS_STATE_DIR", str(tmp_path))
    with pytest.raises(UsageError):
        checked(["backtest", "run", argument])
    shell = Dashboard.__new__(Dashboard)
    with pytest.raises(UsageError):
        shell.start("A job", ["backtest", "run", argument])
    assert not jobs.listing()


def test_ordinary_arguments_pass():
    ordinary = ["fetch", "--symbols", "BTC/KRW,*/USDT", "--endpoint", "http://127.0.0.1:8000/x", "--set", "ratio=0.5"]
    assert checked(ordinary) == ordinary


def test_the_handler_of_exceptions_keeps_nobody():
    class Session:
        def __init__(self):
            self.heard = []

        def failed(self, error):
            self.heard.append(error)

    session = Session()
    handle = _weakly(session.failed)
    handle(ValueError("a fault"))
    assert len(session.heard) == 1
    gone = weakref.ref(session)
    del session
    gc.collect()
    assert gone() is None
    handle(ValueError("nobody is there"))


def test_unknown_views_leave_nothing_behind(own_folders, monkeypatch):
    """Anybody can make up their names: neither frames nor reports of plugins may grow with them."""
    monkeypatch.setenv("CQS_BUCKET", str(own_folders))
    shell = Dashboard()
    shell.goto("plugins", {})
    works, problems = len(shell._works), len(plugins().problems)
    for n in range(20):
        shell.goto(f"nothing-{n}", {"x": str(n)})
    shell.goto("plugins", {})
    assert len(shell._works) == works
    assert len(plugins().problems) == problems
    assert sorted(shell._frames) == sorted({*shell._frames} & {*shell.views})
    shell.close()
