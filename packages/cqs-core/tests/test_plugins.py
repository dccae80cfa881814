"""One guard around each plugin: whatever it does, the others live."""

from __future__ import annotations

import sys

import pytest

from cqs_core import PluginProblem, Plugins, UnknownName, hookimpl, plugins
from cqs_core.testing.site import Site

GOOD = """
from cqs_core import Strategy, hookimpl

class Calm(Strategy):
    id = "calm"
    title = "Calm"

@hookimpl
def register_strategies():
    return [Calm]

@hookimpl
def register_commands():
    return {"calm": ("calm.cli:command", "Stay calm.")}
"""


@pytest.fixture
def site(tmp_path, monkeypatch):
    site = Site(tmp_path / "site")
    monkeypatch.syspath_prepend(str(site.folder))
    before = set(sys.modules)
    yield site
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and str(site.folder) in sys.modules[name].__file__:
            del sys.modules[name]


def state(host: Plugins, plugin: str) -> str:
    return next(row["state"] for row in host.describe() if row["name"] == plugin)


def test_what_a_plugin_gives_is_found_by_name(site):
    site.install("calm", GOOD)
    host = site.load()
    assert list(host.strategies()) == ["calm"]
    assert host.strategy("calm").title == "Calm"
    assert host.commands() == {"calm": ("calm.cli:command", "Stay calm.")}
    assert host.owner("register_commands", "calm") == "calm"
    assert host.problems == []
    assert host.describe() == [
        {"name": "calm", "version": "1.2", "hooks": ["register_commands", "register_strategies"], "state": "ok"}
    ]


BROKEN = {
    "import": ("raise RuntimeError('no such day')", "import: RuntimeError: no such day"),
    "syntax": ("def oops(:", "import: SyntaxError: "),
    "leaves": ("import sys; sys.exit(3)", "import: SystemExit: 3"),
    "missing library": ("import nothing_of_that_name", "import: ModuleNotFoundError: No module named"),
    "unknown hook": (
        "from cqs_core import hookimpl\n@hookimpl\ndef register_strategy(): return []",
        "registration: PluginValidationError: unknown hook 'register_strategy'",
    ),
    "arguments": (
        "from cqs_core import hookimpl\n@hookimpl\ndef register_strategies(market): return []",
        "registration: PluginValidationError: Plugin",
    ),
    "hook": (
        "from cqs_core import hookimpl\n@hookimpl\ndef register_strategies(): return 1 / 0",
        "register_strategies: ZeroDivisionError: division by zero",
    ),
    "halfway": (
        "from cqs_core import hookimpl\n@hookimpl\ndef register_engines():\n    yield from ()\n    raise KeyError('x')",
        "register_engines: KeyError: 'x'",
    ),
    "exits in a hook": (
        "from cqs_core import hookimpl\n@hookimpl\ndef register_engines(): raise SystemExit",
        "register_engines: SystemExit:",
    ),
    "no list": (
        "from cqs_core import hookimpl\n@hookimpl\ndef register_strategies(): return 7",
        "register_strategies: it returned 7; return a list of classes",
    ),
    "one class": (
        "from cqs_core import Strategy, hookimpl\n@hookimpl\ndef register_strategies(): return Strategy",
        "register_strategies: it returned <class 'cqs_core.trading.strategy.Strategy'>; return a list of classes",
    ),
    "a text": (
        "from cqs_core import hookimpl\n@hookimpl\ndef register_engines(): return 'fast'",
        "register_engines: it returned 'fast'; return a list of objects",
    ),
    "a list of commands": (
        "from cqs_core import hookimpl\n@hookimpl\ndef register_commands(): return []",
        "register_commands: it returned []; return {name: (",
    ),
    "no hookimpl": ("def register_strategies(): return []", "no hooks: is @hookimpl missing?"),
    "no strategy": (
        "from cqs_core import hookimpl\n@hookimpl\ndef register_strategies(): return ['momentum']",
        "register_strategies: 'momentum' has no name; set its 'id'",
    ),
    "strategy of another kind": (
        "from cqs_core import hookimpl\nclass Fake: id = 'fake'\n@hookimpl\ndef register_strategies(): return [Fake]",
        "register_strategies: 'fake' is <class 'cqs_bad_bad.Fake'>, which is not a subclass of cqs_core.Strategy",
    ),
    "nameless": (
        "from cqs_core import Strategy, hookimpl\n@hookimpl\ndef register_strategies(): return [Strategy]",
        "register_strategies: <class 'cqs_core.trading.strategy.Strategy'> has no name; set its 'id'",
    ),
    "exchange as an object": (
        (
            "from cqs_core import Exchange, hookimpl\nclass X(Exchange): id = 'x'\n"
            "@hookimpl\ndef register_exchanges(): return [X()]"
        ),
        "register_exchanges: 'x' is <cqs_bad_bad.X object",
    ),
    "engine as a class": (
        (
            "from cqs_core import hookimpl\nclass E:\n    name = 'e'\n    def execute(self, *a): ...\n"
            "@hookimpl\ndef register_engines(): return [E]"
        ),
        "register_engines: 'e' is <class 'cqs_bad_bad.E'>, which is not an engine",
    ),
    "command as text": (
        "from cqs_core import hookimpl\n@hookimpl\ndef register_commands(): return {'bad': 'bad.cli:command'}",
        "register_commands: 'bad' is 'bad.cli:command', which is not a pair",
    ),
    "command without help": (
        "from cqs_core import hookimpl\n@hookimpl\ndef register_commands(): return {'bad': ('bad.cli:command', None)}",
        "register_commands: 'bad' is ('bad.cli:command', None), which is not a pair",
    ),
    "step of another kind": (
        "from cqs_core import hookimpl\nclass S: name = 's'\n@hookimpl\ndef register_demo(): return [S()]",
        "register_demo: 's' is <cqs_bad_bad.S object",
    ),
}


@pytest.mark.parametrize(("code", "told"), BROKEN.values(), ids=BROKEN)
def test_a_broken_plugin_is_reported_and_takes_nothing_else_down(site, code, told):
    site.install("bad", code)
    site.install("calm", GOOD)
    host = site.load()
    assert state(host, "bad").startswith(told)
    assert "\n" not in state(host, "bad")
    assert state(host, "calm") == "ok"
    assert (list(host.strategies()), list(host.commands())) == (["calm"], ["calm"])
    assert host.engines() == host.exchanges() == host.channels() == {}
    assert host.demo_steps() == []


def test_a_hook_may_give_nothing(site):
    site.install("shy", "from cqs_core import hookimpl\n@hookimpl\ndef register_views(): return None")
    host = site.load()
    assert host.views() == {}
    assert state(host, "shy") == "ok"


@pytest.mark.parametrize("hook", ["register_views", "register_cards", "register_overlays", "register_feeds"])
def test_a_page_that_waits_for_the_dashboard_is_not_a_problem(site, monkeypatch, hook):
    monkeypatch.setitem(sys.modules, "cqs_panel", None)
    code = f"\n@hookimpl\ndef {hook}():\n    from cqs_panel import View\n"
    site.install("calm", GOOD + code)
    site.install("torn", GOOD.replace("calm", "torn") + code.replace("cqs_panel", "cqs_pannel"))
    host = site.load()
    assert state(host, "calm") == "needs cqs-panel for its pages"
    assert state(host, "torn") == f"{hook}: ModuleNotFoundError: No module named 'cqs_pannel'"
    assert {problem.plugin for problem in host.problems} == {"torn"}
    assert set(host.strategies()) == {"calm", "torn"}


def test_a_taken_name_is_the_problem_of_who_takes_it(site):
    site.install("calm", GOOD)
    site.install("copycat", GOOD.replace("Stay calm.", "Stay calmer."))
    host = site.load()
    assert host.commands()["calm"][1] == "Stay calm."
    assert state(host, "calm") == "ok"
    assert state(host, "copycat") == "name: register_commands gives 'calm', which 'calm' gave already; rename it"


def test_nobody_takes_what_core_gives(site):
    site.install(
        "aaa", "from cqs_core import hookimpl\n@hookimpl\ndef register_commands(): return {'jobs': ('a:b', 'c')}"
    )
    site.install("core", GOOD.replace('"calm":', '"jobs":'), distribution="cqs-core")
    host = site.load()
    assert host.owner("register_commands", "jobs") == "core"
    assert state(host, "aaa").startswith("name: register_commands gives 'jobs', which 'core' gave already")


def test_two_distributions_with_a_plugin_of_one_name_are_told_apart(site):
    site.install("calm", GOOD, distribution="cqs-calm")
    site.install("calm", GOOD, distribution="other-calm")
    host = site.load()
    assert list(host.strategies()) == ["calm"]
    assert state(host, "calm") == "ok"
    assert state(host, "calm (other-calm)") == "name: plugin 'calm' is there already, of another package; rename it"


@pytest.mark.parametrize(
    ("requires", "told"),
    [
        ("cqs-core>=99", "needs cqs-core>=99, this is 0.1.0; install versions that fit"),
        ("cqs_core<0.1", "needs cqs-core<0.1"),
        ("numpy\ncqs.core==7", "needs cqs-core==7"),
        ("cqs-core=>1", "InvalidRequirement: "),
    ],
)
def test_an_unfit_plugin_is_refused_before_it_is_imported(site, requires, told):
    site.install("old", "raise SystemExit('imported')", requires=requires)
    site.install("calm", GOOD)
    host = site.load()
    assert state(host, "old").startswith(f"version: {told}")
    assert "cqs_old_old" not in sys.modules
    assert state(host, "calm") == "ok"


@pytest.mark.parametrize(
    "requires",
    [
        "",
        "cqs-core",
        "cqs-core<1,>=0.0.1",
        "cqs-core-extras>=9",
        "cqs-core>=9; extra == 'x'",
        "cqs-core>=9; python_version < '3'",
    ],
)
def test_a_range_that_has_room_is_accepted(site, requires):
    site.install("calm", GOOD, requires=requires)
    assert state(site.load(), "calm") == "ok"


def test_an_unknown_name_offers_the_nearest(site):
    site.install("calm", GOOD)
    host = site.load()
    with pytest.raises(UnknownName, match="unknown strategy 'clam'; did you mean 'calm'"):
        host.strategy("clam")
    with pytest.raises(UnknownName, match="unknown engine 'fast'; install cqs-backtest"):
        host.engine("fast")
    with pytest.raises(UnknownName, match="unknown exchange 'upbit'; install cqs-data"):
        host.exchange("upbit")


def test_a_problem_is_reported_once():
    host = Plugins()
    for _ in range(3):
        host.report("mine", "view", ValueError("two\nlines"))
    assert host.problems == [PluginProblem("mine", "view", "ValueError: two lines")]


def test_problems_that_differ_each_time_are_counted_and_hide_no_other_plugin():
    told = []
    host = Plugins(on_problem=told.append)
    for number in range(60):
        host.report("noisy", "view", ValueError(f"at {number}"))
        host.report("noisy", "view", ValueError("at 0"))
    host.report("mine", "view", ValueError("a fault of its own"))
    assert [one.plugin for one in host.problems] == ["noisy"] * 50 + ["mine"]
    assert host.unlisted == {"noisy": 10}
    assert [one.error for one in told[49:]] == [
        "ValueError: at 49",
        "ValueError: at 50 (further problems of this plugin are only counted)",
        "ValueError: a fault of its own",
    ]


def test_a_plugin_that_comes_later_is_seen():
    class Late:
        @hookimpl
        def register_commands(self):
            return {"late": ("late:command", "Better late.")}

    host = Plugins()
    assert host.commands() == {}
    host.register(Late(), "late")
    assert list(host.commands()) == ["late"]
    with pytest.raises(ValueError, match="late"):
        host.register(Late(), "late")


def test_a_plugin_may_ask_for_the_host_while_it_is_imported(site):
    site.install("curious", "from cqs_core import plugins\nplugins().commands()\n" + GOOD)
    assert state(site.load(), "curious") == "ok"


def test_the_host_of_the_process_has_core():
    assert plugins() is plugins()
    assert {"plugins", "jobs", "demo"} <= set(plugins().commands())
    assert state(plugins(), "core") == "ok"
