"""The plugin host: loads what is installed, one guard around each plugin, and merges what hooks return by name.

Entry points of the group `cqs` are loaded one by one. A plugin that fails at import, at registration or in a hook is a
`Problem`, shown by `cqs plugins`, and takes nothing else down.
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import Distribution, EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, TypeVar

import pluggy

from cqs_core import hookspecs
from cqs_core.errors import CqsError, UnknownName, UsageError
from cqs_core.kinds import named

if TYPE_CHECKING:
    from cqs_core.alerts import AlertChannel
    from cqs_core.demo import DemoStep
    from cqs_core.engine import Engine
    from cqs_core.exchange import Exchange
    from cqs_core.strategy import Strategy

GROUP = "cqs"
_T = TypeVar("_T")


@dataclass(frozen=True)
class Problem:
    """Something that a plugin did wrong.

    Attributes:
        plugin: its entry point's name.
        where: the hook, `import`, `version`, `name`, or the view.
        error: type and message, one line.
    """

    plugin: str
    where: str
    error: str


@dataclass
class Plugins:
    """What is installed. Use `plugins()`; a host of one's own is for tests."""

    problems: list[Problem] = field(default_factory=list)
    _found: dict[str, str] = field(default_factory=dict)
    _manager: pluggy.PluginManager = field(default_factory=lambda: pluggy.PluginManager(GROUP))
    _lock: Any = field(default_factory=threading.RLock)
    _merged: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._manager.add_hookspecs(hookspecs)

    def load(self, installed: Iterable[tuple[EntryPoint, Distribution]]) -> None:
        """Import and register entry points, each in its own guard: core first, then in the order of their names."""
        for entry, distribution in sorted(installed, key=lambda pair: (pair[1].name != "cqs-core", pair[0].name)):
            if entry.name in self._found:
                taken = f"{distribution.name!r} has a plugin of this name too; rename it"
                self._add(Problem(entry.name, "name", taken))
            else:
                self._found[entry.name] = distribution.version
                self._load(entry, distribution)

    def _load(self, entry: EntryPoint, distribution: Distribution) -> None:
        with self._guard(entry.name, "version"):
            refuse_unfit(distribution)
            with self._guard(entry.name, "import"):
                plugin = entry.load()
                with self._guard(entry.name, "registration"):
                    self.register(plugin, entry.name, distribution.version)

    def register(self, plugin: object, name: str, version: str = "") -> None:
        """Add one plugin.

        Raises:
            ValueError: the plugin or its name is there already.
            pluggy.PluginValidationError: it implements a hook that does not exist, or with arguments that it has not.
        """
        self._found[name] = version
        try:
            self._manager.register(plugin, name)
            self._manager.check_pending()
        except pluggy.PluginValidationError:
            self._manager.unregister(name=name)
            raise
        self._merged.clear()

    def report(self, plugin: str, where: str, error: BaseException) -> None:
        """Note a problem, once."""
        told = str(error) if isinstance(error, CqsError) else f"{type(error).__name__}: {error}"
        self._add(Problem(plugin, where, " ".join(told.split())))

    def exchanges(self) -> Mapping[str, type[Exchange]]:
        return self._by_name("register_exchanges")

    def exchange(self, name: str) -> type[Exchange]:
        """One exchange.

        Raises:
            UnknownName: none is called that.
        """
        return _pick("exchange", name, self.exchanges(), "install cqs-data")

    def strategies(self) -> Mapping[str, type[Strategy]]:
        return self._by_name("register_strategies")

    def strategy(self, name: str) -> type[Strategy]:
        """One strategy.

        Raises:
            UnknownName: none is called that.
        """
        return _pick("strategy", name, self.strategies(), "install cqs-backtest")

    def engines(self) -> Mapping[str, Engine]:
        return self._by_name("register_engines")

    def engine(self, name: str) -> Engine:
        """One engine.

        Raises:
            UnknownName: none is called that.
        """
        return _pick("engine", name, self.engines(), "install cqs-backtest")

    def channels(self) -> Mapping[str, AlertChannel]:
        return self._by_name("register_channels")

    def views(self) -> Mapping[str, Any]:
        return self._by_name("register_views")

    def cards(self) -> Mapping[str, Any]:
        return self._by_name("register_cards")

    def overlays(self) -> Mapping[str, Any]:
        return self._by_name("register_overlays")

    def demo_steps(self) -> list[DemoStep]:
        """In the order in which they run."""
        return sorted(self._by_name("register_demo").values(), key=lambda s: (s.order, s.name))

    def commands(self) -> Mapping[str, tuple[str, str]]:
        """`{name: ("module:attribute", "help")}`."""
        return self._by_name("register_commands")

    def owner(self, hook: str, name: str) -> str:
        """The plugin that gave `name` to `hook`; empty where unknown."""
        self._by_name(hook)
        return str(self._merged.get(f"{hook}.owner", {}).get(name, ""))

    def describe(self) -> list[dict[str, Any]]:
        """One row a plugin: name, version, hooks, and state `ok` or its first problem."""
        for collect in (self.exchanges, self.strategies, self.engines, self.channels, self.commands, self.demo_steps):
            collect()
        return [
            {"name": name, "version": version, "hooks": self._hooks_of(name), "state": self._state(name)}
            for name, version in sorted(self._found.items())
        ]

    def _hooks_of(self, name: str) -> list[str]:
        plugin = self._manager.get_plugin(name)
        callers = (self._manager.get_hookcallers(plugin) or []) if plugin else []
        return sorted(caller.name for caller in callers)

    def _state(self, name: str) -> str:
        mine = [p for p in self.problems if p.plugin == name]
        return f"{mine[0].where}: {mine[0].error}" if mine else "ok"

    def _add(self, problem: Problem) -> None:
        with self._lock:
            if problem not in self.problems:
                self.problems.append(problem)

    @contextlib.contextmanager
    def _guard(self, plugin: str, where: str) -> Iterator[None]:
        try:
            yield
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may fail in any way; it takes nothing down
            self.report(plugin, where, error)

    def _by_name(self, hook: str) -> dict[str, Any]:
        with self._lock:
            if hook not in self._merged:
                self._merge(hook)
            return self._merged[hook]

    def _merge(self, hook: str) -> None:
        merged: dict[str, Any] = {}
        owners: dict[str, str] = {}
        for implementation in getattr(self._manager.hook, hook).get_hookimpls():
            plugin = implementation.plugin_name
            with self._guard(plugin, hook):
                for name, item in named(hook, implementation.function()):
                    if name in merged and getattr(item, "generic", False):
                        continue
                    if name in merged and not getattr(merged[name], "generic", False):
                        taken = f"{hook} gives {name!r}, which {owners[name]!r} gave already; rename it"
                        self._add(Problem(plugin, "name", taken))
                    else:
                        merged[name], owners[name] = item, plugin
        self._merged[hook], self._merged[f"{hook}.owner"] = merged, owners


_loading = threading.RLock()  # a plugin may ask for the host while it is imported: it gets what is there so far
_hosts: list[Plugins] = []


def plugins() -> Plugins:
    """The host of this process, loaded on first use."""
    with _loading:
        if not _hosts:
            _hosts.append(Plugins())
            _hosts[0].load((entry, entry.dist) for entry in entry_points(group=GROUP) if entry.dist)
        return _hosts[0]


def _pick(kind: str, name: str, known: Mapping[str, _T], remedy: str) -> _T:
    if name not in known:
        raise UnknownName(kind, name, known, remedy="" if known else remedy)
    return known[name]


def refuse_unfit(distribution: Distribution) -> None:
    """Whether the distribution's declared range of cqs-core has room for this one, asked before it is imported.

    Raises:
        UsageError: it has not.
    """
    wanted = [line for line in distribution.requires or [] if re.match(r"cqs[-_.]core(?![-_.\w])", line, re.IGNORECASE)]
    if not wanted:
        return
    from importlib.metadata import version

    from packaging.requirements import Requirement

    have = version("cqs-core")
    for need in map(Requirement, wanted):
        asked = need.marker is None or need.marker.evaluate()
        if asked and not need.specifier.contains(have, prereleases=True):
            raise UsageError(f"needs cqs-core{need.specifier}, this is {have}; install versions that fit")
