"""Stylesheets come from this server, whichever of its processes the browser meets.

Panel points them at its CDN and mends that when it renders the HTML page. With several processes the websocket may be
answered by another one than rendered the page; that one rebuilds the document and never fixes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import panel as pn
from panel.io.resources import LOCAL_DIST, patch_model_css

if TYPE_CHECKING:
    from bokeh.document import Document


def keep_local(document: Document) -> None:
    """Let the document, and all that is added to it later, ask this server."""
    where = f"{pn.state.rel_path}/{LOCAL_DIST}" if pn.state.rel_path else LOCAL_DIST
    document.template_variables["dist_url"] = where
    for root in document.roots:
        patch_model_css(root, dist_url=where)
