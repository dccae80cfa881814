"""The plugin host: loads installed plugins, each isolated, and merges what hooks return by name.

Entry points of the group `cqs` are loaded one by one. A plugin that fails at import, at registration or in a hook is a
`PluginProblem`, shown by `cqs plugins`, and takes nothing else down.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections import Counter
from dataclasses import dataclass, field, replace
from importlib.metadata import Distribution, EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, TypeVar

import pluggy

from cqs_core.errors import DataError
from cqs_core.files.plaintext import masked
from cqs_core.host import hookspecs
from cqs_core.host.disabled import disabled, plugin_limit
from cqs_core.host.distributions import is_own, load_order, refuse_unfit
from cqs_core.host.hook_results import Merged, answers
from cqs_core.host.item_checks import HOOKS
from cqs_core.host.plugin_calls import call_watched
from cqs_core.host.plugin_items import PluginItems
from cqs_core.host.plugin_problem import NEEDS_DASHBOARD, PluginProblem, lacks_dashboard, tell, traceback_of
from cqs_core.isolation import fact_of, foreign, watched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

GROUP = "cqs"
MOST_PROBLEMS = 50
"""Problems that are kept of a plugin; its others are counted, so that messages with a time in them fill no memory."""
_T = TypeVar("_T")


@dataclass
class Plugins(PluginItems):
    """The installed plugins. Use `plugins()`; create a host of your own only in tests.

    Attributes:
        problems: what plugins did wrong, in the order in which it was found; `MOST_PROBLEMS` of each.
        unlisted: how many times more a plugin failed in other ways, by its name.
        slow: seconds after which a plugin that loads, or answers a hook, is named on stderr.
        limit: seconds after which it is given up, and left out from then on.
        on_problem: called with each new problem, in the thread that found it.
    """

    problems: list[PluginProblem] = field(default_factory=list)
    unlisted: Counter[str] = field(default_factory=Counter)
    slow: float = 3.0
    limit: float = 20.0
    on_problem: Callable[[PluginProblem], None] = lambda _: None
    _found: dict[str, str] = field(default_factory=dict)
    _own: set[str] = field(default_factory=set)
    _off: dict[str, str] = field(default_factory=dict)
    _given_up: set[str] = field(default_factory=set)
    _undisplayed: set[str] = field(default_factory=set)
    _manager: pluggy.PluginManager = field(default_factory=lambda: pluggy.PluginManager(GROUP))
    _lock: Any = field(default_factory=threading.RLock)
    _merged: dict[str, Merged] = field(default_factory=dict)
    _merging: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._manager.add_hookspecs(hookspecs)

    def load(
        self, installed: Iterable[tuple[EntryPoint, Distribution]], disabled: Mapping[str, str] | None = None
    ) -> None:
        """Import and register entry points, each in its own guard: core, our other packages, then all others by name.

        Args:
            installed: what there is.
            disabled: why a plugin is left out, by its name; nothing of it is imported.
        """
        for entry, distribution in sorted(installed, key=load_order):
            if entry.name in self._found:
                name = f"{entry.name} ({distribution.name})"
                self._found[name] = distribution.version
                taken = f"plugin {entry.name!r} is there already, of another package; rename it"
                self._add(PluginProblem(name, "name", taken))
            elif disabled and entry.name in disabled:
                self._found[entry.name], self._off[entry.name] = distribution.version, disabled[entry.name]
            else:
                self._found[entry.name] = distribution.version
                self._load(entry, distribution)

    def _load(self, entry: EntryPoint, distribution: Distribution) -> None:
        if is_own(distribution):
            self._own.add(entry.name)
        with self._guard(entry.name, "version"):
            refuse_unfit(distribution)
            with self._guard(entry.name, "import"):
                plugin = self._called(entry.name, "import", entry.load)
                with self._guard(entry.name, "registration"):
                    self.register(plugin, entry.name, distribution.version)
                    if not self._hooks_of(entry.name):
                        self._add(PluginProblem(entry.name, "no hooks", "is @hookimpl missing?"))

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
        self._add(PluginProblem(plugin, where, masked(fact_of(error)), traceback_of(error)))

    def owner(self, hook: str, name: str) -> str:
        """The plugin that gave `name` to `hook`; empty where unknown."""
        self._by_name(hook)
        return self._merged.get(hook, Merged()).owners.get(name, "")

    def is_own(self, plugin: str) -> bool:
        """Whether a plugin belongs to one of our packages, which are trusted to come back."""
        return plugin in self._own

    def describe(self) -> list[dict[str, Any]]:
        """One row a plugin: name, version, hooks, and state.

        The state is `ok`, why the plugin is disabled, its first problem, or that its pages need cqs-panel, which is no
        problem.
        """
        for hook in HOOKS:
            self._by_name(hook)
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
        well = NEEDS_DASHBOARD if name in self._undisplayed else "ok"
        return self._off.get(name) or (f"{mine[0].where}: {mine[0].error}" if mine else well)

    def _add(self, problem: PluginProblem) -> None:
        with self._lock if not watched() else contextlib.nullcontext():
            if problem in self.problems:
                return
            if sum(one.plugin == problem.plugin for one in self.problems) < MOST_PROBLEMS:
                self.problems.append(problem)
            else:
                self.unlisted[problem.plugin] += 1
                if self.unlisted[problem.plugin] > 1:
                    return
                problem = replace(problem, error=f"{problem.error} (further problems of this plugin are only counted)")
        self.on_problem(problem)

    @contextlib.contextmanager
    def _guard(self, plugin: str, where: str) -> Iterator[None]:
        try:
            with foreign():
                yield
        except Exception as error:  # noqa: BLE001 - a plugin may fail in any way; it takes nothing down
            if lacks_dashboard(where, error):
                self._undisplayed.add(plugin)
            else:
                self.report(plugin, where, error)

    def _called(self, plugin: str, where: str, call: Callable[[], _T]) -> _T:
        """The plugin's result. Plugins of others run in a thread, which is abandoned if it does not end.

        Raises:
            TimedOut: it did not come back, now or earlier.
        """
        if plugin in self._own or watched():  # inside a plugin that asks for others, its own thread is watched
            return call()
        return call_watched(plugin, where, call, self.slow, self.limit, self._given_up)

    def _by_name(self, hook: str) -> dict[str, Any]:
        # A plugin's hook may ask for another hook, in its own thread, while the caller waits for it with the lock.
        with self._lock if not watched() else contextlib.nullcontext():
            if hook not in self._merged and hook not in self._merging:
                self._merging.add(hook)
                try:
                    self._merge(hook)
                finally:
                    self._merging.discard(hook)
            return self._merged.get(hook, Merged()).items

    def _merge(self, hook: str) -> None:
        merged = Merged()
        ranks = {name: rank for rank, name in enumerate(self._found)}
        found = getattr(self._manager.hook, hook).get_hookimpls()
        for implementation in sorted(found, key=lambda one: ranks.get(one.plugin_name, len(ranks))):
            plugin = implementation.plugin_name
            with self._guard(plugin, hook):
                for given in self._called(plugin, hook, functools.partial(answers, hook, implementation.function)):
                    self._take(hook, plugin, given, merged)
        self._merged[hook] = merged

    def _take(self, hook: str, plugin: str, given: tuple[str, Any] | DataError, merged: Merged) -> None:
        if isinstance(given, DataError):
            self.report(plugin, hook, given)
        elif taken := merged.take(*given, plugin):
            fact = f"{hook} gives {given[0]!r}, which {taken!r} gave already; rename it"
            self._add(PluginProblem(plugin, "name", fact))


_loading = threading.RLock()
_hosts: list[Plugins] = []


def plugins() -> Plugins:
    """The host of this process, loaded on first use.

    Raises:
        UsageError: `CQS_PLUGIN_LIMIT` is not a number of seconds.
    """
    if _hosts and watched():  # a plugin asks during its import: it gets the plugins loaded so far
        return _hosts[0]
    with _loading:
        if not _hosts:
            host = Plugins(limit=plugin_limit())
            off = disabled()
            found = [(entry, entry.dist) for entry in entry_points(group=GROUP) if entry.dist]
            _hosts.append(host)
            for name in off.keys() - {entry.name for entry, _ in found}:
                tell(f"{name!r} is disabled, but no plugin is called that; `cqs plugins` lists them")
            host.load(found, off)
        return _hosts[0]
