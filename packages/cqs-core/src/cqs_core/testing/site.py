"""Plugins as users install them: a module and the metadata of its distribution, in a folder on the path."""

from __future__ import annotations

import textwrap
from importlib.metadata import Distribution
from typing import TYPE_CHECKING

from cqs_core.host.plugin_registry import GROUP, Plugins

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Site:
    """A folder of installed distributions; on `PYTHONPATH` or `sys.path` it is as if they were installed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)

    def install(self, plugin: str, code: str, *, distribution: str = "", requires: str = "cqs-core>=0.1") -> None:
        """A distribution with one module, which is one plugin.

        Args:
            plugin: its name.
            code: of the module; it is dedented.
            distribution: `cqs-{plugin}` where empty.
            requires: requirements of the distribution, one a line.
        """
        distribution = distribution or f"cqs-{plugin}"
        module = f"{distribution.replace('-', '_')}_{plugin.replace('-', '_')}"
        (self.folder / f"{module}.py").write_text(textwrap.dedent(code))
        about = self.folder / f"{distribution.replace('-', '_')}-1.2.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n"
            + "".join(f"Requires-Dist: {line}\n" for line in requires.splitlines())
        )
        (about / "entry_points.txt").write_text(f"[{GROUP}]\n{plugin} = {module}\n")

    def load(self, slow: float = 3.0, limit: float = 20.0, disabled: Mapping[str, str] | None = None) -> Plugins:
        """A host with only the plugins installed here; see `cqs_core.host.plugin_registry.Plugins`."""
        host = Plugins(slow=slow, limit=limit)
        found = Distribution.discover(path=[str(self.folder)])
        host.load([(entry, dist) for dist in found for entry in dist.entry_points if entry.group == GROUP], disabled)
        return host
