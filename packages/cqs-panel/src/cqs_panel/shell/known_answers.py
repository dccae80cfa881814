"""What Panel and Bokeh work out for each page or each part of it, and what is always the same: worked out once.

Together it was a sixth of the work of the server for a page, some of it before the browser had anything:

- The style sheets that components bring: Panel looks for the files of each class of components with each page.
- What the design says of a component depends on its class and the theme: Panel looks for the theme's file each time.
- The signature of Panel's own callbacks, of which each model has several. Those of others are checked as before.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from bokeh.util import callback_manager
from panel.io.resources import Resources
from panel.io.state import state
from panel.reactive import ReactiveCustomBase, ReactiveMetaBase, Syncable
from panel.util import _descendents
from panel_material_ui.theme import MaterialDesign

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

_MOST = 16  # sets of style sheets that are kept
_SHEETS: dict[Hashable, list[str]] = {}
_MODIFIERS: WeakKeyDictionary[type, dict[Hashable, tuple[dict[str, Any], dict[str, Any]]]] = WeakKeyDictionary()
_OF_PANEL = (Syncable._server_change, Syncable._comm_change)  # noqa: SLF001 - Panel has no setting for any of this
_find = Resources.extra_resources
_modify = MaterialDesign._get_modifiers.__func__  # noqa: SLF001
_check = callback_manager._check_callback  # noqa: SLF001


def _found(self: Resources, resources: list[str], kind: str) -> None:
    """Add the resources of this kind that components bring."""
    if kind != "_bundle_css":  # the others are attributes, quick to read
        _find(self, resources, kind)
        return
    key = (self.mode, state.rel_path, _components())
    if key not in _SHEETS:
        if len(_SHEETS) >= _MOST:
            _SHEETS.clear()
        own: list[str] = []
        _find(self, own, kind)
        _SHEETS[key] = own
    resources += [sheet for sheet in _SHEETS[key] if sheet not in resources]


def _components() -> int:
    """Other with each class that is defined, and each extension that is loaded."""
    asked = state._extensions  # noqa: SLF001
    kinds = frozenset(_descendents(ReactiveCustomBase, concrete=True))
    loaded = frozenset(ReactiveMetaBase._loaded_extensions)  # noqa: SLF001
    return hash((kinds, loaded, None if asked is None else frozenset(asked)))


def _modifiers(
    design: type[MaterialDesign], viewable: Any, theme: Any, isolated: bool | None = None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parameters that the design sets on a component, and on its children; the caller may change the first."""
    served = bool(state.curdoc and state.curdoc.session_context)
    key = (design, theme if isinstance(theme, type) else type(theme), isolated, served)
    known = _MODIFIERS.setdefault(type(viewable), {})
    if key not in known:
        known[key] = _modify(design, viewable, theme, isolated)
    own, of_children = known[key]
    return dict(own), of_children


def _checked(callback: Callable[..., Any], fargs: Sequence[str], what: str = "Callback functions") -> None:
    of = callback.func if isinstance(callback, partial) else None
    if getattr(of, "__func__", None) not in _OF_PANEL:
        _check(callback, fargs, what)


Resources.extra_resources = _found
MaterialDesign._get_modifiers = classmethod(_modifiers)  # noqa: SLF001
callback_manager._check_callback = _checked  # noqa: SLF001
