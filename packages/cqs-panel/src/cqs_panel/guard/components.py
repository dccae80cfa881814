"""`/components/MODULE/CLASS/ATTRIBUTE/FILE`: Panel imports whatever module the address names, which runs its code."""

from __future__ import annotations

import sys
from typing import Any

from panel.io.server import ComponentResourceHandler
from tornado.web import HTTPError


def install() -> None:
    """Let it serve files of classes in modules that are loaded; anything else is 404, and nothing is imported."""
    resolve = ComponentResourceHandler.parse_url_path

    def parse_url_path(self: Any, path: str) -> str:
        name, _, rest = path.partition("/")
        module = sys.modules.get(name)
        # `vars`, not `getattr`: a module's own __getattr__ may import
        if module is None or not isinstance(vars(module).get(rest.partition("/")[0]), type):
            raise HTTPError(404)
        try:
            return str(resolve(self, path))
        except HTTPError:
            raise
        except Exception:  # noqa: BLE001 - a class that is not a component fails in its own way
            raise HTTPError(404) from None

    ComponentResourceHandler.parse_url_path = parse_url_path
