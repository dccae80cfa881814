"""Plugins that raise what ends processes, never return, print, take names, and give what is no use."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from cqs_core import Costs, Execution, Fill, Orders, Plugins, UsageError
from cqs_core.host.hook_results import Merged
from cqs_core.host.item_checks import HOOKS
from cqs_core.host.simulation import executed
from cqs_core.isolation import Escaped, TimedOut, answered, fact_of, foreign, limited
from cqs_core.testing.candles import random_candles
from cqs_core.testing.command import cqs, cqs_json, refusal
from cqs_core.testing.site import Site

GOOD = """
from cqs_core import Strategy, hookimpl

class Calm(Strategy):
    id = "calm"

@hookimpl
def register_strategies():
    return [Calm]
"""
HOOK = "from cqs_core import hookimpl\n@hookimpl\ndef register_strategies():\n    {}\n"


@pytest.fixture
def site(tmp_path, monkeypatch):
    site = Site(tmp_path / "site")
    monkeypatch.syspath_prepend(str(site.folder))
    before = set(sys.modules)
    yield site
    for name in set(sys.modules) - before:
        if str(site.folder) in (getattr(sys.modules[name], "__file__", None) or ""):
            del sys.modules[name]


@pytest.fixture
def installed(site, monkeypatch):
    """The same for processes."""
    monkeypatch.setenv("PYTHONPATH", str(site.folder))
    return site


def state(host: Plugins, plugin: str) -> str:
    return next(row["state"] for row in host.describe() if row["name"] == plugin)


RAISED = {
    "raise KeyboardInterrupt('x')": "KeyboardInterrupt: x",
    "raise SystemExit(5)": "SystemExit: 5",
    "raise GeneratorExit": "GeneratorExit:",
    "raise BaseException('any')": "BaseException: any",
    "import asyncio; raise asyncio.CancelledError": "CancelledError:",
    "raise type('Own', (BaseException,), {})('mine')": "Own: mine",
    "raise RuntimeError('two\\n\\x1b[2Jlines')": "RuntimeError: two \\x1b[2Jlines",
    "raise type('Mute', (Exception,), {'__str__': lambda self: 1 / 0})": "Mute with a message that cannot be read",
}


@pytest.mark.parametrize(("code", "told"), RAISED.items(), ids=RAISED)
@pytest.mark.parametrize(("where", "wrapped"), [("import", "{}"), ("register_strategies", HOOK)])
def test_whatever_is_raised_is_the_failure_of_that_plugin_alone(site, code, told, where, wrapped):
    site.install("bad", wrapped.format(code))
    site.install("calm", GOOD)
    host = site.load()
    assert state(host, "bad") == f"{where}: {told}".rstrip()
    assert (state(host, "calm"), list(host.strategies())) == ("ok", ["calm"])


NEVER = {
    "sleeps": "import time\n    while True: time.sleep(0.01)",
    "busy": "while True: pass",
    "catches all": "import time\n    while True:\n        try: time.sleep(0.01)\n        except BaseException: pass",
    "gives for ever": "import itertools\n    return (1 for _ in itertools.repeat(0) if False)",
}


@pytest.mark.parametrize("code", NEVER.values(), ids=NEVER)
def test_a_hook_that_never_returns_is_given_up_and_named(site, capsys, code):
    site.install("bad", HOOK.format(code) + "@hookimpl\ndef register_engines():\n    raise RuntimeError('was asked')\n")
    site.install("calm", GOOD)
    host = site.load(slow=0.05, limit=0.3)
    assert list(host.strategies()) == ["calm"]
    assert state(host, "bad") == "register_strategies: did not return within 0.3 s"
    told = capsys.readouterr().err.splitlines()
    assert told[0] == (
        "cqs: plugin 'bad' (register_strategies) takes longer than 0.05 s; "
        "`cqs plugins disable bad`, or CQS_DISABLE=bad, leaves it out"
    )
    assert "so it is left out" in told[1]
    assert "was asked" not in str(host.problems)


def test_an_import_that_never_ends_is_given_up_too(site, capsys):
    site.install("bad", "import time\nwhile True: time.sleep(0.01)")
    site.install("calm", GOOD)
    host = site.load(slow=0.05, limit=0.3)
    assert state(host, "bad") == "import: did not return within 0.3 s"
    assert (state(host, "calm"), list(host.strategies())) == ("ok", ["calm"])
    assert "plugin 'bad' (import) takes longer" in capsys.readouterr().err


def test_a_slow_plugin_is_named_and_taken(site, capsys):
    site.install("calm", "import time; time.sleep(0.3)\n" + GOOD)
    assert list(site.load(slow=0.01).strategies()) == ["calm"]
    assert "plugin 'calm' (import) takes longer than 0.01 s" in capsys.readouterr().err


def test_a_hook_may_ask_for_other_hooks_and_for_its_own(site):
    site.install("other", GOOD.replace("calm", "other"))
    site.install(
        "bad",
        HOOK.format("from cqs_core import plugins; host().strategies(); host().engines(); return []") + "HOST = []",
    )
    code = "import sys\ndef host(): return sys.modules['test_host'].host\n"
    (site.folder / "cqs_bad_bad.py").write_text(code + (site.folder / "cqs_bad_bad.py").read_text())
    host = site.load(limit=5)
    sys.modules["test_host"] = type("Holder", (), {"host": host})
    try:
        assert list(host.strategies()) == ["other"]
        assert state(host, "bad") == "ok"
    finally:
        del sys.modules["test_host"]


def swallows():
    with contextlib.suppress(BaseException):
        signal.raise_signal(signal.SIGINT)


def hides():
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        raise RuntimeError("hidden") from None


def ignores_and_raises():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt("typed by nobody")


class TestInterrupts:
    def test_a_real_ctrl_c_ends_also_where_the_code_swallows_it(self):
        with pytest.raises(KeyboardInterrupt), foreign():
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt), foreign():
            swallows()
        with pytest.raises(KeyboardInterrupt), foreign():
            hides()

    def test_a_raised_one_is_an_error_and_handlers_stay(self):
        before = signal.getsignal(signal.SIGINT)
        with pytest.raises(Escaped, match="KeyboardInterrupt: typed by nobody"), foreign():
            ignores_and_raises()
        assert signal.getsignal(signal.SIGINT) is before

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_both_signals_end_a_command_while_a_plugin_loads(self, installed, number):
        installed.install("bad", "import sys, time\nprint('loading', file=sys.stderr, flush=True)\ntime.sleep(60)")
        words = [sys.executable, "-c", "from cqs_core.cli import main; main()", "plugins"]
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
            assert running.stderr.readline() == "loading\n"
            running.send_signal(number)
            _, told = running.communicate(timeout=60)
        assert running.returncode in ({130} if number == signal.SIGINT else {143, -15})
        assert told == ""

    def test_steps_of_a_coroutine_are_watched_and_cancelling_still_works(self):
        async def raises(error):
            await asyncio.sleep(0)
            raise error

        async def ends():
            with pytest.raises(Escaped, match="SystemExit: 3"):
                await answered(raises(SystemExit(3)))
            with pytest.raises(ValueError, match="plain"):
                await answered(raises(ValueError("plain")))
            with pytest.raises(Escaped, match="CancelledError"):
                await answered(raises(asyncio.CancelledError()))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(answered(asyncio.sleep(60)), 0.01)
            return await answered(asyncio.sleep(0, "slept"))

        assert asyncio.run(ends()) == "slept"

    def test_a_call_that_is_given_up_is_said_to_be(self):
        with pytest.raises(TimedOut, match=r"did not return within 0\.05 s"):
            limited(lambda: asyncio.run(asyncio.sleep(5)), 0.05)
        assert fact_of(TimedOut("did not")) == "did not"


PRINTS = """
import atexit, os, subprocess, sys, threading

def everywhere(where):
    print("print", where)
    sys.stdout.write(f"write {where}\\n"); sys.stdout.buffer.write(f"buffer {where}\\n".encode()); sys.stdout.flush()
    sys.__stdout__.write(f"dunder {where}\\n"); sys.__stdout__.flush()
    os.write(1, f"fd {where}\\n".encode())
    subprocess.run(["echo", f"process {where}"], check=True)
    thread = threading.Thread(target=print, args=("thread", where)); thread.start(); thread.join()

everywhere("import")
kept = sys.stdout
atexit.register(lambda: (everywhere("exit"), print("kept exit", file=kept, flush=True)))

from cqs_core import hookimpl
@hookimpl
def register_commands():
    everywhere("hook")
    return {"loud": ("cqs_bad_bad:loud", "Prints.")}

import click
@click.command()
def loud():
    everywhere("command")
"""


def test_what_a_plugin_prints_is_on_stderr_and_json_stays_clean(installed):
    installed.install("bad", PRINTS)
    for words in (["plugins", "--json"], ["jobs", "--json"]):
        ran = cqs(*words)
        assert isinstance(json.loads(ran.stdout), list)
        if words[0] == "plugins":
            wanted = {f"{how} {where}" for how in _WAYS for where in ("import", "hook", "exit")} | {"kept exit"}
            assert wanted == set(ran.stderr.split("\n")) - {""}
    assert cqs("jobs").stdout == "no jobs; the pages of the dashboard start them\n"


def test_the_result_of_a_plugins_own_command_is_what_it_prints(installed):
    installed.install("bad", PRINTS)
    ran = cqs("loud")
    assert set(ran.stdout.split("\n")) - {""} == {f"{how} command" for how in _WAYS}
    assert {f"{how} {where}" for how in _WAYS for where in ("import", "hook", "exit")} <= set(ran.stderr.split("\n"))


_WAYS = ("print", "write", "buffer", "dunder", "fd", "process", "thread")


class TestDisabling:
    @pytest.fixture
    def marking(self, installed, tmp_path):
        installed.install("bad", f"open({str(tmp_path / 'loaded')!r}, 'w'); raise KeyboardInterrupt")
        return tmp_path / "loaded"

    def test_a_variable_leaves_it_out_unloaded(self, marking):
        rows = {row["name"]: row["state"] for row in cqs_json("plugins", CQS_DISABLE="bad, none")}
        assert rows["bad"] == "disabled by CQS_DISABLE"
        assert not marking.exists()
        assert "'none' is disabled, but no plugin is called that" in cqs("plugins", CQS_DISABLE="none").stderr

    def test_so_does_a_command_until_it_is_enabled(self, marking):
        assert cqs_json("plugins", "disable", "bad") == {"name": "bad", "disabled": True}
        rows = {row["name"]: row["state"] for row in cqs_json("plugins")}
        assert rows["bad"] == "disabled; `cqs plugins enable bad` loads it again"
        assert not marking.exists()
        assert cqs_json("plugins", "enable", "bad") == {"name": "bad", "disabled": False}
        assert not marking.exists()
        assert {row["name"]: row["state"] for row in cqs_json("plugins")}["bad"] == "import: KeyboardInterrupt:"

    def test_so_does_a_line_of_dotenv(self, marking, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        (tmp_path / ".env").write_text("CQS_DISABLE=bad\n")
        assert "bad" in {row["name"] for row in cqs_json("plugins") if row["state"] == "disabled by CQS_DISABLE"}
        assert not marking.exists()

    def test_wrong_words_are_refused(self, marking):
        assert refusal("plugins", "disable", "bat").startswith("cqs: unknown plugin 'bat'; did you mean 'bad'?")
        assert refusal("plugins", "disable", "core").startswith("cqs: plugin 'core' cannot be disabled")
        assert (
            refusal("plugins", CQS_PLUGIN_LIMIT="soon") == "cqs: CQS_PLUGIN_LIMIT is 'soon'; write seconds, such as 20"
        )
        assert "take it out there" in refusal("plugins", "enable", "bad", CQS_DISABLE="bad")


TAKEN = """
from cqs_core import AlertChannel, CandleFormat, DemoStep, Exchange, HealthCheck, LogFormat, SqlTable, Strategy
from cqs_core import Variable, hookimpl

class Thing:
    slug = name = "{name}"
    title, icon, order, width = "T", "", 5, 6
    def build(self, page): ...
    def layers(self, *args): ...
    def execute(self, *args): ...
    def send(self, *args): ...
class Line(Thing):
    compute, memory, parameters = print, 1, {{}}
    obstacle = join = print
class Format(CandleFormat):
    name = "{name}"
class Logs(LogFormat):
    name, currency = "{name}", "EUR"

@hookimpl
def register_exchanges(): return [type("E", (Exchange,), {{"id": "{name}"}})]
@hookimpl
def register_strategies(): return [type("S", (Strategy,), {{"id": "{name}"}})]
@hookimpl
def register_engines(): return [Thing()]
@hookimpl
def register_commands(): return {{"{name}": ("{name}:x", "help")}}
@hookimpl
def register_views(): return [Thing()]
@hookimpl
def register_cards(): return [Thing()]
@hookimpl(tryfirst=True)
def register_overlays(): return [Thing()]
@hookimpl
def register_indicators(): return [Line()]
@hookimpl
def register_feeds(): return [Line()]
@hookimpl
def register_candle_formats(): return [Format()]
@hookimpl
def register_log_formats(): return [Logs()]
@hookimpl
def register_alert_kinds():
    return [type("K", (), {{"name": "{name}", "about": "a", "scope": "bot", "measure": print, "model_validate": print,
                           "model_fields": {{"over": 1}}}})]
@hookimpl
def register_channels(): return [Thing()]
@hookimpl
def register_tables(): return [SqlTable("{name}", {{"a": "int"}}, print)]
@hookimpl
def register_variables(): return [Variable("{name}", "about")]
@hookimpl
def register_health_checks(): return [HealthCheck("{name}", print)]
@hookimpl
def register_demo(): return [DemoStep(name="{name}", title="", order=1, run=print)]
"""


@pytest.mark.parametrize("name", ["same", "Same", "SAME"])
def test_our_own_names_win_in_every_hook_and_both_are_named(site, name):
    site.install("aaa", TAKEN.format(name=name))
    site.install("data", TAKEN.format(name="same"), distribution="cqs-data")
    host = site.load()
    host.describe()
    assert state(host, "data") == "ok"
    for hook in HOOKS:
        assert host.owner(hook, "same") == "data"
    told = [p.error for p in host.problems if p.plugin == "aaa"]
    assert told == [f"{hook} gives {name!r}, which 'data' gave already; rename it" for hook in HOOKS]


def test_what_is_made_for_any_exchange_gives_way(site):
    any_exchange, own = type("Any", (), {"generic": True}), type("Own", (), {"generic": False})
    merged = Merged()
    assert merged.take("kraken", any_exchange, "data") == ""
    assert merged.take("kraken", own, "mine") == ""
    assert merged.take("kraken", any_exchange, "late") == ""
    assert merged.take("kraken", own, "other") == "mine"
    assert (merged.items, merged.owners) == ({"kraken": own}, {"kraken": "mine"})


NAMES = [
    "a\nb",
    "a\x1b[31m",
    "..",
    "a..b",
    "../x",
    "<b>x</b>",
    "a b",
    "",
    "a/b",
    "-x",
    "x-",
    "[red]",
    "a\u202eb",
    "x" * 65,
]


@pytest.mark.parametrize("name", NAMES, ids=repr)
def test_names_that_are_no_names_are_refused_and_the_rest_is_taken(site, name):
    code = TAKEN.format(name="@").replace('"@"', repr(name)).replace('"@:x"', '"x:x"')
    site.install("bad", code)
    site.install("calm", GOOD)
    host = site.load()
    for hook in HOOKS:
        assert list(host._by_name(hook)) == (["calm"] if hook == "register_strategies" else [])
    told = [p for p in host.problems if p.plugin == "bad"]
    assert [p.where for p in told] == list(HOOKS)
    assert all(p.error.isprintable() for p in told)


WRONG = {
    "a view without order": (
        "register_views",
        "class V: slug = 'x'; title = 'X'; icon = ''; build = print",
        "order is None",
    ),
    "a view of an odd order": (
        "register_views",
        "class V: slug = 'x'; title = 'X'; icon = ''; build = print; order = float('nan')",
        "order is nan",
    ),
    "a view with a title of two lines": (
        "register_views",
        "class V: slug = 'x'; title = 'X\\nY'; icon = ''; build = print; order = 1",
        "title is 'X\\nY'",
    ),
    "a view that builds nothing": (
        "register_views",
        "class V: slug = 'x'; title = 'X'; icon = ''; order = 1; build = 'x'",
        "build is 'x'",
    ),
    "a card of five columns": (
        "register_cards",
        "class V: name = 'x'; title = ''; order = 1; build = print; width = 5",
        "width is 5",
    ),
    "a card without anything": ("register_cards", "class V: name = 'x'", "title is None"),
    "an overlay without layers": ("register_overlays", "class V: name = 'x'; title = 'X'", "layers is None"),
    "an indicator without a length": (
        "register_indicators",
        "class V: name = 'x'; title = 'X'; compute = print; memory = 1; parameters = {'n': 0}",
        "parameter n is 0",
    ),
    "a feed that cannot be joined": ("register_feeds", "class V: name = 'x'; obstacle = print", "join is None"),
    "a channel that cannot send": ("register_channels", "class V: name = 'x'; send = 5", "not a channel"),
    "a kind of alert without a threshold": (
        "register_alert_kinds",
        "class K: name = 'x'; scope = 'bot'; measure = print; model_fields = {}\ndef V(): return K",
        "no field 'over'",
    ),
    "a kind of alert of nothing": (
        "register_alert_kinds",
        "class K: name = 'x'; measure = print\ndef V(): return K",
        "scope is None",
    ),
    "an engine that cannot execute": ("register_engines", "class V: name = 'x'; execute = 5", "not an engine"),
    "a property that raises": (
        "register_views",
        "class V:\n    slug = 'x'\n    title = property(lambda self: exit(3))",
        "SystemExit: 3",
    ),
}


@pytest.mark.parametrize(("hook", "code", "told"), WRONG.values(), ids=WRONG)
def test_what_pages_and_alerts_are_made_of_is_checked(site, hook, code, told):
    site.install("bad", f"from cqs_core import hookimpl\n{code}\n@hookimpl\ndef {hook}(): return [V()]")
    host = site.load()
    assert host._by_name(hook) == {}
    assert told in state(host, "bad")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("currency = 'won'", "currency is 'won'"),
        ("zone = 'Asia/Soul'", "zone is 'Asia/Soul'"),
        ("zone = None", "zone is None"),
        ("day_start = '9 am'", "day_start is '9 am'"),
        ("fee = 5", "fee is 5"),
        ("fee = '1 %'", "fee is '1 %'"),
        ("kind = None", "kind is None"),
        ("title = 'a\\x1b[2J'", "title is 'a\\x1b[2J'"),
    ],
)
def test_what_a_log_format_says_of_itself_is_checked(site, body, told):
    code = f"""
        from cqs_core import LogFormat, hookimpl
        class Mine(LogFormat):
            name, currency = "mine", "EUR"
            {body}
        @hookimpl
        def register_log_formats(): return [Mine()]
    """
    site.install("bad", textwrap.dedent(code))
    host = site.load()
    assert host.log_formats() == {}
    assert told in state(host, "bad")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("quote = 'krw'", "quote is 'krw'"),
        ("quote = None", "quote is None"),
        ("intervals = '1d'", "intervals are '1d'"),
        ("intervals = ('1x',)", "intervals are ('1x',)"),
        ("id_form = 'X'", "id_form is 'X'"),
        ("history = -1", "history is -1"),
        ("title = 'a\\x1b[2J'", "title is 'a\\x1b[2J'"),
        ("page = None", "page is None"),
    ],
)
def test_what_an_exchange_tells_of_itself_is_checked(site, body, told):
    code = f"""
        from cqs_core import Exchange, hookimpl
        class E(Exchange):
            id = "x"
            {body}
        @hookimpl
        def register_exchanges(): return [E]
    """
    site.install("bad", textwrap.dedent(code))
    host = site.load()
    assert host.exchanges() == {}
    assert told in state(host, "bad")


class Engine:
    """Does what it is told."""

    name = "odd"

    def __init__(self, answer):
        self.answer = answer

    def execute(self, *_):
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (None, "engine 'odd' returned NoneType; execute\\(\\) must return an Execution"),
        (Execution(np.zeros(3), np.empty(0, Fill)), "equity of shape"),
        (Execution(None, None), "equity of shape"),
        (Execution(np.zeros(20), np.zeros(2)), "fills of dtype"),
        (SystemExit(3), "engine 'odd' failed: SystemExit: 3; fix its execute"),
        (KeyboardInterrupt("x"), "engine 'odd' failed: KeyboardInterrupt: x"),
    ],
)
def test_an_engine_that_executes_nothing_is_told(answer, told):
    with pytest.raises(UsageError, match=told):
        executed(Engine(answer), random_candles(rows=20), Orders(), Costs())


def test_an_engine_that_works_is_taken():
    done = Execution(np.zeros(20), np.empty(0, Fill))
    assert executed(Engine(done), random_candles(rows=20), Orders(), Costs()) is done


def test_a_step_of_the_demo_that_fails_is_told_and_the_tour_goes_on(installed, tmp_path):
    installed.install(
        "bad",
        """
        from cqs_core import DemoStep, hookimpl
        def leave(demo): raise SystemExit(9)
        @hookimpl
        def register_demo():
            return [DemoStep("bad", "Leaves", 1, leave), DemoStep("good", "[Works]", 2, lambda demo: "worked")]
        """,
    )
    (tmp_path / "demo").mkdir()
    others = "CQS_DISABLE"
    ran = cqs("demo", "--once", "--bucket", tmp_path / "demo", **{others: "data,backtest,monitor,panel"})
    assert "plugin bad failed: SystemExit: 9" in ran.stdout
    assert "[Works]" in ran.stdout
